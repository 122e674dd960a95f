package fanout_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/bulkhead"
	"github.com/failure-enrichers/enricher/internal/fanout"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// patience is how long calls share a goroutine.
const patience = 100 * time.Microsecond

const ms = time.Millisecond

var errCall = errors.New("the call has failed")

// A panicError is what the plans of these tests make of a panic.
type panicError struct {
	value   any
	callers []uintptr
}

func (p *panicError) Error() string { return fmt.Sprint("panicked: ", p.value) }

// members returns n members, each with slots and time enough.
func members(n int) []*fanout.Member {
	all := make([]*fanout.Member, n)
	for i := range all {
		all[i] = &fanout.Member{Slots: bulkhead.New(64), Breaker: breaker.New(0, 0)}
	}
	return all
}

// independent returns the waits of n members that wait for none.
func independent(n int) [][]int { return make([][]int, n) }

// chain returns the waits of n members each of which waits for the one before.
func chain(n int) [][]int {
	waits := make([][]int, n)
	for i := 1; i < n; i++ {
		waits[i] = []int{i - 1}
	}
	return waits
}

func newPlan(t *testing.T, all []*fanout.Member, waits [][]int, timeout time.Duration) *fanout.Plan {
	t.Helper()
	base, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	return newPlanOn(base, all, waits, timeout)
}

func newPlanOn(base context.Context, all []*fanout.Member, waits [][]int, timeout time.Duration) *fanout.Plan {
	return fanout.InOneBubble(fanout.NewPlan(base, all, waits, timeout, asPanicError))
}

func (p *panicError) stack() (names string) {
	for frames := runtime.CallersFrames(p.callers); ; {
		f, more := frames.Next()
		if names += f.Function + "\n"; !more {
			return names
		}
	}
}

func asPanicError(value any, callers []uintptr) error { return &panicError{value, callers} }

type callFunc func(ctx context.Context, i int) error

// quick is a call that returns at once.
func quick(context.Context, int) error { return nil }

func fails(context.Context, int) error { return errCall }

func exits(context.Context, int) error {
	runtime.Goexit()
	return nil
}

// sleep returns a call that takes d, whatever its context says.
func sleep(d time.Duration) callFunc {
	return func(_ context.Context, i int) error {
		time.Sleep(d)
		return nil
	}
}

// hang returns a call that takes until release is closed.
func hang(release <-chan struct{}) callFunc {
	return func(_ context.Context, i int) error {
		<-release
		return nil
	}
}

// each returns a call that does what the call with its number does.
func each(calls ...callFunc) callFunc {
	return func(ctx context.Context, i int) error { return calls[i](ctx, i) }
}

// A recorder records what one run does. It takes no lock, so that the race
// detector sees if Prepare and Settle are called concurrently, or after Run has
// returned, or read what a call still writes.
type recorder struct {
	t           *testing.T
	call        callFunc
	checkInput  func()
	start       time.Time
	hasReturned atomic.Bool // Run has
	calls       []atomic.Int32

	checks   atomic.Int32 // calls of CheckInput
	underWay atomic.Int32 // calls
	over     bool         // what Run has returned

	events   []string // what happened, in order
	prepared []int    // by call: how often
	settled  []int    // by call: how often
	started  []time.Duration
	ended    []time.Duration
	returned []bool // by call: written by it, without a lock
	outcomes []fanout.Outcome
}

func newRecorder(t *testing.T, n int, call callFunc) *recorder {
	return &recorder{
		t:        t,
		call:     call,
		start:    time.Now(),
		calls:    make([]atomic.Int32, n),
		prepared: make([]int, n),
		settled:  make([]int, n),
		started:  make([]time.Duration, n),
		ended:    make([]time.Duration, n),
		returned: make([]bool, n),
		outcomes: make([]fanout.Outcome, n),
	}
}

func (r *recorder) Prepare(i int) {
	assert.False(r.t, r.hasReturned.Load(), "call %d was prepared after Run had returned", i)
	r.events = append(r.events, fmt.Sprintf("start %d", i))
	r.prepared[i]++
	r.started[i] = time.Since(r.start)
}

func (r *recorder) Call(ctx context.Context, i int) error {
	r.calls[i].Add(1)
	r.underWay.Add(1)
	defer r.underWay.Add(-1)
	err := r.call(ctx, i)
	r.returned[i] = true
	return err
}

