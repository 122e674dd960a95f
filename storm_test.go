package enricher_test

import (
	"context"
	"maps"
	"runtime"
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
)

// A storm comes in fake time, in which no good enricher can be late because the
// machine is: what is asserted holds always, or never.
func TestAStormOfFailuresLosesNoLabelOfAGoodEnricher(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const (
			failures   = 100_000
			callers    = 8
			slots      = 8 // of each of the enrichers
			slack      = 16 << 20
			everySlow  = 20 // failures
			everyPanic = 11
		)
		// How many goroutines there are is asked where there are most.
		var most atomic.Int64
		sample := func() {
			n := int64(runtime.NumGoroutine())
			for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
			}
		}
		good := func(key string) processFunc {
			return func(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				sample()
				return enricher.Labels{key: cause.Error() + " " + fc.ID}, nil
			}
		}
		every := func(n int, fc enricher.FailureContext) bool {
			id, err := strconv.Atoi(fc.ID)
			assert.NoError(t, err)
			return id%n == 0
		}
		release := make(chan struct{})
		var hung atomic.Int64
		e := running(t, enricher.Config{
			Timeout: 50 * time.Millisecond,
			Policy:  enricher.Policy{MaxConcurrent: slots, BreakerThreshold: 5, BreakerCooldown: time.Second},
		},
			with("good-1", "g1", good("g1")),
			with("hung", "h", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				hung.Add(1)
				sample()
				<-release
				return enricher.Labels{"h": "late"}, nil
			}),
			with("good-2", "g2", good("g2")),
			with("slow", "s", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				sample()
				if every(everySlow, fc) {
					time.Sleep(20 * time.Millisecond)
				}
				return enricher.Labels{"s": fc.ID}, nil
			}),
			with("panicking", "p", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				sample()
				if every(everyPanic, fc) {
					panic(fc.ID)
				}
				return enricher.Labels{"p": fc.ID}, nil
			}),
			withReader("reader", "r", []string{"g1", "g2"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				sample()
				return enricher.Labels{"r": fc.Labels.String()}, nil
			}),
		)

		goroutines, heap := int64(runtime.NumGoroutine()), liveHeap()
		attributes := map[string]string{"log": strings.Repeat("x", 1<<10)}
		var all sync.WaitGroup
		for caller := range callers {
			all.Go(func() {
				for n := range failures / callers {
					id := strconv.Itoa(caller*failures/callers + n)
					res := e.EnrichContext(context.Background(), errJob, enricher.FailureContext{ID: id, Attributes: attributes})
					sample()
					text := errJob.Error() + " " + id
					delete(res.Labels, "p") // what it says when it does not panic
					want := enricher.Labels{"g1": text, "g2": text, "r": "g1=" + text + ", g2=" + text, "s": id}
					if !maps.Equal(want, res.Labels) {
						assert.Equal(t, want, res.Labels) // 100,000 of these take a while
					}
				}
			})
		}
		all.Wait()

		assert.LessOrEqual(t, most.Load(), goroutines+6*slots+2*callers)
		assert.LessOrEqual(t, liveHeap(), heap+slack)
		calls := func(i int) map[enricher.Status]uint64 { return e.Stats().Enrichers[i].Calls }
		for _, i := range []int{0, 2, 3, 5} {
			assert.Equal(t, map[enricher.Status]uint64{enricher.StatusOK: failures}, calls(i))
		}
		stats := e.Stats().Enrichers[1]
		require.Equal(t, int64(slots), hung.Load(), "it has been called as often as there are slots")
		assert.Equal(t, slots, stats.Abandoned)
		assert.Equal(t, slots, stats.InFlight)
		assert.Equal(t, uint64(slots), stats.Calls[enricher.StatusTimedOut])
		assert.Equal(t, uint64(failures-slots),
			stats.Calls[enricher.StatusCircuitOpen]+stats.Calls[enricher.StatusSaturated])
		assert.Equal(t, uint64(failures), calls(4)[enricher.StatusOK]+calls(4)[enricher.StatusPanicked]+calls(4)[enricher.StatusCircuitOpen])

		close(release)
		synctest.Wait()
		assert.Zero(t, e.Stats().Enrichers[1].InFlight)
	})
}

// liveHeap returns how many bytes are in use after a collection.
func liveHeap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}
