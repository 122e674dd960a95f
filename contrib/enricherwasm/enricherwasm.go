// Package enricherwasm loads failure enrichers from a folder of WebAssembly files:
// enrichers that are not compiled into the service.
//
//	plugins, err := enricherwasm.Open("plugins", enricherwasm.Options{})
//	if err != nil {
//		return err
//	}
//	defer plugins.Close() // after Shutdown of the Enrichers
//	err = plugins.Register(enricher.DefaultRegistry())
//
// The file plugins/acme.wasm is then the enricher acme, which is configured like any
// other: by its name, or by a name with an instance such as acme/payments. Symbolic links
// are followed, and names that begin with a dot are skipped, so that a ConfigMap of
// Kubernetes can be the folder. Only the files of configured enrichers are read. A new
// file needs a new Open, usually a restart; the service itself stays unchanged. The log
// line "Found failure enricher" names the file, its SHA-256, and the module and version
// that the plugin reports.
//
// # Writing a plugin
//
// In Go, a plugin is an ordinary factory and one line, see
// [github.com/failure-enrichers/enricher/wire/guest]. In other languages, it exports three
// functions and its memory:
//
//	enricher_v1_alloc(n i32) i32           // the address of n bytes for the next request
//	enricher_v1_create(ptr, n i32) i64     // {"v":1,"name":"acme","options":{…}}
//	enricher_v1_process(ptr, n i32) i64    // a failure, as package wire writes it
//
// The result is the address of the answer times 2^32 plus its length. It must stay valid
// until the next call. The answers are in JSON. Their fields are optional, except v, and
// outputKeys if there is no error: it is [] if the plugin sets no labels. Any other field
// is an error that names it:
//
//	{"v":1,"name":"example.com/acme","version":"v1.2.3","outputKeys":["team"],
//	 "inputKeys":["type"],"inputValues":{"type":["USER"]},
//	 "labels":[{"key":"team","doc":"Who is called.","values":["web","data"]}],
//	 "error":{"option":"team","text":"must not be empty"}}
//	{"labels":{"team":"web"},"error":{"text":"no connection"}}
//
// inputKeys makes the plugin an [enricher.LabelReader], also if it is empty. A plugin must
// ignore fields of a request that it does not know. It may import
// enricher_v1.log(level, ptr, n i32), which writes a line with slog's levels to the logger
// of the enricher, and the functions of wasi_snapshot_preview1. A function _initialize is
// called first. The folder examples/plugin has a plugin in Go and one in AssemblyScript.
//
// A plugin has several instances, each with its own memory: what an enricher remembers
// between failures, it remembers in one of them, and what its factory logs appears once
// for each instance that is started. Close of an enricher is not called.
//
// # What a plugin may do
//
// It has no files, no network, no processes and no environment. The option plugin of its
// enricher grants:
//
//	sha256: 9f86d0…   # reject any other file. By default, any is accepted.
//	memory: 64MiB     # of each instance. By default, 64MiB.
//	instances: 2      # failures that it works on at once. By default, GOMAXPROCS.
//	env: [ACME_TEAM]  # variables of the process that it may read. One that is not set
//	                  # is an error. By default, none.
//
// All other options are the plugin's own.
//
// A plugin that is under way when its time is up is ended, whatever it does: its memory
// is freed, and the next failure gets a new instance.
//
//	a plugin that …                              the outcome is …
//	loops, recurses, sleeps, waits               enricher.StatusTimedOut
//	is trapped, exits, panics, runs out of
//	memory or stack                              enricher.StatusPanicked, with the first and last
//	                                             2 KiB that it printed during the call
//	answers what cannot be read                  enricher.StatusFailed
//	answers with an error                        enricher.StatusFailed
//	sets labels that it may not set              as for any enricher: they are dropped
//
// After each of the first three, the instance is not used again, nor is one whose memory
// has grown above three quarters of what is granted. Log lines are limited to 10 a second;
// the next line, or one at the end of the enricher, has the number that was suppressed.
// What [enricher.Stats] counts for a plugin: instances "started", "ended" with their calls,
// "crashed", "malformed".
//
// A file is rejected, with the reason, if it is larger than 32 MiB, is no module of version
// 1, imports what there is not, has not the three functions, needs more memory at its start
// than is granted, answers in another version or without outputKeys, has other keys in
// another instance, or has not the SHA-256 that is granted. [Dir.Register]
// rejects a name that is taken.
//
// # Limits
//
// The sandbox guards against faults in plugins. It does not guard against a file that was
// made to stop the process: compiling a file cannot be interrupted, and takes memory that
// is not limited; one instruction can fill the memory that is granted, and is not
// interrupted; the engine may have faults of its own. Install only files from people you
// trust, and grant their sha256.
//
// A failure costs 0.1 to 1.5 ms, where a compiled-in enricher takes microseconds. A plugin
// in Go takes seconds to compile at the start, about 40 ms to start again after it was
// ended, and 10 MiB of memory for each instance. A small one in another language takes
// milliseconds and kilobytes. [Options.CacheDir] saves most of the compilation, and
// docs/performance.md has figures. On processors other than amd64 and arm64, plugins are
// interpreted, which takes much longer.
package enricherwasm

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/tetratelabs/wazero"

	"github.com/failure-enrichers/enricher"
)

