package enricherwasm_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwasm"
)

// goGuest builds testdata/guest once.
var goGuest = sync.OnceValues(func() ([]byte, error) {
	folder, err := os.MkdirTemp("", "enricherwasm")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(folder)
	file := filepath.Join(folder, "guest.wasm")
	build := exec.Command("go", "build", "-buildmode=c-shared", "-ldflags=-s", "-o", file, "./testdata/guest")
	build.Env = append(os.Environ(), "GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS=")
	if out, err := build.CombinedOutput(); err != nil {
		return nil, errors.New(string(out))
	}
	return os.ReadFile(file)
})

// goFolder is a folder with guest.wasm, opened once for all tests, because compiling
// takes long.
var goFolder = sync.OnceValues(func() (*enricherwasm.Dir, error) {
	code, err := goGuest()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "enricherwasm")
	if err != nil {
		return nil, err
	}
	if err := os.WriteFile(filepath.Join(folder, "guest.wasm"), code, 0o600); err != nil {
		return nil, err
	}
	goFiles = folder
	if _, err := enricherwasm.Load(filepath.Join(folder, "guest.wasm"), goOptions(folder)); err != nil {
		return nil, err
	}
	return enricherwasm.Open(folder, goOptions(folder))
})

// goFiles is the folder of goFolder.
var goFiles string

// goOptions lets several processes share the compiled code.
func goOptions(folder string) enricherwasm.Options {
	return enricherwasm.Options{CacheDir: filepath.Join(folder, "cache"), StartTimeout: 10 * time.Minute}
}

type options = map[string]any

// newGuest returns an Enricher with the plugin of testdata/guest.
func newGuest(t *testing.T, own options, opts ...enricher.Option) *enricher.Enricher {
	dir, err := goFolder()
	require.NoError(t, err)
	return load(t, dir, enricher.Config{Options: map[string]map[string]any{"guest": own}}, opts...)
}

// load returns an Enricher with the enricher guest, unless cfg names others.
func load(t *testing.T, dir *enricherwasm.Dir, cfg enricher.Config, opts ...enricher.Option) *enricher.Enricher {
	if cfg.FailureEnrichers == nil {
		cfg.FailureEnrichers = []string{"guest"}
	}
	if cfg.Timeout == 0 {
		cfg.Timeout = 20 * time.Minute
	}
	e, err := enricher.New(cfg, append([]enricher.Option{enricher.WithRegistry(registry(t, dir)), silent}, opts...)...)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	return e
}

var silent = enricher.WithLogger(slog.New(slog.DiscardHandler))

func registry(t *testing.T, dir *enricherwasm.Dir) *enricher.Registry {
	r := enricher.NewRegistry()
	require.NoError(t, dir.Register(r))
	return r
}

// do is a failure whose attribute do says what the plugin is to do.
func do(what string) enricher.FailureContext {
	return enricher.FailureContext{Attributes: map[string]string{"do": what}}
}

var errFailed = errors.New("failed")

// folder writes files to a new folder.
func folder(t *testing.T, files map[string][]byte) string {
	dir := t.TempDir()
	for name, content := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), content, 0o600))
	}
	return dir
}

func open(t *testing.T, folder string) *enricherwasm.Dir {
	dir, err := enricherwasm.Open(folder, enricherwasm.Options{StartTimeout: 10 * time.Minute})
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, dir.Close()) })
	return dir
}

// create loads the one plugin of a new folder.
func create(t *testing.T, code []byte, own options) (enricher.FailureEnricher, error) {
	dir := open(t, folder(t, map[string][]byte{"hand.wasm": code}))
	f, ok := registry(t, dir).Factory("hand")
	require.True(t, ok)
	fe, err := f.CreateFailureEnricher(enricher.NewFactoryConfig("hand", own))
	if err == nil {
		t.Cleanup(func() { assert.NoError(t, fe.(io.Closer).Close()) })
	}
	return fe, err
}