func (r *recorder) Settle(i int, o fanout.Outcome) {
	assert.False(r.t, r.hasReturned.Load(), "call %d was settled after Run had returned", i)
	r.events = append(r.events, fmt.Sprintf("settle %d", i))
	r.settled[i]++
	r.ended[i] = time.Since(r.start)
	r.outcomes[i] = o
	if o.Status == fanout.OK || o.Status == fanout.Failed {
		assert.True(r.t, r.returned[i])
	}
}

func (r *recorder) CheckInput() {
	r.checks.Add(1)
	if r.checkInput != nil {
		r.checkInput()
	}
}

// run makes the calls of p.
func (r *recorder) run(p *fanout.Plan, values context.Context) {
	r.t.Helper()
	r.over = p.Run(time.Now(), values, r)
	r.hasReturned.Store(true)
	if r.over {
		assert.Zero(r.t, r.underWay.Load(), "calls are under way that are said to be over")
	}
}

// statuses returns the status of each call.
func (r *recorder) statuses() []fanout.Status {
	s := make([]fanout.Status, len(r.outcomes))
	for i := range s {
		s[i] = r.outcomes[i].Status
	}
	return s
}

// made returns how often each call was made.
func (r *recorder) made() []int {
	n := make([]int, len(r.calls))
	for i := range n {
		n[i] = int(r.calls[i].Load())
	}
	return n
}

// check says what holds after every run.
func (r *recorder) check() {
	r.t.Helper()
	for i, o := range r.outcomes {
		require.Equal(r.t, 1, r.settled[i], "call %d was settled so often", i)
		made := int(r.calls[i].Load())
		require.Equal(r.t, r.prepared[i], made, "call %d: prepared and made", i)
		switch o.Status {
		case fanout.OK:
			require.Equal(r.t, 1, made)
			require.NoError(r.t, o.Err)
		case fanout.Failed, fanout.Panicked:
			require.Equal(r.t, 1, made)
			require.Error(r.t, o.Err)
		case fanout.TimedOut:
			require.LessOrEqual(r.t, made, 1)
		case fanout.Saturated, fanout.CircuitOpen, fanout.Skipped:
			require.Zero(r.t, made)
			require.NoError(r.t, o.Err)
			require.False(r.t, o.Opened)
		default:
			require.Fail(r.t, "a call without a status")
		}
	}
}

// run makes the n calls of p, in a bubble, and returns what happened.
func run(t *testing.T, p *fanout.Plan, n int, call callFunc) *recorder {
	t.Helper()
	return runWith(t, p, n, context.Background(), call)
}

// runWith is run with the values of values.
func runWith(t *testing.T, p *fanout.Plan, n int, values context.Context, call callFunc) *recorder {
	t.Helper()
	r := newRecorder(t, n, call)
	r.run(p, values)
	synctest.Wait() // abandoned calls write what tests read
	r.check()
	return r
}

// start is run on a goroutine of its own; the recorder may be read after wait.
func start(t *testing.T, p *fanout.Plan, n int, call callFunc) (r *recorder, wait func()) {
	t.Helper()
	r = newRecorder(t, n, call)
	done := make(chan struct{})
	go func() {
		defer close(done)
		r.run(p, context.Background())
	}()
	return r, func() {
		t.Helper()
		<-done
		synctest.Wait()
		r.check()
	}
}

func requireHeld(t *testing.T, m *fanout.Member, held, abandoned int) {
	t.Helper()
	h, a := m.Slots.Held()
	require.Equal(t, [2]int{held, abandoned}, [2]int{h, a}, "slots held, and of those abandoned")
}

// goroutine returns the number of the goroutine that asks.
func goroutine() string {
	buf := make([]byte, 64)
	header := string(buf[:runtime.Stack(buf, false)])
	return strings.Fields(header)[1]
}

// bubbleStacks returns the stacks of all goroutines of the bubble that asks,
// but for those that package synctest has for itself.
func bubbleStacks(t *testing.T) []string {
	buf := make([]byte, 4<<20)
	buf = buf[:runtime.Stack(buf, true)]
	var all []string
	bubble := ""
	for i, stack := range strings.Split(string(buf), "\n\n") {
		header, _, _ := strings.Cut(stack, "\n")
		_, b, ok := strings.Cut(header, "synctest bubble ")
		if i == 0 { // the one that asks comes first
			assert.True(t, ok, "not in a bubble: %s", header)
			bubble = b
		}
		if ok && b == bubble && !strings.Contains(stack, "testing/synctest.Test") {
			all = append(all, stack)
		}
	}
	return all
}
