package fanout_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
	return runWith(t, p, 1, values, func(ctx context.Context, i int) (string, error) {
		do(ctx)
		return result(i), nil
	})
}

// requireEnded says that ctx has ended, how, and that it stays so.
func requireEnded(t *testing.T, ctx context.Context, want error) {
	t.Helper()
	for range 2 {
		require.Equal(t, want, ctx.Err())
		require.True(t, isDone(ctx))
		require.Equal(t, want, context.Cause(ctx))
		require.Equal(t, want, ctx.Err())
		time.Sleep(time.Hour)
	}
}

func TestTheContextOfACallHasTheDeadlineOfTheCall(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		all := members(3)
		all[2].Timeout = 100 * ms
		var deadlines [3]time.Duration
		run(t, newPlan(t, all, chain(3), 3*time.Second), 3, func(ctx context.Context, i int) (string, error) {
			deadline, ok := ctx.Deadline()
			assert.True(t, ok)
			deadlines[i] = deadline.Sub(start)
			return sleep(200*ms)(ctx, i)
		})
		require.Equal(t, [3]time.Duration{time.Second, 2 * time.Second, 500 * ms}, deadlines)
		time.Sleep(time.Second) // until the last has returned
	})
}

func TestTheContextOfACallHasTheValuesOfTheCaller(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		values := context.WithValue(context.Background(), key{}, "value")
		call(t, values, func(ctx context.Context) {
			look := func() {
				assert.Equal(t, "value", ctx.Value(key{}))
				assert.Nil(t, ctx.Value("other"))
			}
			look()
			ctx.Done() // from here on another context does the work
			look()
			child, cancel := context.WithCancel(ctx)
			cancel()
			assert.Equal(t, "value", child.Value(key{}))
			assert.Equal(t, "value", context.WithoutCancel(ctx).Value(key{}))
		})
	})
}

func TestTheEndOfTheCallersContextDoesNotReachACall(t *testing.T) {
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

func TestDoneIsClosedWhenTheTimeIsUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		call(t, context.Background(), func(ctx context.Context) {
			kept = ctx
			start := time.Now()
			assert.Equal(t, ctx.Done(), ctx.Done(), "it is one channel")
			time.Sleep(time.Second - 1)
			assert.False(t, isDone(ctx))
			assert.NoError(t, ctx.Err())
			<-ctx.Done()
			assert.Equal(t, time.Second, time.Since(start))
			assert.Equal(t, context.DeadlineExceeded, ctx.Err())
			assert.Equal(t, context.DeadlineExceeded, context.Cause(ctx))
		})
		requireEnded(t, kept, context.DeadlineExceeded)
	})
}

func TestErrSaysThatTheTimeIsUpThoughNobodyAskedForDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		call(t, context.Background(), func(ctx context.Context) {
			kept = ctx
			time.Sleep(time.Second - 1)
			assert.NoError(t, ctx.Err())
			time.Sleep(time.Nanosecond)
			assert.Equal(t, context.DeadlineExceeded, ctx.Err())
			assert.Equal(t, context.DeadlineExceeded, context.Cause(ctx))
			assert.True(t, isDone(ctx), "Done agrees with what Err has said")
		})
		requireEnded(t, kept, context.DeadlineExceeded)
	})
}

func TestAContextEndsWithItsCall(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(ctx context.Context){
		"looked at by nobody": func(context.Context) {},
		"asked for Err":       func(ctx context.Context) { ctx.Err() },
		"asked for Done":      func(ctx context.Context) { ctx.Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var kept context.Context
				call(t, context.Background(), func(ctx context.Context) {
					kept = ctx
					use(ctx)
				})
				requireEnded(t, kept, context.Canceled) // for hours, though its deadline passes
			})
		})
		t.Run(name+", with a panic", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var kept context.Context
				call(t, context.Background(), func(ctx context.Context) {
					kept = ctx
					use(ctx)
					panic("no")
				})
				requireEnded(t, kept, context.Canceled)
			})
		})
		t.Run(name+", and later than it should", func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var kept context.Context
				call(t, context.Background(), func(ctx context.Context) {
					kept = ctx
					use(ctx)
					time.Sleep(2 * time.Second)
				})
				time.Sleep(2 * time.Second)
				requireEnded(t, kept, context.DeadlineExceeded)
			})
		})
	}
}

func TestAContextHasTimedOutThoughItsCallReturnsAtTheDeadline(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		call(t, context.Background(), func(ctx context.Context) {
			kept = ctx
			time.Sleep(time.Second)
		})
		requireEnded(t, kept, context.DeadlineExceeded)
	})
}

func TestWhoHoldsDoneIsToldThatTheCallHasReturned(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		told := make(chan time.Duration, 1)
		start := time.Now()
		call(t, context.Background(), func(ctx context.Context) {
			go func() {
				<-ctx.Done()
				told <- time.Since(start)
			}()
			time.Sleep(10 * ms)
		})
		require.Equal(t, 10*ms, <-told)
	})
}

