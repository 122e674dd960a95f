package enrichertest_test

import (
	"context"
	"errors"
	"io"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
)

// closing is an enricher that can be closed.
type closing struct {
	enricher.FailureEnricher
	close func() error
}

func (c *closing) Close() error { return c.close() }

var _ io.Closer = (*closing)(nil)

func closingWith(fn func() error) enricher.Factory {
	return making(func() enricher.FailureEnricher { return &closing{good, fn} })
}

func brokenEnds() map[string]broken {
	return map[string]broken{
		"Close complains": {"close", "Close of an enricher that has seen no failure returned: no", closingWith(func() error { return errors.New("no") }), nil},
		"Close panics":    {"close", "Close of an enricher that has seen no failure panicked: oops", closingWith(func() error { panic("oops") }), nil},
		"Close hangs": {"close", "has not returned after 10s\n\tgoroutines: 1, in ", closingWith(func() error {
			hang()
			return nil
		}), nil},
		"Close works once": {"close", "a second Close panicked: close of closed channel", making(func() enricher.FailureEnricher {
			done := make(chan struct{})
			return &closing{good, func() error {
				close(done)
				return nil
			}}
		}), nil},
		"Close breaks calls under way":                breakingCalls("when Close was called meanwhile", 1),
		"Close breaks calls under way, with bad luck": breakingCalls("when Close was called meanwhile", 3),
		"it leaves a goroutine for each call":         process("goroutines", "and there is no Close", touch(func(error) { go hang() })),
		"it leaves goroutines in one place": process("goroutines", ", in github.com/failure-enrichers/enricher/enrichertest_test.hang (", touch(func(error) {
			for range 2 {
				go hang()
			}
		})),
		"it leaves a goroutine that is not its own": process("goroutines", "left after the last failure, and there is no Close: ", touch(func(error) { go func() { go hang() }() })),
		"it leaves a goroutine whose answer is not received": process("goroutines", "and there is no Close", func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
			answer := make(chan enricher.Labels)
			go func() {
				labels, _ := slowly(100*time.Microsecond, kind)(context.Background(), cause, fc)
				select {
				case answer <- labels:
				case <-time.After(time.Hour): // as if never
				}
			}()
			select {
			case labels := <-answer:
				return labels, nil
			case <-ctx.Done():
				return nil, ctx.Err()
			}
		}),
		"Close leaves a goroutine": {"goroutines", "left after Close: goroutines: 1, in ", making(func() enricher.FailureEnricher {
			go hang()
			return &closing{good, func() error { return nil }}
		}), nil},
		"there is no Close": {"goroutines", "and there is no Close", making(func() enricher.FailureEnricher {
			go hang()
			return good
		}), nil},
	}
}

// breakingCalls returns an enricher whose calls panic that are under way when it is
// closed, but only from the nth on that this happens to.
func breakingCalls(says string, nth int64) broken {
	var unlucky atomic.Int64
	return broken{"close", says, making(func() enricher.FailureEnricher {
		closed := make(chan struct{})
		var once, count sync.Once
		return &closing{
			enricher.Func(nil, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
				if ctx.Err() == nil {
					return nil, nil
				}
				select {
				case <-closed:
					count.Do(func() { unlucky.Add(1) })
					if unlucky.Load() >= nth {
						panic("closed")
					}
				case <-time.After(50 * time.Millisecond):
				}
				return nil, nil
			}),
			func() error {
				once.Do(func() { close(closed) })
				return nil
			},
		}
	}), nil}
}