func TestOpen(t *testing.T) {
	t.Parallel()
	hand := module{}.bytes()

	t.Run("registers each file by its name", func(t *testing.T) {
		dir := open(t, folder(t, map[string][]byte{"b.wasm": hand, "a-1.2_x.wasm": hand, "readme.txt": nil, ".hidden.wasm": hand, "wasm": nil}))
		assert.Equal(t, []string{"a-1.2_x", "b"}, registry(t, dir).Names())
	})

	t.Run("joins what cannot be registered", func(t *testing.T) {
		dir := open(t, folder(t, map[string][]byte{"b.wasm": hand, "type.wasm": hand, "not a name.wasm": hand}))
		r := enricher.NewRegistry()
		require.NoError(t, r.Register("type", enricher.FactoryFunc(noEnricher)))
		err := dir.Register(r)
		require.ErrorContains(t, err, `type.wasm: enricher: Register: name "type": "type" is already registered`)
		require.ErrorContains(t, err, `not a name.wasm: enricher: Register: name "not a name": must be letters`)
		assert.Equal(t, []string{"b", "type"}, r.Names())
	})

	t.Run("follows the links of a ConfigMap", func(t *testing.T) {
		dir := folder(t, nil)
		require.NoError(t, os.Mkdir(filepath.Join(dir, "..2026_01"), 0o700))
		require.NoError(t, os.WriteFile(filepath.Join(dir, "..2026_01", "hand.wasm"), hand, 0o600))
		require.NoError(t, os.Symlink("..2026_01", filepath.Join(dir, "..data")))
		require.NoError(t, os.Symlink("..data/hand.wasm", filepath.Join(dir, "hand.wasm")))
		e := load(t, open(t, dir), enricher.Config{FailureEnrichers: []string{"hand"}})
		assert.Equal(t, enricher.Labels{"hand": "made"}, e.Enrich(errFailed))
	})

	t.Run("reads only what is configured", func(t *testing.T) {
		dir := folder(t, map[string][]byte{"hand.wasm": hand, "broken.wasm": []byte("no module")})
		require.NoError(t, os.Mkdir(filepath.Join(dir, "folder.wasm"), 0o700))
		require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "lost.wasm")))
		d := open(t, dir)
		load(t, d, enricher.Config{FailureEnrichers: []string{"hand"}})
		for name, why := range map[string]string{"broken": "not a WebAssembly file", "folder": "not a regular file", "lost": "no such file"} {
			_, err := enricher.New(enricher.Config{FailureEnrichers: []string{name}}, enricher.WithRegistry(registry(t, d)), silent)
			assert.ErrorContains(t, err, why)
			assert.ErrorContains(t, err, filepath.Join(dir, name+".wasm"))
		}
	})

	t.Run("needs a folder", func(t *testing.T) {
		_, err := enricherwasm.Open(filepath.Join(t.TempDir(), "none"), enricherwasm.Options{})
		assert.ErrorIs(t, err, os.ErrNotExist)
		_, err = enricherwasm.Open(t.TempDir(), enricherwasm.Options{StartTimeout: -1})
		assert.ErrorContains(t, err, "StartTimeout")
	})
}

func noEnricher(enricher.FactoryConfig) (enricher.FailureEnricher, error) { return nil, nil }

func TestCacheDir(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string][]byte{"hand.wasm": module{}.bytes()})
	cache := filepath.Join(dir, "new", "cache")
	for range 2 { // written, and read
		f, err := enricherwasm.Load(filepath.Join(dir, "hand.wasm"), enricherwasm.Options{CacheDir: cache})
		require.NoError(t, err)
		require.NoError(t, f.(io.Closer).Close())
	}
	info, err := os.Stat(cache)
	require.NoError(t, err)
	assert.Equal(t, os.FileMode(0o700), info.Mode().Perm())
	entries, err := os.ReadDir(cache)
	require.NoError(t, err)
	assert.NotEmpty(t, entries)

	require.NoError(t, os.Chmod(cache, 0o750))
	_, err = enricherwasm.Open(dir, enricherwasm.Options{CacheDir: cache})
	assert.ErrorContains(t, err, "its permissions are 0750, and must be 0700")
	_, err = enricherwasm.Open(dir, enricherwasm.Options{CacheDir: filepath.Join(dir, "hand.wasm")})
	assert.ErrorContains(t, err, "Options.CacheDir")
}

