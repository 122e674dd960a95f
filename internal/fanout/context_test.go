package fanout_test

import (
	"context"
	"errors"
	"math"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/fanout"
)

type key struct{}

func isDone(ctx context.Context) bool {
	select {
	case <-ctx.Done():
		return true
	default:
		return false
	}
}

// call makes one call with a second of time, and the values of values.
func call(t *testing.T, values context.Context, do func(ctx context.Context)) *recorder {
	t.Helper()
	p := newPlan(t, members(1), independent(1), time.Second)
	return runWith(t, p, 1, values, func(ctx context.Context, i int) error {
		do(ctx)
		return nil
	})
}

// requireEnded says that ctx has ended with err and cause, and that it stays so.
func requireEnded(t *testing.T, ctx context.Context, err, cause error) {
	t.Helper()
	for range 2 {
		require.Equal(t, err, ctx.Err())
		require.True(t, isDone(ctx))
		require.Equal(t, cause, context.Cause(ctx))
		require.Equal(t, err, ctx.Err())
		time.Sleep(time.Hour)
	}
}

func TestContextEnds(t *testing.T) {
	t.Parallel()
	cause := errors.New("shut down")
	for name, c := range map[string]struct {
		call       func(ctx context.Context)
		planEnds   time.Duration // 0: it does not
		at         time.Duration // when Done is closed
		err, cause error
	}{
		"with the last call":         {func(context.Context) { time.Sleep(10 * ms) }, 0, 10 * ms, context.Canceled, context.Canceled},
		"with the last call's panic": {func(context.Context) { time.Sleep(10 * ms); panic("no") }, 0, 10 * ms, context.Canceled, context.Canceled},
		"when the time is up":        {func(context.Context) { time.Sleep(2 * time.Second) }, 0, time.Second, context.DeadlineExceeded, context.DeadlineExceeded},
		"at the deadline":            {func(context.Context) { time.Sleep(time.Second) }, 0, time.Second, context.DeadlineExceeded, context.DeadlineExceeded},
		"with its plan":              {func(context.Context) { time.Sleep(20 * ms) }, 10 * ms, 10 * ms, context.Canceled, cause},
		"with its plan, as it waits": {func(ctx context.Context) { <-ctx.Done() }, 10 * ms, 10 * ms, context.Canceled, cause},
	} {
		for how, use := range map[string]func(ctx context.Context){
			"not used":       func(context.Context) {},
			"asked for Err":  func(ctx context.Context) { ctx.Err() },
			"asked for Done": func(ctx context.Context) { ctx.Done() },
		} {
			if name == "at the deadline" && how == "asked for Done" {
				continue // the call and the timer are due at once, and either may come first
			}
			t.Run(name+", "+how, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					base, cancel := context.WithCancelCause(context.Background())
					defer cancel(nil)
					if c.planEnds > 0 {
						time.AfterFunc(c.planEnds, func() { cancel(cause) })
					}
					begin := time.Now()
					contexts := make(chan context.Context, 1)
					start(t, newPlanOn(base, members(1), independent(1), time.Second), 1, func(ctx context.Context, _ int) error {
						use(ctx)
						contexts <- ctx
						c.call(ctx)
						return nil
					})
					ctx := <-contexts
					time.Sleep(c.at - 1)
					require.NoError(t, ctx.Err())
					if how == "asked for Done" {
						<-ctx.Done()
						require.Equal(t, c.at, time.Since(begin))
					}
					time.Sleep(time.Nanosecond)
					synctest.Wait()
					if c.planEnds > 0 && how == "not used" {
						time.Sleep(time.Second) // the call has ended, and its cause with it
						require.Equal(t, c.err, ctx.Err())
						return
					}
					requireEnded(t, ctx, c.err, c.cause)
				})
			})
		}
	}
}

func TestContextHasTheDeadlineOfItsCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		all := members(3)
		all[2].Timeout = 100 * ms
		var deadlines [3]time.Duration
		run(t, newPlan(t, all, chain(3), 3*time.Second), 3, func(ctx context.Context, i int) error {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			deadlines[i] = deadline.Sub(start)
			return sleep(200*ms)(ctx, i)
		})
		require.Equal(t, [3]time.Duration{time.Second, 2 * time.Second, 500 * ms}, deadlines)
		time.Sleep(time.Second) // until the last has returned
	})
}

func TestContextHasTheValuesOfTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		values := context.WithValue(context.Background(), key{}, "value")
		call(t, values, func(ctx context.Context) {
			look := func() {
				assert.Equal(t, "value", ctx.Value(key{}))
				assert.Nil(t, ctx.Value("other"))
			}
			look()
			ctx.Done()
			look()
			child, cancel := context.WithCancel(ctx)
			cancel()
			assert.Equal(t, "value", child.Value(key{}))
			assert.Equal(t, "value", context.WithoutCancel(ctx).Value(key{}))
		})
	})
}

