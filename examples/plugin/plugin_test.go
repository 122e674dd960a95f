// Package plugin_test checks the plugins of this folder: acme in Go, and resource in
// AssemblyScript.
package plugin_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwasm"
	"github.com/failure-enrichers/enricher/enrichertest"
)

var (
	errFetch = fmt.Errorf("import: %w", &url.Error{Op: "Get", URL: "http://orders.internal/v1", Err: errors.New("EOF")})
	errWrite = fmt.Errorf("import: %w", &os.PathError{Op: "write", Path: "/data/april", Err: syscall.ENOSPC})
)

// config is what a service configures for the two.
var config = enricher.Config{
	FailureEnrichers: []string{"acme", "resource"},
	Options: map[string]map[string]any{
		"acme": {
			"teams":  []map[string]any{{"key": "orders.internal", "value": "shop"}},
			"plugin": map[string]any{"instances": 1},
		},
	},
	Timeout: time.Minute, // while other tests run, too
	Strict:  true,
}

// load returns an Enricher with the plugins of a folder.
func load(t *testing.T, folder string) *enricher.Enricher {
	dir, err := enricherwasm.Open(folder, enricherwasm.Options{StartTimeout: time.Minute})
	require.NoError(t, err)
	registry := enricher.NewRegistry()
	require.NoError(t, dir.Register(registry))
	e, err := enricher.New(config, enricher.WithRegistry(registry), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	t.Cleanup(func() {
		assert.NoError(t, e.Shutdown(context.Background()))
		assert.NoError(t, dir.Close())
	})
	return e
}

// check checks that the plugins of a folder label failures.
func check(t *testing.T, folder string) {
	e := load(t, folder)
	enrichertest.AssertLabels(t, e, errFetch, enricher.Labels{"upstream": "orders.internal", "team": "shop"})
	enrichertest.AssertLabels(t, e, errWrite, enricher.Labels{"resource": "disk"})
	enrichertest.AssertLabels(t, e, errors.New("boom"), enricher.Labels{})
	assert.NoError(t, e.EnrichContext(context.Background(), errFetch, enricher.FailureContext{}).Err())
}

// TestPlugins builds the plugins, as far as the tools are there, and checks them and
// the committed ones.
func TestPlugins(t *testing.T) {
	if race {
		t.Skip("with -race, the compiler of plugins takes minutes: .ci/run runs this test without")
	}
	built := t.TempDir()
	acme := filepath.Join(built, "acme.wasm")
	run(t, "acme", []string{"GOOS=wasip1", "GOARCH=wasm", "CGO_ENABLED=0", "GOFLAGS="},
		"go", "build", "-trimpath", "-buildmode=c-shared", "-ldflags=-s", "-o", acme, ".")
	resource := filepath.Join(built, "resource.wasm")
	if _, err := os.Stat("resource/node_modules"); err == nil {
		run(t, "resource", nil, "npm", "run", "build", "--", "-o", resource)
	} else {
		t.Log("AssemblyScript is not installed: run npm ci in the folder resource")
		content, err := os.ReadFile("plugins/resource.wasm")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(resource, content, 0o600))
	}
	check(t, built)

	same := true
	for _, name := range []string{"acme.wasm", "resource.wasm"} {
		now, err := os.ReadFile(filepath.Join(built, name))
		require.NoError(t, err)
		committed, err := os.ReadFile(filepath.Join("plugins", name))
		require.NoError(t, err)
		same = same && bytes.Equal(now, committed)
	}
	if !same { // another version of a tool, or of the library
		check(t, "plugins")
	}

	for name, options := range map[string][]enrichertest.Option{
		"acme": {
			enrichertest.WithFailure("a call that failed", errFetch),
			enrichertest.WithOptions(map[string]any{"plugin": map[string]any{"instances": 2}}),
			enrichertest.WithBadOptions("default-team", map[string]any{"default-team": 7}),
		},
		"resource": {
			enrichertest.WithFailure("a full disk", errWrite),
			enrichertest.WithSkip("options", "the plugin reads no options"),
		},
	} {
		t.Run(name, func(t *testing.T) {
			factory, err := enricherwasm.Load(filepath.Join(built, name+".wasm"), enricherwasm.Options{StartTimeout: time.Minute})
			require.NoError(t, err)
			enrichertest.Run(t, factory, append(options, enrichertest.WithName(name), enrichertest.WithEveryKey(), enrichertest.WithDeterministic())...)
		})
	}
}

// race is set if the test is built with -race.
var race bool

// run runs a program in a folder.
func run(t *testing.T, dir string, env []string, name string, args ...string) {
	cmd := exec.Command(name, args...)
	cmd.Dir, cmd.Env = dir, append(os.Environ(), env...)
	out, err := cmd.CombinedOutput()
	require.NoError(t, err, "%s", out)
}
