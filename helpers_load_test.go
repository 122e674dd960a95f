package enricher_test

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// The helpers of the tests of loading: what happens before the first failure.

// setting returns an enricher that declares keys and sets none of them.
func setting(keys ...string) enricher.FailureEnricher {
	return enricher.Func(keys, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return nil, nil
	})
}

// reading returns a reader of inputs that declares keys and sets none of them.
func reading(inputs []string, keys ...string) enricher.LabelReader {
	return keyed{setting(keys...), func() []string { return keys }, func() []string { return inputs }}
}

// A keyed enricher answers as it is told when it is asked for its keys.
type keyed struct {
	enricher.FailureEnricher
	outputs, inputs func() []string
}

var _ enricher.LabelReader = keyed{}

func (k keyed) OutputKeys() []string { return k.outputs() }
func (k keyed) InputKeys() []string  { return k.inputs() }

// A closeCounter is an enricher that counts how often it is closed.
type closeCounter struct {
	enricher.FailureEnricher
	err    error // of Close, or what it panics with
	panics bool
	closed atomic.Int32
}

func (c *closeCounter) Close() error {
	c.closed.Add(1)
	if c.panics {
		panic(c.err)
	}
	return c.err
}

// giving returns a factory of fe that takes any options.
func giving(fe enricher.FailureEnricher) enricher.Factory {
	return enricher.FactoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		conf.Options()
		return fe, nil
	})
}

// failingToMake returns a factory that returns fe and err.
func failingToMake(fe enricher.FailureEnricher, err error) enricher.Factory {
	return enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		return fe, err
	})
}

type factories map[string]enricher.Factory

// registryOf returns a registry that holds fs.
func registryOf(t testing.TB, fs factories) *enricher.Registry {
	t.Helper()
	r := enricher.NewRegistry()
	for name, f := range fs {
		require.NoError(t, r.Register(name, f))
	}
	return r
}

// load calls New with a registry of fs and without a log, and shuts the
// Enricher down when the test is over.
func load(t testing.TB, fs factories, cfg enricher.Config, opts ...enricher.Option) (*enricher.Enricher, error) {
	t.Helper()
	quiet := enricher.WithLogger(slog.New(slog.DiscardHandler))
	opts = append([]enricher.Option{quiet, enricher.WithRegistry(registryOf(t, fs))}, opts...)
	e, err := enricher.New(cfg, opts...)
	if err == nil {
		t.Cleanup(func() { _ = e.Shutdown(context.Background()) })
	}
	return e, err
}

// loaded is load where New has to succeed.
func loaded(t testing.TB, fs factories, cfg enricher.Config, opts ...enricher.Option) *enricher.Enricher {
	t.Helper()
	e, err := load(t, fs, cfg, opts...)
	require.NoError(t, err)
	return e
}

// namesOf returns the names of the enrichers that are loaded.
func namesOf(e *enricher.Enricher) []string {
	var names []string
	for _, info := range e.Enrichers() {
		names = append(names, info.Name)
	}
	return names
}

// refusals returns the names of the enrichers that were refused, and why.
func refusals(e *enricher.Enricher) map[string]string {
	reasons := map[string]string{}
	for _, r := range e.Rejected() {
		reasons[r.Name] = r.Err.Error()
	}
	return reasons
}

// leaves returns the errors of which err is joined, however deep.
func leaves(err error) []error {
	if err == nil {
		return nil
	}
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return []error{err}
	}
	var all []error
	for _, err := range joined.Unwrap() {
		all = append(all, leaves(err)...)
	}
	return all
}

// configErrorsOf returns the ConfigErrors of which err is joined. There must be
// no other.
func configErrorsOf(t testing.TB, err error) []enricher.ConfigError {
	t.Helper()
	var all []enricher.ConfigError
	for _, err := range leaves(err) {
		ce, ok := err.(*enricher.ConfigError)
		require.Truef(t, ok, "%T: %v", err, err)
		all = append(all, *ce)
	}
	return all
}

// lineOf returns the number of the line that holds text, in a file of this
// directory, and the file as the compiler knows it.
func lineOf(t testing.TB, name, text string) (file string, line int) {
	t.Helper()
	content, err := os.ReadFile(name)
	require.NoError(t, err)
	before, _, found := strings.Cut(string(content), text)
	require.True(t, found, text)
	_, self, _, _ := runtime.Caller(0)
	return path.Join(path.Dir(self), name), 1 + strings.Count(before, "\n")
}

// A loadLog keeps the log lines of every level, without their times and
// locations.
type loadLog struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (l *loadLog) Write(line []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.buf.Write(line)
}

// option makes New log to l.
func (l *loadLog) option() enricher.Option {
	return enricher.WithLogger(slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{
		Level: slog.Level(math.MinInt),
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == "location" {
				return slog.Attr{}
			}
			return a
		},
	})))
}

// lines returns what was logged.
func (l *loadLog) lines() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	text := strings.TrimSuffix(l.buf.String(), "\n")
	if text == "" {
		return nil
	}
	return strings.Split(text, "\n")
}