func TestContextDoesNotEndWithTheCallers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		canceled, cancel := context.WithCancelCause(context.WithValue(context.Background(), key{}, "value"))
		cancel(errCall)
		late, cancelLate := context.WithDeadline(canceled, time.Now().Add(-time.Hour))
		defer cancelLate()
		later, cancelLater := context.WithTimeout(context.Background(), 10*ms)
		defer cancelLater()

		for _, values := range []context.Context{canceled, late, later} {
			start := time.Now()
			r := call(t, values, func(ctx context.Context) {
				alive := func() {
					assert.NoError(t, ctx.Err())
					assert.NoError(t, context.Cause(ctx))
					assert.False(t, isDone(ctx))
					assert.NoError(t, ctx.Err())
				}
				deadline, ok := ctx.Deadline()
				assert.True(t, ok)
				assert.Equal(t, time.Second, deadline.Sub(start))
				assert.NoError(t, ctx.Err())
				assert.NoError(t, context.Cause(ctx))
				alive()
				time.Sleep(20 * ms)
				alive()
				child, cancelChild := context.WithTimeout(ctx, time.Minute)
				defer cancelChild()
				assert.NoError(t, child.Err())
			})
			require.Equal(t, fanout.OK, r.outcomes[0].Status)
		}
	})
}

func TestContextErrDoesNotChange(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base, cancel := context.WithCancel(context.Background())
		p := newPlanOn(base, members(2), independent(2), time.Second)
		var kept [2]context.Context
		r := run(t, p, 2, func(ctx context.Context, i int) error {
			kept[i] = ctx
			time.Sleep(2 * time.Second)
			if i == 0 {
				assert.Equal(t, context.DeadlineExceeded, ctx.Err())
			}
			time.Sleep(2 * time.Second)
			return quick(ctx, i)
		})
		time.Sleep(1500 * ms)
		cancel() // after the deadline, before the return
		for range 2 {
			require.Equal(t, context.DeadlineExceeded, kept[0].Err())
			require.True(t, isDone(kept[0]))
			require.Equal(t, context.DeadlineExceeded, kept[1].Err())
			time.Sleep(5 * time.Second)
		}
		require.Equal(t, []fanout.Status{fanout.TimedOut, fanout.TimedOut}, r.statuses())
	})
}

func TestContextChildrenNeedNoGoroutine(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		values, cancelValues := context.WithCancel(context.Background()) // with a context of package context in it
		defer cancelValues()
		var children []context.Context
		call(t, values, func(ctx context.Context) {
			before := len(bubbleStacks(t))
			for i := range 20 {
				var child context.Context
				var cancel context.CancelFunc
				switch i % 4 {
				case 0:
					child, cancel = context.WithCancel(ctx)
				case 1:
					child, cancel = context.WithTimeout(ctx, time.Minute)
				case 2:
					child, cancel = context.WithTimeout(context.WithValue(children[i-1], key{}, i), time.Minute)
				case 3:
					child, cancel = context.WithCancel(children[i-1])
				}
				defer cancel()
				assert.NoError(t, child.Err())
				deadline, ok := child.Deadline()
				assert.True(t, ok)
				want, _ := ctx.Deadline()
				assert.True(t, want.Equal(deadline))
				children = append(children, child)
			}
			assert.Len(t, bubbleStacks(t), before)

			<-ctx.Done()
			for _, child := range children {
				<-child.Done()
				assert.Equal(t, context.DeadlineExceeded, child.Err())
				assert.Equal(t, context.DeadlineExceeded, context.Cause(child))
			}
		})
	})
}

// Package context follows a context that is not its own by a goroutine if there is
// a value in between.
func TestContextChildrenWithAValueInBetweenEndWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		call(t, context.Background(), func(ctx context.Context) {
			child, cancel := context.WithTimeout(context.WithValue(ctx, key{}, 1), time.Minute)
			defer cancel()
			before := len(bubbleStacks(t))
			other, cancelOther := context.WithCancel(context.WithValue(ctx, key{}, 1))
			cancelOther()
			synctest.Wait()
			assert.Equal(t, context.Canceled, other.Err())
			assert.Len(t, bubbleStacks(t), before, "its goroutine is left")
			<-child.Done()
			assert.Equal(t, context.DeadlineExceeded, child.Err())
		})
		synctest.Wait()
		require.Len(t, bubbleStacks(t), 1)
	})
}

func TestContextChildrenEndWithIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var child, grandchild context.Context
		call(t, context.Background(), func(ctx context.Context) {
			var cancel context.CancelFunc
			child, cancel = context.WithCancel(ctx)
			_ = cancel // it is the end of ctx that ends it
			grandchild, cancel = context.WithTimeout(context.WithValue(child, key{}, 1), time.Minute)
			_ = cancel
			assert.NoError(t, grandchild.Err())
		})
		requireEnded(t, child, context.Canceled, context.Canceled)
		requireEnded(t, grandchild, context.Canceled, context.Canceled)
	})
}

func TestContextChildMadeLateHasEnded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		call(t, context.Background(), func(ctx context.Context) { kept = ctx })
		before := len(bubbleStacks(t))
		child, cancel := context.WithTimeout(kept, time.Minute)
		defer cancel()
		requireEnded(t, child, context.Canceled, context.Canceled)
		require.Len(t, bubbleStacks(t), before)
	})
}

func TestContextAfterFuncRunsWhenItEnds(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name  string
		takes time.Duration
		want  time.Duration
	}{
		{"in time", 10 * ms, 10 * ms},
		{"too late", 2 * time.Second, time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				begin := time.Now()
				ran := make(chan time.Duration, 1)
				call(t, context.Background(), func(ctx context.Context) {
					before := len(bubbleStacks(t))
					context.AfterFunc(ctx, func() { ran <- time.Since(begin) })
					stopped := context.AfterFunc(ctx, func() { t.Error("was stopped") })
					assert.True(t, stopped())
					assert.Len(t, bubbleStacks(t), before)
					time.Sleep(c.takes)
				})
				require.Equal(t, c.want, <-ran)
				time.Sleep(c.takes)
			})
		})
	}
}

func TestContextMayBeUsedConcurrently(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			base, cancelBase := context.WithCancel(context.Background())
			defer cancelBase()
			values := context.WithValue(context.Background(), key{}, "value")
			p := newPlanOn(base, members(2), independent(2), time.Second)
			var users sync.WaitGroup
			r := runWith(t, p, 2, values, func(ctx context.Context, i int) error {
				for u := range 8 {
					users.Go(func() {
						var said error
						for range 50 {
							ctx.Deadline()
							assert.Equal(t, "value", ctx.Value(key{}))
							err := ctx.Err()
							if said != nil {
								assert.Equal(t, said, err)
							}
							said = err
							if u%2 == 0 {
								done := isDone(ctx)
								assert.False(t, said != nil && !done, "Err has said that it is over")
							}
							child, cancel := context.WithCancel(ctx)
							assert.Equal(t, "value", child.Value(key{}))
							cancel()
							time.Sleep(30 * ms) // some of them after the end of the call
						}
						assert.Error(t, said)
					})
				}
				return sleep(time.Duration(500+1000*i)*ms)(ctx, i)
			})
			users.Wait()
			require.Equal(t, []fanout.Status{fanout.OK, fanout.TimedOut}, r.statuses())
		})
	}
}

func TestContextDoneIsOneChannelForConcurrentCallers(t *testing.T) {
	t.Parallel()
	for range 2000 {
		synctest.Test(t, func(t *testing.T) {
			call(t, context.Background(), func(ctx context.Context) {
				var asking sync.WaitGroup
				var channels [4]<-chan struct{}
				start := make(chan struct{})
				for i := range channels {
					asking.Go(func() {
						<-start
						channels[i] = ctx.Done()
					})
				}
				close(start)
				asking.Wait()
				for _, done := range channels {
					require.Equal(t, ctx.Done(), done)
				}
			})
		})
	}
}

// Not in parallel: what other tests allocate would count.
func TestContextDoneCostsNoAllocationPerCall(t *testing.T) {
	const n = 64
	p := fanout.NewPlan(context.Background(), members(n), independent(n), time.Second, asPanicError)
	allocs := math.Inf(1)
	for range 20 { // with the race detector, or on a busy machine, some runs are not kept
		allocs = min(allocs, testing.AllocsPerRun(20, func() { p.Run(time.Now(), context.Background(), asking{}) }))
	}
	require.Less(t, allocs, float64(n), "some for each run")
}

// asking are calls that ask for Done.
type asking struct{ nothing }

func (asking) Call(ctx context.Context, _ int) error {
	ctx.Done()
	return nil
}

func TestContextIsNotKeptByThePlan(t *testing.T) {
	t.Parallel()
	base, cancel := context.WithCancel(context.Background())
	defer cancel()
	p := newPlanOn(base, members(2), independent(2), time.Minute)
	value := new([64]byte)
	kept := weak.Make(value)
	p.Run(time.Now(), context.WithValue(context.Background(), key{}, value), asking{})
	runtime.GC()
	require.Nil(t, kept.Value())
	require.NoError(t, base.Err())
}
