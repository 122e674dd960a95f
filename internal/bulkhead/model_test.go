package bulkhead_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/bulkhead"
)

func TestBulkheadModel(t *testing.T) {
	t.Parallel()
	for seed := range uint64(100) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			max := 1 + random.IntN(5)
			b := bulkhead.New(max)
			held, abandoned := 0, 0
			var queue []*waiter
			for step := range 200 {
				switch op := random.IntN(10); {
				case op < 2:
					ok := held < max
					require.Equal(t, ok, b.TryAcquire(), "seed %d, step %d", seed, step)
					if ok {
						held++
					}
				case op < 5 && held == max:
					if abandoned == max || len(queue) == max {
						require.False(t, b.Join(), "seed %d, step %d", seed, step)
						continue
					}
					queue = append(queue, wait(t, b))
				case op < 6 && len(queue) > 0:
					i := random.IntN(len(queue))
					queue[i].cancel()
					requireAnswers(t, queue[i:i+1], context.Canceled)
					queue = slices.Delete(queue, i, i+1)
				case op < 7 && abandoned < held:
					b.Abandon()
					abandoned++
				case held > 0:
					late := random.IntN(held) < abandoned
					b.Release(late)
					if late {
						abandoned--
					}
					if len(queue) > 0 {
						requireAnswers(t, queue[:1], nil)
						queue = queue[1:]
					} else {
						held--
					}
				}
				requireHeld(t, b, held, abandoned)
				for _, w := range queue {
					require.Equal(t, errWaiting, w.err, "seed %d, step %d", seed, step)
				}
			}
			for _, w := range queue {
				w.cancel()
			}
		})
	}
}

// For the race detector, and for what only happens concurrently.
func TestBulkheadStorm(t *testing.T) {
	t.Parallel()
	const slots, callers, times = 4, 12, 500
	b := bulkhead.New(slots)
	var running, served, left, rejected atomic.Int64
	var storm sync.WaitGroup
	for seed := range uint64(callers) {
		storm.Go(func() {
			random := rand.New(rand.NewPCG(seed, 2))
			for range times {
				if !b.TryAcquire() {
					if !b.Join() {
						rejected.Add(1)
						continue
					}
					ctx, cancel := context.WithTimeout(context.Background(), time.Duration(random.IntN(20))*time.Microsecond)
					err := b.Wait(ctx)
					cancel()
					if err != nil {
						left.Add(1)
						continue
					}
				}
				served.Add(1)
				if n := running.Add(1); n > slots {
					t.Errorf("%d run at once", n)
				}
				abandoned := random.IntN(4) == 0
				if abandoned {
					b.Abandon()
				}
				if held, gone := b.Held(); held < 1 || held > slots || gone > held {
					t.Errorf("%d held, %d of them abandoned", held, gone)
				}
				running.Add(-1)
				b.Release(abandoned)
			}
		})
	}
	storm.Wait()
	require.EqualValues(t, callers*times, served.Load()+left.Load()+rejected.Load())
	requireHeld(t, b, 0, 0)
	require.True(t, b.Drain(context.Background()))
	require.True(t, b.TryAcquire())
}
