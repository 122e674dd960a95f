package enricher_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// unwrapHangs does not return from Unwrap until release is closed.
type unwrapHangs struct{ release <-chan struct{} }

func (unwrapHangs) Error() string { return "its Unwrap hangs" }

func (e unwrapHangs) Unwrap() error {
	<-e.release
	return nil
}

// labelsHang does not return from FailureLabels until release is closed.
type labelsHang struct{ release <-chan struct{} }

func (labelsHang) Error() string { return "its FailureLabels hangs" }

func (e labelsHang) FailureLabels() map[string]string {
	<-e.release
	return nil
}

// breakers returns the state of the breaker of each enricher of e.
func breakers(e *enricher.Enricher) []enricher.BreakerState {
	var all []enricher.BreakerState
	for _, s := range e.Stats().Enrichers {
		all = append(all, s.Breaker)
	}
	return all
}

func repeated[T any](n int, v T) []T {
	all := make([]T, n)
	for i := range all {
		all[i] = v
	}
	return all
}

// asking asks the cause for its text, its labels and for all that it wraps, as most
// enrichers do, and answers with l.
func asking(l enricher.Labels) processFunc {
	return func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		for err := range enricher.Chain(cause) {
			_ = err.Error()
		}
		enricher.LabelsOf(cause)
		return l.Clone(), nil
	}
}

func TestBreakerDoesNotCountACauseThatHangs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		cause func(release <-chan struct{}) error
	}{
		{"in Error", func(release <-chan struct{}) error { return hostile.Hangs{Release: release} }},
		{"in Unwrap", func(release <-chan struct{}) error { return unwrapHangs{release} }},
		{"in FailureLabels", func(release <-chan struct{}) error { return labelsHang{release} }},
		{"in Error, far down", func(release <-chan struct{}) error {
			return hostile.Join(errJob, hostile.Wrap("job", hostile.Hangs{Release: release}))
		}},
		{"in Unwrap, far down", func(release <-chan struct{}) error {
			return hostile.Join(hostile.Wide(1000), hostile.Wrap("job", unwrapHangs{release}))
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{BreakerThreshold: 3}},
					with("a", "x", asking(enricher.Labels{"x": "a"})),
					with("b", "y", asking(enricher.Labels{"y": "b"})),
					withGood("c", "z"))
				for range 10 {
					res := e.EnrichContext(context.Background(), c.cause(release), enricher.FailureContext{})
					assert.Equal(t, enricher.Labels{"z": "c"}, res.Labels)
					assert.Equal(t, []enricher.Status{enricher.StatusTimedOut, enricher.StatusTimedOut, enricher.StatusOK}, statuses(res))

					other := enrichAs(e, enricher.FailureContext{})
					assert.Equal(t, enricher.Labels{"x": "a", "y": "b", "z": "c"}, other.Labels)
				}
				// No other failure may end the row.
				for range 10 {
					e.EnrichContext(context.Background(), c.cause(release), enricher.FailureContext{})
				}
				assert.Equal(t, repeated(3, enricher.BreakerClosed), breakers(e))
			})
		})
	}
}

func TestBreakerCountsAnEnricherThatHangsAlone(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		cause error
	}{
		{"a good cause", errJob},
		{"a cause whose methods panic", hostile.Panics{}},
		{"a cause that ends the goroutine", hostile.Exits{}},
		{"a large cause", hostile.Wide(5000)},
		{"a long cause", hostile.Long()},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				release := make(chan struct{})
				defer close(release)
				e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{BreakerThreshold: 3}},
					with("hangs", "x", hanging(release, nil)), withGood("good", "y"))
				for range 3 {
					assert.Equal(t, repeated(2, enricher.BreakerClosed), breakers(e))
					e.EnrichContext(context.Background(), c.cause, enricher.FailureContext{})
				}
				assert.Equal(t, []enricher.BreakerState{enricher.BreakerOpen, enricher.BreakerClosed}, breakers(e))
			})
		})
	}
}

func TestBreakerCountsAllEnrichersOfARemoteSystemThatIsDown(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{Timeout: time.Second, Policy: enricher.Policy{BreakerThreshold: 3}},
			with("a", "x", untilTimeIsUp), with("b", "y", untilTimeIsUp), with("c", "z", untilTimeIsUp))
		for range 3 {
			assert.Equal(t, repeated(3, enricher.BreakerClosed), breakers(e))
			res := e.EnrichContext(context.Background(), hostile.Wrap("job", errors.New("down")), enricher.FailureContext{})
			assert.Equal(t, repeated(3, enricher.StatusTimedOut), statuses(res))
		}
		assert.Equal(t, repeated(3, enricher.BreakerOpen), breakers(e))
	})
}

func TestBreakerCountsOneOfTheTimeoutsThatOverlap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, enricher.Policy{BreakerThreshold: 3})
		storm := func() {
			var all []*enricher.Future
			for range 32 {
				all = append(all, r.starts(untilTimeIsUp))
				time.Sleep(time.Millisecond)
			}
			for _, f := range all {
				require.Equal(t, enricher.StatusTimedOut, outcomeOf(t, f).Status)
			}
		}
		for range 2 {
			storm()
			assert.Equal(t, enricher.BreakerClosed, r.breaker())
		}
		storm()
		assert.Equal(t, enricher.BreakerOpen, r.breaker())
	})
}

// storm has callers whose failures come one after another, until the breaker opens or
// time is up. It reports whether it opened.
func (r *rig) storm(callers int, fn processFunc) (opened bool) {
	r.a.to(fn)
	var wg sync.WaitGroup
	end := time.Now().Add(time.Minute)
	for i := range callers {
		wg.Go(func() {
			time.Sleep(time.Duration(i) * 17 * time.Millisecond)
			for r.breaker() == enricher.BreakerClosed && time.Now().Before(end) {
				enrichAs(r.e, enricher.FailureContext{})
				time.Sleep(time.Duration(1+i%5) * 11 * time.Millisecond)
			}
		})
	}
	wg.Wait()
	return r.breaker() == enricher.BreakerOpen
}

// In a storm nearly all calls wait for a slot.
func TestBreakerCountsAnEnricherThatHangsInAStorm(t *testing.T) {
	t.Parallel()
	for _, callers := range []int{1, 8, 9, 12, 20, 100} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, enricher.Policy{MaxConcurrent: 8})
			assert.True(t, r.storm(callers, untilTimeIsUp), "%d callers", callers)
		})
	}
}

func TestBreakerDoesNotCountThatCallsWaitInAStorm(t *testing.T) {
	t.Parallel()
	for _, callers := range []int{8, 9, 12, 20, 100} {
		synctest.Test(t, func(t *testing.T) {
			r := newRig(t, enricher.Policy{MaxConcurrent: 8})
			assert.False(t, r.storm(callers, sleeping(450*time.Millisecond, answering(nil))), "%d callers", callers)
			assert.Zero(t, statsOf(t, r.e).Calls[enricher.StatusTimedOut])
		})
	}
}
