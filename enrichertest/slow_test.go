package enrichertest_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

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
	all := map[string]broken{}
	for _, d := range []time.Duration{20 * time.Millisecond, 100 * time.Millisecond} {
		var n atomic.Int64
		all["it counts, in "+d.String()] = process("deterministic", "and then those of the same enricher",
			slowly(d, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"kind": strconv.FormatInt(n.Add(1), 10)}, nil
			}), enrichertest.Deterministic())
		all["it has one field for all calls, in "+d.String()] = broken{"concurrency", "when others were under way", making(func() enricher.FailureEnricher {
			var mu sync.Mutex
			var last string
			answer := slowly(d, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				mu.Lock()
				defer mu.Unlock()
				return enricher.Labels{"kind": last}, nil
			})
			return enricher.Func([]string{"kind"}, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				mu.Lock()
				last = fmt.Sprintf("%T %s", cause, fc.ID)
				mu.Unlock()
				return answer(ctx, cause, fc)
			})
		}), []enrichertest.Option{enrichertest.Skip("values", "the text is not clean")}}
	}
	all["it returns late"] = process("context", "ProcessFailure returned late", func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
		<-ctx.Done()
		time.Sleep(150 * time.Millisecond)
		return nil, nil
	}, enrichertest.WithMargin(300*time.Millisecond), enrichertest.WithPatience(500*time.Millisecond))
	all["it has room for one call"] = broken{"concurrency", "the labels were \"kind=busy\" when others were under way", making(func() enricher.FailureEnricher {
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
	}), nil}
	return all
}

// checkSlowly checks an enricher in no time, and returns the notes and how long it
// would have taken.
func checkSlowly(t *testing.T, factory enricher.Factory, options ...enrichertest.Option) (notes map[string]string, took time.Duration) {
	t.Helper()
	notes, took, err := findSlowly(t, factory, options...)
	assert.NoError(t, err)
	return notes, took
}

// findSlowly is checkSlowly for an enricher that may have faults.
func findSlowly(t *testing.T, factory enricher.Factory, options ...enrichertest.Option) (notes map[string]string, took time.Duration, err error) {
	t.Helper()
	notes = map[string]string{}
	synctest.Test(t, func(*testing.T) {
		start := time.Now()
		err = enrichertest.Check(factory, append(options, enrichertest.WithNotes(func(check, note string) {
			notes[check] += note + "\n"
		}))...)
		took = time.Since(start)
		time.Sleep(time.Minute) // for calls that go on
	})
	return notes, took, err
}

func TestASlowEnricherIsJudgedWhereThereIsTime(t *testing.T) {
	t.Parallel()
	for d, most := range map[time.Duration]time.Duration{
		20 * time.Millisecond:  12 * time.Second,
		150 * time.Millisecond: 15 * time.Second,
	} {
		notes, took := checkSlowly(t, doing(slowly(d, kind)), enrichertest.Deterministic())
		assert.LessOrEqual(t, took, most, d)
		assert.Equal(t, d > 100*time.Millisecond, strings.Contains(notes["deterministic"], "use WithPatience"), d)
		for _, check := range []string{"stable-keys", "panics", "values", "ownership", "concurrency", "deterministic", "goroutines"} {
			assert.NotContains(t, notes[check], "labels were compared", d)
			assert.NotContains(t, notes[check], "nothing to judge", d)
		}
	}
}

func TestAnEnricherThatDoesNotHeedItsContextIsNotWaitedForForEver(t *testing.T) {
	t.Parallel()
	for d, most := range map[time.Duration]time.Duration{
		20 * time.Millisecond:  15 * time.Second,
		150 * time.Millisecond: 30 * time.Second,
	} {
		deaf := func(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
			return slowly(d, kind)(context.Background(), cause, fc)
		}
		notes, took := checkSlowly(t, making(func() enricher.FailureEnricher {
			return &explainer{enricher.Func([]string{"kind"}, deaf), func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
				labels, err := deaf(ctx, cause, fc)
				return labels, nil, err
			}}
		}), enrichertest.Deterministic())
		assert.LessOrEqual(t, took, most, d)
		assert.Contains(t, notes["context"], "calls whose ctx ended went on for")
		assert.Contains(t, notes["context"], "; to make this a fault, see WithMargin")
	}
}

