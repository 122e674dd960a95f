package enricherwasm

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"
	"github.com/tetratelabs/wazero/imports/wasi_snapshot_preview1"
	"github.com/tetratelabs/wazero/sys"
)

// The functions that a plugin exports, and the module that it may import.
const (
	abi         = "enricher_v1"
	allocName   = "enricher_v1_alloc"
	createName  = "enricher_v1_create"
	processName = "enricher_v1_process"
)

// maxAnswer is the number of bytes that are read of an answer.
const maxAnswer = 1 << 20

// An instance is a module with a memory of its own. One goroutine at a time uses it.
type instance struct {
	module                 api.Module
	alloc, create, process api.Function
	printed                output
	log                    *lineLogger
	ctx                    context.Context // of the call under way
	born                   uint32          // the size of its memory after the start
}

// instantiate makes an instance that has not been configured.
func instantiate(ctx context.Context, c *code, log *lineLogger, name string, env map[string]string) (*instance, error) {
	in := &instance{log: log}
	config := wazero.NewModuleConfig().WithName("").WithStartFunctions("_initialize").WithArgs(name).
		WithStdout(in).WithStderr(in).WithRandSource(rand.Reader).
		WithSysWalltime().WithSysNanotime().WithNanosleep(in.sleep)
	for name, value := range env {
		config = config.WithEnv(name, value)
	}
	err := in.within(ctx, func(ctx context.Context) (err error) {
		in.module, err = c.runtime.InstantiateModule(ctx, c.compiled, config)
		if err == nil && in.module.IsClosed() {
			err = sys.NewExitError(0)
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	in.alloc, in.create, in.process = in.module.ExportedFunction(allocName), in.module.ExportedFunction(createName), in.module.ExportedFunction(processName)
	return in, nil
}

// ask passes a request to one of the two functions and decodes the answer. If the
// error is not nil, the instance must not be used again.
func (in *instance) ask(ctx context.Context, function api.Function, request []byte, answer any) error {
	return in.within(ctx, func(ctx context.Context) error {
		res, err := in.alloc.Call(ctx, uint64(len(request)))
		if err != nil {
			return err
		}
		at := uint32(res[0])
		if !in.module.Memory().Write(at, request) {
			return badAnswer("%s(%d) returned the address %d, which is not in the memory of %d bytes", allocName, len(request), at, in.size())
		}
		if res, err = function.Call(ctx, uint64(at), uint64(len(request))); err != nil {
			return err
		}
		at, n := uint32(res[0]>>32), uint32(res[0])
		if n > maxAnswer {
			return badAnswer("the answer has %d bytes, and at most %d are read", n, maxAnswer)
		}
		data, ok := in.module.Memory().Read(at, n)
		if !ok {
			return badAnswer("the answer, %d bytes at the address %d, is not in the memory of %d bytes", n, at, in.size())
		}
		if err := json.Unmarshal(data, answer); err != nil {
			return badAnswer("the answer is not the JSON that is expected: %v", err)
		}
		return nil
	})
}

func (in *instance) size() uint32 { return in.module.Memory().Size() }

// A fault is why an instance must not be used again.
type fault struct {
	kind faultKind
	text string
	err  error // of the ended context
}

type faultKind int

const (
	ended     faultKind = iota // with the context of its call
	crashed                    // a trap or an exit
	malformed                  // an answer that no plugin should give
	kinds
)

func (f *fault) Error() string { return f.text }

func (f *fault) Unwrap() error { return f.err }

func badAnswer(format string, args ...any) error {
	return &fault{kind: malformed, text: fmt.Sprintf(format, args...)}
}

type instanceKey struct{}

// within runs a call of the instance. The error is a *fault.
func (in *instance) within(ctx context.Context, call func(context.Context) error) error {
	in.ctx = ctx
	in.printed = output{}
	err := call(context.WithValue(ctx, instanceKey{}, in))
	in.ctx = nil
	exit, exited := errors.AsType[*sys.ExitError](err)
	_, bad := errors.AsType[*fault](err)
	switch {
	case ctx.Err() != nil:
		// Even without an error: the instance may be about to be closed.
		return &fault{ended, fmt.Sprintf("the plugin was ended with its call: %v%s", ctx.Err(), in.printed.quoted()), ctx.Err()}
	case err == nil || bad:
		return err
	case exited:
		return &fault{kind: crashed, text: fmt.Sprintf("the plugin exited with status %d%s", exit.ExitCode(), in.printed.quoted())}
	}
	text := err.Error()
	if printed := in.printed.quoted(); printed != "" {
		reason, _, _ := strings.Cut(text, "\n") // before the stack, which says less
		text = reason + printed
	}
	return &fault{kind: crashed, text: "the plugin was trapped: " + text}
}

// close frees what the instance has. It may be closed already.
func (in *instance) close() { _ = in.module.Close(context.Background()) }

// sleep waits as the plugin asks. That of the engine cannot be interrupted.
func (in *instance) sleep(ns int64) {
	t := time.NewTimer(time.Duration(ns))
	defer t.Stop()
	select {
	case <-t.C:
	case <-in.ctx.Done():
	}
}

// Write takes what the plugin prints. It fails once the call has ended: a plugin can
// ask for very many writes in one call of the system.
func (in *instance) Write(p []byte) (int, error) {
	if err := in.ctx.Err(); err != nil {
		return 0, err
	}
	in.printed.add(p)
	return len(p), nil
}

// An output is what a plugin has printed during a call: its first and last 2 KiB. A
// panic of Go begins with its reason, and other languages end with it.
type output struct {
	first, last []byte
	left        int // bytes that are in neither
}

const halfOutput = 2 << 10

func (o *output) add(p []byte) {
	n := min(len(p), halfOutput-len(o.first))
	o.first, p = append(o.first, p[:n]...), p[n:]
	if n := len(p) - halfOutput; n > 0 {
		o.left += n
		p = p[n:]
	}
	o.last = append(o.last, p...)
	if n := len(o.last) - halfOutput; n > 0 {
		o.left += n
		o.last = o.last[:copy(o.last, o.last[n:])]
	}
}

// quoted returns what was printed for the text of an error.
func (o *output) quoted() string {
	text := string(o.first)
	if o.left > 0 {
		text += fmt.Sprintf("\n… %d bytes …\n", o.left)
	}
	text += string(o.last)
	if text == "" {
		return ""
	}
	return "; it printed: " + text
}

// newRuntime returns an engine for plugins of at most this much memory.
func newRuntime(ctx context.Context, cache wazero.CompilationCache, pages uint32) (wazero.Runtime, error) {
	config := wazero.NewRuntimeConfig().WithCoreFeatures(api.CoreFeaturesV2).WithCloseOnContextDone(true).
		WithMemoryLimitPages(pages).WithDebugInfoEnabled(false).WithCompilationCache(cache)
	runtime := wazero.NewRuntimeWithConfig(ctx, config)
	if _, err := wasi_snapshot_preview1.Instantiate(ctx, runtime); err != nil {
		return nil, err
	}
	_, err := runtime.NewHostModuleBuilder(abi).NewFunctionBuilder().WithFunc(logLine).Export("log").Instantiate(ctx)
	return runtime, err
}
