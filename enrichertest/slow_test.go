package enrichertest_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// wait waits as an enricher does that asks a server.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// slowly returns a ProcessFailure that does as fn after a while.
func slowly(d time.Duration, fn processFunc) processFunc {
	return func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
		if err := wait(ctx, d); err != nil {
			return nil, err
		}
		return fn(ctx, cause, fc)
	}
}

// brokenSlowly are enrichers that wait before they do what is wrong.
func brokenSlowly() map[string]broken {
	return map[string]broken{
		"it counts, slowly": process("deterministic", "and then, of this enricher or another",
			slowly(100*time.Millisecond, count()), enrichertest.WithDeterministic()),
		"it has one field for all calls": {"concurrency", "during other calls, and", making(func() enricher.FailureEnricher {
			var mu sync.Mutex
			var last string
			answer := slowly(20*time.Millisecond, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				mu.Lock()
				defer mu.Unlock()
				return enricher.Labels{"kind": last}, nil
			})
			return enricher.Func([]string{"kind"}, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				mu.Lock()
				last = fmt.Sprintf("%T %.9q", cause, fc.ID)
				mu.Unlock()
				return answer(ctx, cause, fc)
			})
		}), nil},
		"it has room for one call": {"concurrency", `the labels were "kind=busy" during other calls, and "kind=other" otherwise`, making(func() enricher.FailureEnricher {
			var under atomic.Int64
			return enricher.Func([]string{"kind"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				defer under.Add(-1)
				busy := under.Add(1) > 1
				time.Sleep(time.Millisecond)
				if busy || under.Load() > 1 {
					return enricher.Labels{"kind": "busy"}, nil
				}
				return enricher.Labels{"kind": "other"}, nil
			})
		}), nil},
		"it goes on for long after its ctx has ended": process("context", "has not returned after 10.005s", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			time.Sleep(10500 * time.Millisecond)
			return nil, nil
		}),
	}
}

func TestCheckOfASlowEnricher(t *testing.T) {
	t.Parallel()
	const tried = "3 calls took all their time, so "
	for name, tt := range map[string]struct {
		fn   processFunc
		want map[string]string // by check, a part of the note
	}{
		"judges all that it does in time": {slowly(900*time.Millisecond, kind), map[string]string{
			"stable-keys": "", "panics": "", "values": "", "ownership": "", "concurrency": "", "deterministic": "", "goroutines": "",
		}},
		"stops if it uses up its time": {func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
			<-ctx.Done()
			return kind(ctx, cause, fc)
		}, map[string]string{"stable-keys": tried, "concurrency": "nothing to judge", "deterministic": "nothing to judge", "values": ""}},
		"stops if it ignores its ctx": {func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
			hang()
			return kind(ctx, cause, fc)
		}, map[string]string{"stable-keys": tried, "values": "nothing to judge", "goroutines": ""}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				notes := enrichertest.Notes(doing(tt.fn), enrichertest.WithDeterministic())
				for check, want := range tt.want {
					assert.Contains(t, notes[check], want)
					assert.Equal(t, want == "", notes[check] == "", "%s: %s", check, notes[check])
				}
				time.Sleep(24 * time.Hour)
			})
		})
	}
}

func TestCheckTellsWhatCouldNotBeJudged(t *testing.T) {
	t.Parallel()
	assert.Regexp(t, `no labels, for (\d+) of \d+ failures, such as "a plain error, context: full": not now`, enrichertest.Notes(everyOther())["answers"])
	assert.Contains(t, enrichertest.Notes(counting())["concurrency"], "no labels were compared")
	notes := enrichertest.Notes(doing(none), enrichertest.WithSkip("context", "a reason"))
	assert.Equal(t, "left out: a reason", notes["context"])
	assert.Contains(t, notes["every-key"], `no failure made it set ["kind"]`)
	assert.Equal(t, "not checked without WithDeterministic", notes["deterministic"])
	assert.Empty(t, notes["panics"])
}
