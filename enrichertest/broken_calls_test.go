package enrichertest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// process returns a broken enricher whose ProcessFailure is fn.
func process(check, says string, fn processFunc, options ...enrichertest.Option) broken {
	return broken{check, says, doing(fn), options}
}

func unwrapSafely(err error) (inner error) {
	defer func() { recover() }()
	if u, ok := err.(interface{ Unwrap() error }); ok {
		inner = u.Unwrap()
	}
	return inner
}

func brokenCalls() map[string]broken {
	return map[string]broken{
		"it asks for the text":   process("panics", "in io/fs.(*PathError).Error (", touch(func(cause error) { _ = cause.Error() })),
		"it compares errors":     process("panics", "comparing uncomparable type", touch(func(cause error) { _ = slices.Contains([]error{cause}, cause) })),
		"it uses errors as keys": process("panics", "hash of unhashable type", touch(func(cause error) { _ = map[error]bool{}[cause] })),
		"it trusts pointers": process("panics", `"a nil *enricher.PanicError"`, touch(func(cause error) {
			if p, ok := cause.(*enricher.PanicError); ok {
				_ = p.Value
			}
		})),
		"it writes to a map that may be nil": process("panics", "assignment to entry in nil map", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			if fc.Attributes == nil {
				fc.Attributes["seen"] = "true"
			}
			return nil, nil
		}),
		"it exits": process("panics", "called runtime.Goexit", touch(func(error) { runtime.Goexit() })),
		"it trusts Is": process("panics", `failure "an error whose Is panics"`, each(func(err interface{ Is(error) bool }) {
			err.Is(io.EOF)
		})),
		"it trusts As": process("panics", `failure "an error that claims every type"`, each(func(err interface{ As(any) bool }) {
			var p *fs.PathError
			if err.As(&p) {
				_ = p.Path
			}
		})),
		"it trusts StatusCode": process("panics", `failure "an error whose StatusCode panics"`, each(func(err interface{ StatusCode() int }) {
			err.StatusCode()
		})),
		"it trusts FailureLabels": process("panics", `failure "an error whose FailureLabels panics"`, each(func(err interface{ FailureLabels() map[string]string }) {
			err.FailureLabels()
		})),
		"it makes JSON of errors": process("panics", `failure "an error whose MarshalJSON panics"`, each(func(err json.Marshaler) {
			err.MarshalJSON()
		})),
		"it panics with a lock held": {"panics", "oops", making(func() enricher.FailureEnricher {
			var mu sync.Mutex
			return enricher.Func(nil, touch(func(cause error) {
				mu.Lock()
				if _, ok := cause.(mine); ok {
					panic("oops")
				}
				mu.Unlock()
			}))
		}), []enrichertest.Option{enrichertest.WithFailure("mine", mine{})}},
		"it unwraps in a loop": process("endless", `failure "an error that wraps itself"`, touch(func(cause error) {
			for err := cause; err != nil; err = unwrapSafely(err) {
			}
		})),
		"it uses errors.As": process("endless", `failure "errors that wrap each other twice"`, touch(func(cause error) {
			defer func() { recover() }()
			_, _ = errors.AsType[*fs.PathError](cause)
		})),
		"it ignores its ctx": process("context", "ProcessFailure has not returned after 11s\n\tgoroutines: 1, in github.com/failure-enrichers/enricher/enrichertest_test.hang (", touch(func(error) { hang() })),
		"it hangs for what another goroutine should say": process("context", "goroutines: 1, in github.com/failure-enrichers/enricher/enrichertest_test.hang (", touch(func(error) {
			answer := make(chan bool)
			go func() {
				hang()
				answer <- true
			}()
			<-answer
		})),
		"it hangs for one failure": process("context", `failure "no such host"`, touch(func(cause error) {
			if dns, ok := cause.(*net.DNSError); ok && dns.IsNotFound {
				hang()
			}
		})),
		"it hangs once its ctx is over": process("context", "its ctx was cancelled before the call", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			if ctx.Err() != nil {
				hang()
			}
			return nil, nil
		}),
		"it panics once its ctx is over": process("context", "ProcessFailure panicked: oops", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			if ctx.Err() != nil {
				panic("oops")
			}
			return nil, nil
		}),
		"it keeps the first ctx": {"context", `ProcessFailure returned "no connection: context canceled", although its ctx had not ended`, making(func() enricher.FailureEnricher {
			var once sync.Once
			var first context.Context
			return enricher.Func([]string{"kind"}, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				once.Do(func() { first = ctx })
				if err := first.Err(); err != nil {
					return nil, fmt.Errorf("no connection: %w", err)
				}
				return kind(ctx, cause, fc)
			})
		}), nil},
		"it has no server": process("answers", `failures, such as "a plain error, context: empty": connection refused`, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return nil, errors.New("connection refused")
		}),
		"it returns nil as an error": process("errors", "ProcessFailure returned a nil *enricher.EnricherError", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			var err *enricher.EnricherError
			return nil, err
		}),
		"it returns an error that panics": process("errors", "panicked: rude", func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			if _, ok := cause.(mine); ok {
				return nil, rude{}
			}
			return nil, nil
		}, enrichertest.WithFailure("mine", mine{})),
		"it panics when it is called twice at once": {"concurrency", "panicked: concurrent", making(func() enricher.FailureEnricher {
			var under atomic.Int64
			return enricher.Func(nil, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				defer under.Add(-1)
				under.Add(1)
				for range 5 {
					runtime.Gosched()
					if under.Load() > 1 && ctx.Err() == nil {
						panic("concurrent")
					}
				}
				return nil, nil
			})
		}), nil},
		"it counts":                 {"deterministic", "and then, of this enricher or another", counting(), []enrichertest.Option{enrichertest.WithDeterministic()}},
		"it fails every other time": {"deterministic", "there were labels for it, and an error at another time", everyOther(), []enrichertest.Option{enrichertest.WithDeterministic()}},
		"each is different":         {"deterministic", "and then, of this enricher or another", different(), []enrichertest.Option{enrichertest.WithDeterministic()}},
	}
}

// hang takes an hour, which in a bubble of testing/synctest is no time.
//
//go:noinline
func hang() { time.Sleep(time.Hour) }

type rude struct{}

func (rude) Error() string { panic("rude") }

// each returns a ProcessFailure that calls fn for each error of a kind.
func each[T any](fn func(T)) processFunc {
	return touch(func(cause error) {
		for err := range enricher.Chain(cause) {
			if t, ok := err.(T); ok {
				fn(t)
			}
		}
	})
}

func everyOther() enricher.Factory {
	return making(func() enricher.FailureEnricher {
		var n atomic.Int64
		return enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			if n.Add(1)%2 == 0 {
				return nil, errors.New("not now")
			}
			return nil, nil
		})
	})
}

// counting makes enrichers that count failures.
func counting() enricher.Factory {
	return making(func() enricher.FailureEnricher { return enricher.Func([]string{"kind"}, count()) })
}

func count() processFunc {
	var n atomic.Int64
	return func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"kind": strconv.FormatInt(n.Add(1), 10)}, nil
	}
}

func different() enricher.Factory {
	var made atomic.Int64
	return making(func() enricher.FailureEnricher {
		id := strconv.FormatInt(made.Add(1), 10)
		return enricher.Func([]string{"id"}, always(enricher.Labels{"id": id}))
	})
}
