package enricherwasm

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/failure-enrichers/enricher"
)

// maxFile is the largest file that is accepted.
const maxFile = 32 << 20

// A file is the factory of the enrichers of one file.
type file struct {
	dir  *Dir
	path string

	mu       sync.Mutex
	location enricher.Location // of the latest enricher
}

var _ enricher.Locator = (*file)(nil)

// CreateFailureEnricher reads the file and starts the first instances.
func (f *file) CreateFailureEnricher(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	g, own, err := split(conf)
	if err != nil {
		return nil, err
	}
	if !f.dir.calls.TryRLock() {
		return nil, f.explain(conf.Name(), errClosed)
	}
	defer f.dir.calls.RUnlock()
	c, sum, err := f.load(g)
	if err != nil {
		return nil, f.explain(conf.Name(), err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), f.dir.options.StartTimeout)
	defer cancel()
	p, err := newPlugin(ctx, conf.Name(), f.dir, c, g, own, newLineLogger(conf.Logger()))
	if err != nil {
		return nil, f.explain(conf.Name(), err)
	}
	f.mu.Lock()
	f.location = enricher.Location{Type: "WebAssembly", Module: p.answer.Name, Version: p.answer.Version, File: f.path, Sum: sum}
	f.mu.Unlock()
	if p.answer.InputKeys != nil {
		return &reader{p}, nil
	}
	return p, nil
}

// Location returns the file, with its SHA-256, and the module and version that the
// plugin reports.
func (f *file) Location() enricher.Location {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.location
}

// explain adds the file to an error: behind what is wrong with an option, because the
// first word of that is masked if the option is named like a secret.
func (f *file) explain(name string, err error) error {
	if ce, ok := errors.AsType[*enricher.ConfigError](err); ok {
		return &enricher.ConfigError{Enricher: cmp.Or(ce.Enricher, name), Option: ce.Option, Err: fmt.Errorf("%w (plugin %s)", ce.Err, f.path)}
	}
	return fmt.Errorf("%s: %w", f.path, err)
}

// load reads, checks and compiles the file, and returns its SHA-256 too.
func (f *file) load(g grant) (*code, string, error) {
	data, err := read(f.path)
	if err != nil {
		return nil, "", err
	}
	hash := sha256.Sum256(data)
	sum := hex.EncodeToString(hash[:])
	if g.SHA256 != "" && g.SHA256 != sum {
		return nil, "", &enricher.ConfigError{
			Option: optionName + ".sha256",
			Err:    fmt.Errorf("the SHA-256 of the file is %s, and only %s is accepted", sum, g.SHA256),
		}
	}
	c, err := f.dir.compile(data, sum, g.pages())
	return c, sum, err
}

// headerSize is the length of the magic number and the version.
const headerSize = 8

// read returns the content of a file, if it may be a plugin.
func read(path string) ([]byte, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case !info.Mode().IsRegular():
		return nil, errors.New("it is not a regular file")
	case info.Size() > maxFile:
		return nil, fmt.Errorf("it has more than %d MiB, which is the largest size that is accepted", maxFile>>20)
	}
	data, err := os.ReadFile(path)
	switch {
	case err != nil:
		return nil, err
	case len(data) < headerSize || !bytes.HasPrefix(data, []byte("\x00asm")):
		return nil, errors.New("it is not a WebAssembly file: it does not begin with the bytes 00 61 73 6d and a version")
	case !bytes.HasPrefix(data[4:], []byte{1, 0, 0, 0}):
		return nil, errors.New("it is not a WebAssembly module of version 1: components and other versions are not supported")
	}
	return data, nil
}

// A code is a compiled file, in a runtime whose plugins have the same limit of memory.
type code struct {
	runtime  wazero.Runtime
	compiled wazero.CompiledModule
}

// check returns an error for a module that is no plugin.
func (c *code) check() error {
	exports := c.compiled.ExportedFunctions()
	var errs []error
	for _, f := range c.compiled.ImportedFunctions() {
		module, name, _ := f.Import()
		host := c.runtime.Module(module)
		if host == nil || host.ExportedFunctionDefinitions()[name] == nil {
			errs = append(errs, fmt.Errorf("it imports the function %s.%s, which plugins do not have: they have those of wasi_snapshot_preview1, and %s.log", module, name, abi))
		}
	}
	if len(c.compiled.ImportedMemories()) > 0 {
		errs = append(errs, errors.New("it imports a memory: a plugin must have its own"))
	} else if c.compiled.ExportedMemories()["memory"] == nil {
		errs = append(errs, errors.New(`it does not export its memory as "memory"`))
	}
	const i32, i64 = api.ValueTypeI32, api.ValueTypeI64
	for _, want := range []struct {
		name           string
		params, result []api.ValueType
		form           string
	}{
		{allocName, []api.ValueType{i32}, []api.ValueType{i32}, "(i32) i32"},
		{createName, []api.ValueType{i32, i32}, []api.ValueType{i64}, "(i32, i32) i64"},
		{processName, []api.ValueType{i32, i32}, []api.ValueType{i64}, "(i32, i32) i64"},
	} {
		switch f := exports[want.name]; {
		case f == nil:
			errs = append(errs, fmt.Errorf("it does not export the function %s%s", want.name, otherVersion(exports)))
		case !slices.Equal(f.ParamTypes(), want.params) || !slices.Equal(f.ResultTypes(), want.result):
			errs = append(errs, fmt.Errorf("its function %s must have the type %s", want.name, want.form))
		}
	}
	if exports["_start"] != nil && exports["_initialize"] == nil {
		errs = append(errs, errors.New("it is a program, and must be a library: with Go, build it with -buildmode=c-shared"))
	}
	return errors.Join(errs...)
}

// otherVersion returns a hint if the exports are those of another version.
func otherVersion(exports map[string]api.FunctionDefinition) string {
	for _, name := range slices.Sorted(maps.Keys(exports)) {
		if strings.HasPrefix(name, "enricher_v") && !strings.HasPrefix(name, abi+"_") {
			return fmt.Sprintf(": it exports %s, and only version 1 of the interface is supported", name)
		}
	}
	return ""
}
