package jobstest_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/jobs/jobstest"
	"github.com/failure-enrichers/enricher/redact"
)

var errSnooze = errors.New("snooze")

type endError struct{ error }

func (e endError) Unwrap() error { return e.error }

// A loop is a small job manager with its adapter, and with a flaw.
type loop struct {
	jobstest.Setup
	flaw      string
	ctx       context.Context // around the job
	stop      context.CancelFunc
	attempts  int // that count
	uncounted int
}

// A flaw is a mistake that an adapter can make, by the name of the check that finds it.
func manager(flaw string) jobstest.Manager {
	end := func(_ testing.TB, j jobstest.Job) { j.(*loop).stop() }
	return jobstest.Manager{
		Start: func(t testing.TB, s jobstest.Setup) jobstest.Job {
			ctx, stop := context.WithCancel(context.Background())
			t.Cleanup(stop)
			return &loop{Setup: s, flaw: flaw, ctx: ctx, stop: stop}
		},
		NotFailures: map[string]error{"snooze": errSnooze},
		Terminal:    map[string]func(error) error{"end": func(err error) error { return endError{err} }},
		Stop:        end,
		Cancel:      end,
	}
}

func (l *loop) Attempt(testing.TB) jobstest.Attempt {
	ctx := l.ctx
	if l.Timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, l.Timeout)
		defer cancel()
	}
	l.attempts++
	var (
		verdict jobs.Verdict
		failure error
		panics  any
	)
	func() {
		defer func() { panics = recover() }()
		failure = jobs.Run(func() error { return l.run(ctx) }, func(cause error) jobs.Verdict {
			verdict = l.judge(ctx, cause)
			return jobs.Verdict{}
		})
	}()
	if failure == nil && panics == nil && l.flaw == "success" {
		l.judge(ctx, errors.New("no error"))
	}
	if failure == nil && panics == nil || errors.Is(failure, errSnooze) && l.flaw != "no-failure" {
		return jobstest.Attempt{}
	}
	l.handle(failure, panics, verdict)
	return l.settle(failure, panics, verdict)
}

func (l *loop) run(ctx context.Context) error {
	if l.flaw != "overdue" || l.Timeout == 0 {
		return l.Job(ctx)
	}
	done := make(chan error, 1) // labels the end of the time, and then what the job returns
	go func() {
		err := l.Job(ctx)
		l.judge(ctx, err)
		done <- err
	}()
	<-ctx.Done()
	return ctx.Err()
}

func (l *loop) judge(ctx context.Context, cause error) jobs.Verdict {
	around := l.ctx
	if l.flaw == "timeout" {
		around = ctx
	}
	if errors.Is(cause, errSnooze) && l.flaw != "no-failure" || jobs.Interrupted(around, cause) && l.flaw != "stop" {
		return jobs.Verdict{}
	}
	fc := enricher.FailureContext{
		ID: jobs.FailureID("loop", "1", l.attempts, time.Now()) + strconv.Itoa(l.uncounted), JobID: "1",
		Attempt: l.attempts, MaxAttempts: l.MaxAttempts,
		Attributes: map[string]string{jobs.AttributeUncounted: strconv.Itoa(l.uncounted)},
	}
	var end endError
	fc.Terminal = errors.As(cause, &end) && l.flaw != "terminal"
	switch l.flaw {
	case "attempts":
		fc.Attempt = 1
	case "maximum":
		fc.MaxAttempts = 0
	case "uncounted":
		fc.Attributes = nil
	case "panic":
		if p, ok := enricher.AsType[*enricher.PanicError](cause); ok {
			cause = enricher.NewPanicError(p.Value, nil)
		}
	case "hang":
		<-context.WithoutCancel(ctx).Done()
	}
	return jobs.Judge(ctx, l.Labeler, l.Options, cause, fc)
}

func (l *loop) handle(failure error, panics any, v jobs.Verdict) {
	if l.Handler == nil {
		return
	}
	switch {
	case l.flaw == "handler":
		failure = errors.New(failure.Error())
	case l.flaw == "log" || failure == nil || len(v.Result.Outcomes) == 0:
	default:
		failure = enricher.WithResult(failure, v.Result)
	}
	l.Handler(context.Background(), failure, panics)
}

func (l *loop) settle(failure error, panics any, v jobs.Verdict) jobstest.Attempt {
	a := jobstest.Attempt{Again: true, Delay: l.Delay, Labels: redact.Map(v.Result.Labels)}
	if l.flaw == "secrets" {
		a.Labels = v.Result.Labels
	}
	if l.flaw == "keys" && len(a.Labels) > 4 {
		clear(a.Labels)
	}
	a.Kept = a.Labels.String()
	if len(a.Labels) == 0 {
		a.Labels = nil
	}
	if v.Uncounted {
		l.attempts--
		l.uncounted++
	}
	var end endError
	ended := errors.As(failure, &end) || v.Terminal && l.flaw != "veto" && (panics == nil || l.flaw != "veto-panic")
	if l.flaw == "ignore-veto" {
		ended = ended || v.Result.Labels.CannotRestart()
	}
	if ended || l.attempts >= l.MaxAttempts || l.flaw == "plain" && len(v.Result.Labels) == 0 {
		return jobstest.Attempt{Labels: a.Labels, Kept: a.Kept}
	}
	if v.RetryAfter > 0 && l.flaw != "delay" {
		a.Delay = v.RetryAfter
	}
	return a
}

func TestRun(t *testing.T) {
	t.Parallel()
	jobstest.Run(t, manager(""))
}

func TestRunFindsEachFlaw(t *testing.T) {
	t.Parallel()
	checks := jobstest.Checks()
	for _, name := range slices.Sorted(maps.Keys(checks)) {
		flaw := name
		switch name {
		case "cancel":
			flaw = "stop" // of the same kind
		case "shutdown":
			flaw = "plain"
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			assert.NotEmpty(t, findings(t, func(t testing.TB) { checks[name](t, manager(flaw)) }))
		})
	}
}

// findings returns the errors of a check.
func findings(t *testing.T, check func(testing.TB)) []string {
	c := &collector{TB: t}
	done := make(chan bool)
	go func() {
		defer close(done)
		check(c)
	}()
	<-done
	return c.errors
}

// A collector keeps errors instead of reporting them.
type collector struct {
	testing.TB
	mu     sync.Mutex
	errors []string
}

func (c *collector) Helper() {}

func (c *collector) Errorf(format string, args ...any) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.errors = append(c.errors, fmt.Sprintf(format, args...))
}

func (c *collector) FailNow() { runtime.Goexit() }
