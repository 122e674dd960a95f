package enricher_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"log/slog"
	"math"
	"os"
	"path"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// errJob is how jobs fail where it does not matter how.
var errJob = errors.New("the job has failed")

// processFunc is ProcessFailure as a function.
type processFunc = func(context.Context, error, enricher.FailureContext) (enricher.Labels, error)

// running returns an Enricher that is shut down when the test is over. It logs
// nothing unless opts say where, and has a minute unless cfg says otherwise, so
// that a slow machine changes no outcome.
func running(t testing.TB, cfg enricher.Config, opts ...enricher.Option) *enricher.Enricher {
	t.Helper()
	cfg.Timeout = cmp.Or(cfg.Timeout, time.Minute)
	quiet := enricher.WithLogger(slog.New(slog.DiscardHandler))
	e, err := enricher.New(cfg, append([]enricher.Option{quiet}, opts...)...)
	require.NoError(t, err)
	require.Empty(t, e.Rejected())
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	return e
}

// with adds an enricher of one output key that does fn.
func with(name, key string, fn processFunc) enricher.Option {
	return enricher.WithEnricher(name, enricher.Func([]string{key}, fn))
}

// withGood adds an enricher that answers at once, with its name under key.
func withGood(name, key string) enricher.Option {
	return with(name, key, answering(enricher.Labels{key: name}))
}

// withReader adds an enricher that reads the labels under inputs.
func withReader(name, key string, inputs []string, fn processFunc) enricher.Option {
	return enricher.WithEnricher(name, &labelReader{enricher.Func([]string{key}, fn), inputs})
}

type labelReader struct {
	enricher.FailureEnricher
	inputs []string
}

var _ enricher.LabelReader = (*labelReader)(nil)

func (r *labelReader) InputKeys() []string { return r.inputs }

// answering answers each failure with a copy of l.
func answering(l enricher.Labels) processFunc {
	return func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return l.Clone(), nil
	}
}

// doing does fn for each failure and sets no labels.
func doing(fn func()) processFunc {
	return func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		fn()
		return nil, nil
	}
}

// failing answers each failure with err.
func failing(err error) processFunc {
	return func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return nil, err
	}
}

// hanging answers with l once release is closed, and does not look at its ctx.
func hanging(release <-chan struct{}, l enricher.Labels) processFunc {
	return func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		<-release
		return l.Clone(), nil
	}
}

// untilTimeIsUp gives up when its time is up, as an enricher should.
func untilTimeIsUp(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// switchable does whatever it was last told to, and counts.
type switchable struct {
	fn    atomic.Pointer[processFunc]
	calls atomic.Int64
}

func newSwitchable(fn processFunc) *switchable {
	s := &switchable{}
	s.to(fn)
	return s
}

func (s *switchable) to(fn processFunc) { s.fn.Store(&fn) }

func (s *switchable) process(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	s.calls.Add(1)
	return (*s.fn.Load())(ctx, cause, fc)
}

// enrichAs enriches errJob in a context of its own.
func enrichAs(e *enricher.Enricher, fc enricher.FailureContext) enricher.Result {
	return e.EnrichContext(context.Background(), errJob, fc)
}

// statuses returns the statuses of the outcomes in their order.
func statuses(res enricher.Result) []enricher.Status {
	all := make([]enricher.Status, len(res.Outcomes))
	for i, o := range res.Outcomes {
		all[i] = o.Status
	}
	return all
}

// statsOf returns the stats of the only enricher of e.
func statsOf(t testing.TB, e *enricher.Enricher) enricher.EnricherStats {
	t.Helper()
	stats := e.Stats().Enrichers
	require.Len(t, stats, 1)
	return stats[0]
}

// observerFunc is an observer that is a function.
type observerFunc func(context.Context, error, enricher.FailureContext, enricher.Result)

var _ enricher.Observer = observerFunc(nil)

func (f observerFunc) ObserveFailure(
	ctx context.Context, cause error, fc enricher.FailureContext, res enricher.Result,
) {
	f(ctx, cause, fc, res)
}

// A logbook keeps log lines of WARN and above for a test to read, without
// their times, and without the text of stacks.
type logbook struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logbook) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(line)
}

// logger returns a logger that writes to b.
func (b *logbook) logger() *slog.Logger {
	return slog.New(slog.NewTextHandler(b, &slog.HandlerOptions{
		Level: slog.LevelWarn,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			switch {
			case a.Key == slog.TimeKey:
				return slog.Attr{}
			case a.Key == "stack" && strings.Contains(a.Value.String(), "(...)\n\t"):
				return slog.String(a.Key, "...")
			}
			return a
		},
	}))
}

// take returns the lines written since it was last called.
func (b *logbook) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	lines := strings.Split(strings.TrimSuffix(b.buf.String(), "\n"), "\n")
	b.buf.Reset()
	if len(lines) == 1 && lines[0] == "" {
		return nil
	}
	return lines
}

// A closable enricher counts how often it is closed, and does onClose.
type closable struct {
	enricher.FailureEnricher
	onClose func() error
	closed  atomic.Int64
}

func (c *closable) Close() error {
	c.closed.Add(1)
	if c.onClose == nil {
		return nil
	}
	return c.onClose()
}

// newClosable returns a closable enricher that sets key by calling fn.
func newClosable(key string, fn processFunc, onClose func() error) *closable {
	if fn == nil {
		fn = answering(nil)
	}
	return &closable{FailureEnricher: enricher.Func([]string{key}, fn), onClose: onClose}
}

// owning returns an Enricher whose enrichers come from factories, so that it
// has to close them, under the names "a", "b" and so on. Unlike [running] it is
// not shut down.
func owning(t testing.TB, cfg enricher.Config, owned ...enricher.FailureEnricher) *enricher.Enricher {
	t.Helper()
	r := enricher.NewRegistry()
	for i, fe := range owned {
		name := string(rune('a' + i))
		require.NoError(t, r.Register(name, enricher.FactoryFunc(
			func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { return fe, nil })))
		cfg.FailureEnrichers = append(cfg.FailureEnrichers, name)
	}
	e, err := enricher.New(cfg, enricher.WithRegistry(r), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	require.Empty(t, e.Rejected())
	return e
}

// setting returns an enricher that declares keys and sets none of them.
func setting(keys ...string) enricher.FailureEnricher {
	return enricher.Func(keys, answering(nil))
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

func (k keyed) InputKeys() []string { return k.inputs() }

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