func TestACheckThatHadNoTimeDoesNotPassInSilence(t *testing.T) {
	t.Parallel()
	notes, took := checkSlowly(t, doing(func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}), enrichertest.Deterministic(), enrichertest.Skip("answers", "there is no server"))
	assert.LessOrEqual(t, took, 10*time.Second)
	for _, check := range []string{"declared", "values", "ownership", "concurrency", "deterministic"} {
		assert.Contains(t, notes[check], "no call has returned labels in time", check)
	}

	notes, _ = checkSlowly(t, doing(slowly(800*time.Millisecond, kind)), enrichertest.Deterministic())
	for _, check := range []string{"concurrency", "deterministic"} {
		assert.Regexp(t, "labels were compared for 0 of 1|nothing to judge", notes[check], check)
	}
	notes, _ = checkSlowly(t, doing(slowly(800*time.Millisecond, kind)), enrichertest.Deterministic(), enrichertest.WithPatience(20*time.Second))
	for _, check := range []string{"concurrency", "deterministic"} {
		assert.NotContains(t, notes[check], "labels were compared", check)
		assert.NotContains(t, notes[check], "nothing to judge", check)
	}
}

func TestACheckWithoutAnythingToJudgeNamesTheCheckThatKnowsWhy(t *testing.T) {
	t.Parallel()
	for see, fn := range map[string]processFunc{
		"context": func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			time.Sleep(3 * time.Second)
			return nil, nil
		},
		"panics": func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { panic("oops") },
	} {
		notes, _, err := findSlowly(t, doing(fn), enrichertest.Deterministic())
		assert.ErrorContains(t, err, see+": ")
		for _, check := range []string{"errors", "answers", "declared", "every-key", "values", "ownership", "arguments", "concurrency", "deterministic"} {
			assert.Equal(t, "no call has returned labels in time, so there is nothing to judge: see "+see+"\n", notes[check], check)
		}
	}
	notes, _, err := findSlowly(t, doing(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return nil, io.EOF
	}))
	assert.ErrorContains(t, err, "answers: ")
	assert.Contains(t, notes["values"], "nothing to judge: see answers\n")
	assert.NotContains(t, notes, "errors")
	assert.NotContains(t, notes, "arguments")
}

func TestACheckWithoutAnEnricherToGiveFailuresToSaysSo(t *testing.T) {
	t.Parallel()
	var n atomic.Int64
	notes, _, err := findSlowly(t, factoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		if n.Add(1) > 5 {
			return nil, errors.New("no more ports")
		}
		return good, nil
	}))
	assert.ErrorContains(t, err, "stable-keys: one more enricher of the same options cannot be made")
	for _, check := range []string{"errors", "answers", "values"} {
		assert.Equal(t, "one more enricher of the same options cannot be made, so there is nothing to judge\n", notes[check], check)
	}
}

func TestErrorsAreNotPassedInSilence(t *testing.T) {
	t.Parallel()
	notes, _ := checkSlowly(t, everyOther())
	assert.Regexp(t, `no labels, for (\d+) of \d+ failures, such as for "a plain error, context: full", after 0s: not now`, notes["answers"])
}

func TestWhatThereWasNoTimeForIsSaidOnceAndWhatWouldHelp(t *testing.T) {
	t.Parallel()
	for _, d := range []time.Duration{20 * time.Millisecond, 150 * time.Millisecond, 300 * time.Millisecond} {
		factory := doing(slowly(d, kind))
		notes, _ := checkSlowly(t, factory, enrichertest.Deterministic())
		assert.NotContains(t, notes["answers"], "returned an error", d)
		said := regexp.MustCompile(`^there was no time left for (?:1|2)\d\d of 2\d\d failures: for all, use WithPatience\((\d.*s)\)\n$`).FindStringSubmatch(notes["answers"])
		require.NotNil(t, said, notes["answers"])
		patience, err := time.ParseDuration(said[1])
		require.NoError(t, err)
		all, _ := checkSlowly(t, factory, enrichertest.Deterministic(), enrichertest.WithPatience(patience))
		assert.NotContains(t, all, "answers", d)

		said = regexp.MustCompile(`with few failures: for more, use WithPatience\((\d.*s)\)`).FindStringSubmatch(notes["deterministic"])
		if assert.Equal(t, d > 100*time.Millisecond, said != nil, d); said == nil {
			continue
		}
		patience, err = time.ParseDuration(said[1])
		require.NoError(t, err)
		all, _ = checkSlowly(t, factory, enrichertest.Deterministic(), enrichertest.WithPatience(patience))
		assert.NotContains(t, all["deterministic"], "few failures", d)
	}
}

func TestAnEnricherWhoseLabelsCannotBeComparedIsNotPassedInSilence(t *testing.T) {
	t.Parallel()
	notes, _ := checkSlowly(t, counting())
	assert.Contains(t, notes["concurrency"], "labels were compared for 0 of 24 failures")
}

// Not in parallel, and in real time: timers are late there only.
func TestAShortMarginIsKept(t *testing.T) {
	err := enrichertest.Check(doing(func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		time.Sleep(20 * time.Millisecond)
		return nil, nil
	}), enrichertest.WithMargin(5*time.Millisecond), enrichertest.WithPatience(100*time.Millisecond))
	assert.ErrorContains(t, err, "context: ")
	assert.ErrorContains(t, err, "has not returned 5ms after its ctx had ended")
}
