package enrichertest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// processFunc is ProcessFailure as a function.
type processFunc = func(context.Context, error, enricher.FailureContext) (enricher.Labels, error)

// making returns a factory without options.
func making(fn func() enricher.FailureEnricher) enricher.Factory {
	return enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { return fn(), nil })
}

// doing returns a factory of enrichers that set the label kind with fn.
func doing(fn processFunc) enricher.Factory {
	return making(func() enricher.FailureEnricher { return enricher.Func([]string{"kind"}, fn) })
}

// kind is an enricher as it should be.
func kind(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	for err := range enricher.Chain(cause) {
		if p, ok := err.(*enricher.PanicError); ok && p != nil {
			return enricher.Labels{"kind": "panic"}, nil
		}
	}
	return enricher.Labels{"kind": "other"}, nil
}

// touch returns a ProcessFailure that only calls fn.
func touch(fn func(cause error)) processFunc {
	return func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		fn(cause)
		return nil, nil
	}
}

// always returns a ProcessFailure that returns a copy of labels.
func always(labels enricher.Labels) processFunc {
	return func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return labels.Clone(), nil
	}
}

// none is an enricher that sets no labels.
var none = always(nil)

// A reader is an enricher that reads labels.
type reader struct {
	enricher.FailureEnricher
	reads func() []string
}

func (r *reader) InputKeys() []string { return r.reads() }

func reading(fn processFunc, keys ...string) enricher.Factory {
	return making(func() enricher.FailureEnricher {
		return &reader{enricher.Func([]string{"owner"}, fn), func() []string { return keys }}
	})
}

// An explainer is an enricher that explains itself.
type explainer struct {
	enricher.FailureEnricher
	explain func(context.Context, error, enricher.FailureContext) (enricher.Labels, map[string]string, error)
}

func (e *explainer) ExplainFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	return e.explain(ctx, cause, fc)
}

// A worker is an enricher that sends failures to a goroutine of its own.
type worker struct {
	queue chan error
	stop  chan struct{}
	once  sync.Once
	ended chan struct{}
}

func newWorker() enricher.FailureEnricher {
	w := &worker{queue: make(chan error), stop: make(chan struct{}), ended: make(chan struct{})}
	go w.work()
	return w
}

func (w *worker) work() {
	defer close(w.ended)
	for {
		select {
		case <-w.queue:
		case <-w.stop:
			return
		}
	}
}

func (w *worker) OutputKeys() []string { return nil }