func TestLocation(t *testing.T) {
	t.Parallel()
	code, err := goGuest()
	require.NoError(t, err)
	sum := sha256.Sum256(code)
	var lines bytes.Buffer
	e := newGuest(t, nil, enricher.WithLogger(slog.New(slog.NewTextHandler(&lines, nil))))
	got := e.Enrichers()[0].Location
	assert.Equal(t, enricher.Location{
		Type: "WebAssembly", Module: "example.com/guest", Version: "v1.2.3", File: got.File, Sum: hex.EncodeToString(sum[:]),
	}, got)
	assert.Equal(t, "guest.wasm", filepath.Base(got.File))
	assert.Contains(t, lines.String(), "Found failure enricher")
	assert.Contains(t, lines.String(), "WebAssembly from example.com/guest v1.2.3 ("+got.File+", sha256 "+got.Sum+")")
}

func TestRejected(t *testing.T) {
	t.Parallel()
	component := append([]byte("\x00asm\x0d\x00\x01\x00"), make([]byte, 8)...)
	future := []string{"enricher_v1_alloc", "enricher_v1_create", "enricher_v1_process"}
	renamed := map[string]string{}
	for _, name := range future {
		renamed[name] = strings.Replace(name, "v1", "v2", 1)
	}
	for _, test := range []struct {
		name string
		code []byte
		want string
	}{
		{"an empty file", nil, "is not a WebAssembly file"},
		{"a text", []byte("#!/bin/sh\necho no\n"), "is not a WebAssembly file"},
		{"a component", component, "components and other versions are not supported"},
		{"half a module", module{}.bytes()[:200], "not the length that it states"},
		{"no instructions", module{process: []byte{0xff}}.bytes(), "is not a valid module"},
		{"a large file", append(module{}.bytes(), make([]byte, 32<<20)...), "more than 32 MiB"},
		{"an unknown import", module{imports: []string{"abort", "system"}}.bytes(), "imports the function env.abort, which plugins do not have"},
		{"two unknown imports", module{imports: []string{"abort", "system"}}.bytes(), "imports the function env.system"},
		{"another interface", module{rename: renamed}.bytes(), "does not export the function enricher_v1_alloc: it exports enricher_v2_alloc, and only version 1"},
		{"no interface", module{rename: map[string]string{"enricher_v1_create": ""}}.bytes(), "does not export the function enricher_v1_create"},
		{"another type", module{rename: map[string]string{"enricher_v1_process": "x", "recurse": "enricher_v1_process"}}.bytes(), "enricher_v1_process must have the type (i32, i32) i64"},
		{"no memory", module{noMemory: true}.bytes(), `does not export its memory as "memory"`},
		{"a program", module{rename: map[string]string{"recurse": "_start"}}.bytes(), "build it with -buildmode=c-shared"},
		{"a large table", module{tables: 1<<20 + 1}.bytes(), "its tables have 1048577 entries"},
		{"much memory", module{pages: 1025}.bytes(), `option "plugin.memory": `},
		{"its size", module{pages: 1025}.bytes(), "the plugin needs at least 65600KiB, and 65536KiB is granted"},
		{"another version", module{created: `{"v":2,"outputKeys":["hand"]}`}.bytes(), "answers in version 2 of the interface"},
		{"no version", module{created: `{"outputKeys":["hand"]}`}.bytes(), "answers in version 0 of the interface"},
		{"no JSON", module{created: `hello`}.bytes(), "is not the JSON that is expected"},
		{"no output keys", module{created: `{"v":1}`}.bytes(), "the plugin answers without outputKeys"},
		{"null as output keys", module{created: `{"v":1,"outputKeys":null}`}.bytes(), "the plugin answers without outputKeys"},
		{"a misspelt field", module{created: `{"v":1,"outputKeys":["hand"],"inputKey":["type"]}`}.bytes(), `unknown field "inputKey"; known fields: v, name, `},
		{"one in a label", module{created: `{"v":1,"outputKeys":["hand"],"labels":[{"key":"hand","value":[]}]}`}.bytes(), `unknown field "value"; known fields: v, name, `},
		{"an error", module{created: `{"v":1,"error":{"text":"no licence"}}`}.bytes(), "hand.wasm: no licence"},
		{"a trap in create", module{create: unreachable}.bytes(), "the plugin was trapped: wasm error: unreachable"},
		{"a trap in alloc", module{alloc: unreachable}.bytes(), "the plugin was trapped: wasm error: unreachable"},
		{"a trap in _initialize", module{initialize: unreachable}.bytes(), "wasm error: unreachable"},
		{"a trap in start", module{start: unreachable}.bytes(), "wasm error: unreachable"},
		{"an exit in _initialize", module{initialize: join(i32(0), call(fnExit))}.bytes(), "the plugin exited with status 0"},
		{"an exit in start", module{start: join(i32(4), call(fnExit))}.bytes(), "the plugin exited with status 4"},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := create(t, test.code, nil)
			require.ErrorContains(t, err, test.want)
			assert.Regexp(t, `hand\.wasm(: |\)$)`, err.Error())
		})
	}

	t.Run("keys up to chance", func(t *testing.T) {
		_, err := create(t, module{created: `{"v":1,"outputKeys":["ABCDEFGH"]}`, create: chance()}.bytes(), nil)
		require.ErrorContains(t, err, "other output keys in another instance")
	})

	t.Run("an endless start", func(t *testing.T) {
		for name, m := range map[string]module{
			"create": {create: append(forever, unreachable...)}, "_initialize": {initialize: forever}, "start": {start: forever},
			"alloc": {alloc: append(forever, unreachable...)}, "sleep": {initialize: sleep()},
		} {
			dir := folder(t, map[string][]byte{"hand.wasm": m.bytes()})
			d, err := enricherwasm.Open(dir, enricherwasm.Options{StartTimeout: 50 * time.Millisecond})
			require.NoError(t, err)
			f, _ := registry(t, d).Factory("hand")
			_, err = f.CreateFailureEnricher(enricher.NewFactoryConfig("hand", nil))
			assert.ErrorIs(t, err, context.DeadlineExceeded, name)
			assert.NoError(t, d.Close())
		}
	})

	t.Run("an option of the plugin", func(t *testing.T) {
		_, err := create(t, module{created: `{"v":1,"error":{"option":"team","text":"must not be empty"}}`}.bytes(), nil)
		ce, ok := enricher.AsType[*enricher.ConfigError](err)
		require.True(t, ok)
		assert.Equal(t, "team", ce.Option)
		assert.ErrorContains(t, ce, "must not be empty")
		for text, want := range map[string]string{
			`unknown; known options: token`:         `unknown; known options: token`,
			`\"s3cretxx9\": must be a duration`:     `"***": must be a duration`,
			`s3cretxx9: must have forty characters`: `***: must have forty characters`,
		} {
			_, err := create(t, module{created: `{"v":1,"error":{"option":"api-key","text":"` + text + `"}}`}.bytes(), nil)
			assert.Regexp(t, "option \"api-key\": "+regexp.QuoteMeta(want)+` \(plugin /.*/hand\.wasm\)$`, err.Error())
		}
	})
}