func TestAContextEndsWithItsPlan(t *testing.T) {
	t.Parallel()
	for name, use := range map[string]func(ctx context.Context){
		"looked at by nobody": func(context.Context) {},
		"asked for Err":       func(ctx context.Context) { ctx.Err() },
		"asked for Done":      func(ctx context.Context) { ctx.Done() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				cause := errors.New("shut down")
				base, cancel := context.WithCancelCause(context.Background())
				p := newPlanOn(base, members(1), independent(1), time.Second)
				var kept context.Context
				r, wait := start(t, p, 1, func(ctx context.Context, i int) (string, error) {
					kept = ctx
					use(ctx)
					time.Sleep(10 * ms)
					assert.Equal(t, context.Canceled, ctx.Err())
					assert.Equal(t, cause, context.Cause(ctx))
					assert.True(t, isDone(ctx))
					assert.Equal(t, context.Canceled, ctx.Err())
					assert.Equal(t, cause, context.Cause(ctx))
					return "", ctx.Err()
				})
				time.Sleep(5 * ms)
				cancel(cause)
				wait()
				require.Equal(t, fanout.Outcome{Status: fanout.Failed, Err: context.Canceled, Duration: 10 * ms}, r.outcomes[0])
				time.Sleep(time.Hour)
				require.Equal(t, context.Canceled, kept.Err())
				require.Equal(t, cause, context.Cause(kept))
			})
		})
	}
}

func TestThePlansEndWakesWhoWaitsForDone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base, cancel := context.WithCancel(context.Background())
		p := newPlanOn(base, members(4), independent(4), time.Second)
		r, wait := start(t, p, 4, func(ctx context.Context, _ int) (string, error) {
			<-ctx.Done()
			return "", ctx.Err()
		})
		time.Sleep(10 * ms)
		cancel()
		wait()
		for _, o := range r.outcomes {
			require.Equal(t, fanout.Failed, o.Status)
			require.Equal(t, context.Canceled, o.Err)
		}
		require.Equal(t, 10*ms, time.Since(r.start))
	})
}

func TestAPlanThatHasEndedMakesNoCalls(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base, cancel := context.WithCancel(context.Background())
		cancel()
		r := run(t, newPlanOn(base, members(2), chain(2), time.Second), 2, quick)
		require.Equal(t, []fanout.Status{fanout.Skipped, fanout.Skipped}, r.statuses())
	})
}

func TestACallThatWaitsForASlotWhenThePlanEndsIsNotMade(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base, cancel := context.WithCancel(context.Background())
		all := onlySlots(1)
		p := newPlanOn(base, all, independent(1), time.Second)
		_, waitFirst := start(t, p, 1, sleep(10*ms))
		time.Sleep(ms)
		second, waitSecond := start(t, p, 1, quick)
		time.Sleep(ms)
		cancel()
		waitFirst()
		waitSecond()
		require.Equal(t, fanout.Outcome{Status: fanout.Skipped, Duration: 9 * ms}, second.outcomes[0])
		requireHeld(t, all[0], 0, 0)
	})
}

func TestWhatAContextHasSaidItDoesNotTakeBack(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base, cancel := context.WithCancel(context.Background())
		p := newPlanOn(base, members(2), independent(2), time.Second)
		var kept [2]context.Context
		r := run(t, p, 2, func(ctx context.Context, i int) (string, error) {
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

func TestContextsMadeFromThatOfACallNeedNoGoroutine(t *testing.T) {
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
					child, cancel = context.WithTimeout(context.WithValue(ctx, key{}, i), time.Minute)
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

func TestContextsMadeFromThatOfACallEndWithIt(t *testing.T) {
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
		requireEnded(t, child, context.Canceled)
		requireEnded(t, grandchild, context.Canceled)
	})
}

func TestAContextMadeTooLateHasEndedAlready(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var kept context.Context
		call(t, context.Background(), func(ctx context.Context) { kept = ctx })
		before := len(bubbleStacks(t))
		child, cancel := context.WithTimeout(kept, time.Minute)
		defer cancel()
		requireEnded(t, child, context.Canceled)
		require.Len(t, bubbleStacks(t), before)
	})
}

func TestAfterFuncRunsWhenTheContextOfACallEnds(t *testing.T) {
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

func TestAContextMayBeUsedConcurrently(t *testing.T) {
	t.Parallel()
	for range 20 {
		synctest.Test(t, func(t *testing.T) {
			base, cancelBase := context.WithCancel(context.Background())
			defer cancelBase()
			values := context.WithValue(context.Background(), key{}, "value")
			p := newPlanOn(base, members(2), independent(2), time.Second)
			var users sync.WaitGroup
			r := runWith(t, p, 2, values, func(ctx context.Context, i int) (string, error) {
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

func TestDoneIsOneChannelForAllWhoAskAtOnce(t *testing.T) {
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

// A watchedBase is the context of a plan; asked is called when a context is attached to it or
// detached.
type watchedBase struct {
	context.Context
	asked func()
}

func (b watchedBase) Done() <-chan struct{} {
	b.asked()
	return b.Context.Done()
}

func TestWhoIsOvertakenWhenAskingForDoneGetsTheSameChannel(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		base, cancel := context.WithCancel(context.Background())
		defer cancel()
		var kept context.Context
		var overtaking <-chan struct{}
		asked := 0
		p := newPlanOn(watchedBase{base, func() {
			if asked++; asked == 1 {
				overtaking = kept.Done()
			}
		}}, members(1), independent(1), time.Second)
		run(t, p, 1, func(ctx context.Context, i int) (string, error) {
			kept = ctx
			assert.Equal(t, ctx.Done(), overtaking)
			assert.False(t, isDone(ctx))
			return quick(ctx, i)
		})
		then := asked
		time.Sleep(time.Second) // a context that was left alone would end now, and detach itself
		require.Equal(t, then, asked)
	})
}

func TestTheContextOfACallCanBePrinted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		call(t, context.Background(), func(ctx context.Context) {
			child, cancel := context.WithCancel(ctx)
			defer cancel()
			assert.NotEmpty(t, fmt.Sprint(child))
		})
	})
}