func (w *worker) ProcessFailure(ctx context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	select {
	case w.queue <- cause:
		return nil, nil
	case <-w.stop:
		return nil, errors.New("closed")
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (w *worker) Close() error {
	w.once.Do(func() { close(w.stop) })
	<-w.ended
	return nil
}

var _ io.Closer = (*worker)(nil)

// A passedOn is the cause as an error of the enricher.
type passedOn struct{ cause error }

func (e *passedOn) Error() string { return "passed on" }
func (e *passedOn) Unwrap() error { return e.cause }

type depthOptions struct {
	Depth int
	Unit  time.Duration
}

func TestCheckFindsNothingInAHealthyEnricher(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		factory enricher.Factory
		options []enrichertest.Option
	}{
		"a simple one":     {doing(kind), []enrichertest.Option{enrichertest.WithDeterministic(), enrichertest.WithEveryKey()}},
		"one without keys": {making(func() enricher.FailureEnricher { return enricher.Func(nil, none) }), nil},
		"one that always fails": {
			doing(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return nil, errors.New("no")
			}),
			[]enrichertest.Option{enrichertest.WithSkip("answers", "there is no server")},
		},
		"one that says that a failure is one of its own": {
			doing(func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
				return nil, &passedOn{cause}
			}),
			[]enrichertest.Option{enrichertest.WithSkip("answers", "all it does is pass on errors")},
		},
		"one that counts":      {counting(), nil},
		"one with a goroutine": {making(newWorker), nil},
		"one that says when it is closed twice": {
			making(func() enricher.FailureEnricher {
				var closed atomic.Bool
				return &closing{good, func() error {
					if closed.Swap(true) {
						return fs.ErrClosed
					}
					return nil
				}}
			}),
			nil,
		},
		"one that reads": {
			reading(func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				fc.Labels["kind"] += ""
				return enricher.Labels{"owner": fc.Labels["kind"] + "'s"}, nil
			}, "kind", "reason"),
			[]enrichertest.Option{
				enrichertest.WithSkip("arguments", "it sets what is not there to nothing"),
				enrichertest.WithSkip("values", "it copies labels that are as long as a label can be"),
			},
		},
		"one that reads all": {
			reading(func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"owner": strconv.Itoa(len(fc.Labels))}, nil
			}, "*"),
			[]enrichertest.Option{enrichertest.WithDeterministic()},
		},
		"one that explains": {
			making(func() enricher.FailureEnricher {
				return &explainer{
					enricher.Func([]string{"kind"}, kind),
					func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
						labels, err := kind(ctx, cause, fc)
						return labels, map[string]string{"": "all", "kind": "because"}, err
					},
				}
			}),
			nil,
		},
		"one that names an option late": {
			notNegative(fmt.Errorf("%s: depth: must be 0 or more", strings.Repeat("/very/long", 100))),
			[]enrichertest.Option{negative},
		},
		"one that leaves it to the library to reject options": {
			making(func() enricher.FailureEnricher { return good }),
			[]enrichertest.Option{enrichertest.WithName("depth"), negative},
		},
		"the one of ExampleRun": {
			enricher.NewFactory(DiskOptions{Value: "yes"}, newDisk),
			[]enrichertest.Option{
				enrichertest.WithBadOptions("value", map[string]any{"value": ""}),
				enrichertest.WithFailure("no orders", &fs.PathError{Op: "open", Path: "orders.csv", Err: fs.ErrNotExist}),
				enrichertest.WithEveryKey(),
				enrichertest.WithDeterministic(),
			},
		},
		"one with a required option": {
			depth(func(o depthOptions) error {
				switch {
				case o.Depth == 0:
					return &enricher.ConfigError{Option: "depth", Err: errors.New("must be set")}
				case o.Unit < 0:
					return &enricher.ConfigError{Option: "unit", Err: errors.New("must be 0 or more")}
				}
				return nil
			}),
			[]enrichertest.Option{
				enrichertest.WithBadOptions("unit", map[string]any{"unit": "-1s"}),
				enrichertest.WithBadOptions("depth", map[string]any{"depth": nil}),
				enrichertest.WithOptions(map[string]any{"depth": 2}),
			},
		},
		"one with a name": {
			factoryFunc(func(conf enricher.FactoryConfig) (enricher.FailureEnricher, error) {
				if conf.Name() != "depth/a" {
					return nil, errors.New("not the name that the test has set")
				}
				return good, nil
			}),
			[]enrichertest.Option{enrichertest.WithName("depth/a")},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, enrichertest.Check(tt.factory, tt.options...))
		})
	}
	for name, factory := range healthyDeclarations() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.NoError(t, enrichertest.Check(factory))
		})
	}
}

func TestCheckRejectsInvalidOptions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		factory enricher.Factory
		option  enrichertest.Option
		want    string
	}{
		"no such check":    {doing(kind), enrichertest.WithSkip("panic", "why not"), `enrichertest: WithSkip("panic", "why not"): must be the name of a check and a reason`},
		"no reason":        {doing(kind), enrichertest.WithSkip("panics", ""), `enrichertest: WithSkip("panics", ""): must be `},
		"no factory":       {nil, nil, "enrichertest: the factory is nil: is one registered under this name?"},
		"a malformed name": {doing(kind), enrichertest.WithName("a b"), `creation: no enricher can be made with the options map[]: enricher: Register: name "a b"`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := enrichertest.Check(tt.factory, tt.option)
			require.Error(t, err)
			assert.True(t, strings.HasPrefix(err.Error(), tt.want), "%v", err)
		})
	}
}