// Options are the options of [Open] and [Load].
type Options struct {
	// CacheDir is a folder for compiled code, so that the next start is quicker. It is
	// created with the permissions 0700. Its files are run without verification: it
	// must belong to the user of the process, and no other may write or read it, or
	// there is an error. By default, nothing is kept.
	CacheDir string

	// StartTimeout is how long the start of an enricher may take, without the
	// compilation of its file. By default, 10s.
	StartTimeout time.Duration
}

// A Dir is an opened folder of plugins. Its methods may be called concurrently.
type Dir struct {
	options Options
	files   []*file

	mu       sync.Mutex
	cache    wazero.CompilationCache
	runtimes map[uint32]wazero.Runtime // by pages of memory
	codes    map[codeKey]*code

	// calls is held for reading during each call of a plugin. Close locks it for good.
	calls sync.RWMutex
	close func() error
}

type codeKey struct {
	sum   string
	pages uint32
}

// Open lists the files NAME.wasm in a folder. It does not read them.
func Open(folder string, o Options) (*Dir, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, fmt.Errorf("enricherwasm: %w", err)
	}
	d, err := newDir(o)
	if err != nil {
		return nil, err
	}
	for _, entry := range entries {
		if name := entry.Name(); strings.HasSuffix(name, extension) && !strings.HasPrefix(name, ".") {
			d.files = append(d.files, &file{dir: d, path: filepath.Join(folder, name)})
		}
	}
	return d, nil
}

const extension = ".wasm"

// Register registers each file under its name without .wasm. The error names all files
// that could not be registered, because their name is malformed or taken. The others
// are registered.
func (d *Dir) Register(r *enricher.Registry) error {
	var errs []error
	for _, f := range d.files {
		if err := r.Register(strings.TrimSuffix(filepath.Base(f.path), extension), f); err != nil {
			errs = append(errs, fmt.Errorf("enricherwasm: %s: %w", f.path, err))
		}
	}
	return errors.Join(errs...)
}

// Close waits for the calls under way, each of which ends with its ctx, and frees what
// the plugins have. Later calls return an error. Close is meant to be called after
// [enricher.Enricher.Shutdown] of all Enrichers with these plugins.
func (d *Dir) Close() error { return d.close() }

// Load returns the factory of one file, for example for enrichertest.Run. It is an
// enricher.Locator and an io.Closer, whose Close is like [Dir.Close].
func Load(path string, o Options) (enricher.Factory, error) {
	d, err := newDir(o)
	if err != nil {
		return nil, err
	}
	f := &file{dir: d, path: path}
	if _, _, err := f.load(grant{}.withDefaults()); err != nil {
		return nil, errors.Join(fmt.Errorf("enricherwasm: %s: %w", path, err), d.Close())
	}
	return f, nil
}

// Close closes the folder of a file that was loaded alone.
func (f *file) Close() error { return f.dir.Close() }

func newDir(o Options) (*Dir, error) {
	if o.StartTimeout == 0 {
		o.StartTimeout = 10 * time.Second
	}
	if o.StartTimeout < 0 {
		return nil, fmt.Errorf("enricherwasm: Options.StartTimeout: %v: must not be negative", o.StartTimeout)
	}
	d := &Dir{options: o, runtimes: map[uint32]wazero.Runtime{}, codes: map[codeKey]*code{}}
	cache, err := newCache(o.CacheDir)
	if err != nil {
		return nil, fmt.Errorf("enricherwasm: Options.CacheDir: %s: %w", o.CacheDir, err)
	}
	d.cache = cache
	d.close = sync.OnceValue(func() error {
		d.calls.Lock()
		ctx := context.Background()
		var errs []error
		for _, runtime := range d.runtimes {
			errs = append(errs, runtime.Close(ctx))
		}
		return errors.Join(append(errs, d.cache.Close(ctx))...)
	})
	return d, nil
}

// newCache returns where compiled code is kept: in memory, and in a folder if it is not
// empty.
func newCache(folder string) (wazero.CompilationCache, error) {
	if folder == "" {
		return wazero.NewCompilationCache(), nil
	}
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, err
	}
	info, err := os.Stat(folder)
	if err != nil {
		return nil, err
	}
	if err := private(info); err != nil {
		return nil, err
	}
	return wazero.NewCompilationCacheWithDir(folder)
}

// compile returns the code of a file, which plugins of the same limit of memory share.
func (d *Dir) compile(data []byte, sum string, pages uint32) (*code, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	key := codeKey{sum, pages}
	if c := d.codes[key]; c != nil {
		return c, nil
	}
	instrumented, err := instrument(data, pages)
	if err != nil {
		return nil, err
	}
	ctx := context.Background()
	runtime := d.runtimes[pages]
	if runtime == nil {
		if runtime, err = newRuntime(ctx, d.cache, pages); err != nil {
			return nil, err
		}
		d.runtimes[pages] = runtime
	}
	c := &code{runtime: runtime}
	if c.compiled, err = runtime.CompileModule(ctx, instrumented); err != nil {
		return nil, fmt.Errorf("it is not a valid module: %w", err)
	}
	if err := c.check(); err != nil {
		return nil, errors.Join(err, c.compiled.Close(ctx))
	}
	d.codes[key] = c
	return c, nil
}
