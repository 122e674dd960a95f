// Package enricherasynq labels the failures of asynq tasks.
//
//	mux.Use(enricherasynq.Install(&config, e, enricherasynq.Options{})) // before asynq.NewServer
//
// The labels are at the end of the task's last error, where asynqmon and the Inspector
// show them, and in its result if Options.InResult is set.
//
// A veto archives the task, as asynq.SkipRetry does. The label retry_after delays the
// next attempt. An attempt that does not count does not use up a retry, unless it is the
// last. How many there were is kept in the memory of the process, for the latest 10,000
// tasks, until the task succeeds or ends there.
//
// A panic ends in the middleware, which logs it as asynq does.
//
// asynq.RevokeTask, an error that Config.IsFailure says is none, a cancellation from
// outside and the stop of the server are no failures. But if asynq archives the task
// because of a cancellation, as that was its last attempt, this is one. An error with
// asynq.SkipRetry is one, with FailureContext.Terminal.
//
// asynq does not wait for a task whose time is up, and tells only the error handler of
// it. Such a failure is labeled, but asynq asks nothing that could end or delay the
// task by its labels, or keep them. It calls no error handler for a task whose process
// has died.
package enricherasynq

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"os"
	"reflect"
	"runtime"
	"runtime/debug"
	"strconv"
	"strings"
	"sync"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/hibiken/asynq"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

// Options are the options of Install.
type Options struct {
	jobs.Options

	// InResult writes the labels as the result of the task too: a JSON object with the
	// member "failureLabels". By default, they are in its error only.
	InResult bool
}

const maxTasks = 10_000

// Install adds the labeling of failures with l to cfg, and returns the middleware that
// must come first in the mux of the server. It sets BaseContext, ErrorHandler,
// RetryDelayFunc and IsFailure of cfg, and calls those that were set. If l is nil, it
// is [enricher.Default]. Install panics if cfg is nil or o is not valid.
func Install(cfg *asynq.Config, l jobs.Labeler, o Options) asynq.MiddlewareFunc {
	if cfg == nil {
		panic("enricherasynq: Install: nil *asynq.Config")
	}
	if err := o.Validate(); err != nil {
		panic("enricherasynq: Install: " + err.Error())
	}
	a := &adapter{labeler: l, options: o, user: *cfg}
	a.uncounted, _ = lru.New[taskKey, int](maxTasks) // fails only for a size of 0
	if a.user.RetryDelayFunc == nil {
		a.user.RetryDelayFunc = asynq.DefaultRetryDelayFunc
	}
	cfg.BaseContext = a.baseContext
	cfg.ErrorHandler = asynq.ErrorHandlerFunc(a.handleError)
	cfg.RetryDelayFunc = a.retryDelay
	cfg.IsFailure = a.isFailure
	return a.middleware
}

type adapter struct {
	labeler jobs.Labeler
	options Options
	user    asynq.Config // as it was

	uncounted *lru.Cache[taskKey, int] // attempts that did not count, of tasks that go on
}

// A taskKey identifies a task: its ID may be that of another one in another queue, or
// of a later one.
type taskKey struct{ queue, id string }

func keyOf(ctx context.Context) taskKey {
	id, _ := asynq.GetTaskID(ctx)
	queue, _ := asynq.GetQueueName(ctx)
	return taskKey{queue, id}
}

// A cell belongs to one attempt: the context is all that the middleware and the error
// handler share, as a task may go on after its time.
type cell struct {
	start  time.Time
	mu     sync.Mutex
	result *asynq.ResultWriter
}

type cellKey struct{}

func (a *adapter) baseContext() context.Context {
	ctx := context.Background()
	if a.user.BaseContext != nil {
		ctx = a.user.BaseContext()
	}
	return context.WithValue(ctx, cellKey{}, &cell{start: time.Now()})
}

func (a *adapter) middleware(next asynq.Handler) asynq.Handler {
	return asynq.HandlerFunc(func(ctx context.Context, t *asynq.Task) error {
		if c, ok := ctx.Value(cellKey{}).(*cell); ok {
			c.mu.Lock()
			c.result = t.ResultWriter()
			c.mu.Unlock()
		}
		// A panic ends here: asynq would keep its text only.
		returned := false
		err := jobs.Run(func() (err error) {
			err = next.ProcessTask(ctx, t)
			returned = true
			return err
		}, func(error) jobs.Verdict {
			if !returned {
				a.logPanic()
			}
			return jobs.Verdict{Terminal: true}
		})
		if err != nil {
			return &failed{err: err}
		}
		if ctx.Err() == nil {
			a.uncounted.Remove(keyOf(ctx))
		}
		return nil
	})
}

// logPanic logs a panic as asynq does if it recovers one.
func (a *adapter) logPanic() {
	text := "recovering from panic. See the stack trace below for details:\n" + string(debug.Stack())
	switch {
	case a.user.LogLevel > asynq.ErrorLevel:
	case a.user.Logger != nil:
		a.user.Logger.Error(text)
	default:
		log.New(os.Stderr, fmt.Sprintf("asynq: pid=%d ", os.Getpid()), log.Ldate|log.Ltime|log.Lmicroseconds|log.LUTC).Print("ERROR: ", text)
	}
}

// handleError labels the failure. It is the only place that knows of all failures, and
// only of them.
func (a *adapter) handleError(ctx context.Context, t *asynq.Task, err error) {
	f, ours := err.(*failed) //nolint:errorlint // the middleware is the outermost
	if !ours {
		f = &failed{err: err}
	}
	v := a.judge(ctx, t, f, ours)
	f.verdict = v
	if len(v.Result.Labels) > 0 {
		f.labels = redact.Map(v.Result.Labels)
		a.writeResult(ctx, f.labels)
	}
	if a.user.ErrorHandler == nil {
		return
	}
	if ours {
		err = f.original()
	}
	switch {
	case v.Result.Labels == nil: // no failure
	case ours && jobs.Enriched(v.Result):
		err = enricher.WithResult(err, v.Result)
	default: // context.DeadlineExceeded, and any error without enrichers, may be compared
		ctx = jobs.WithResult(ctx, err, v.Result)
	}
	a.user.ErrorHandler.HandleError(ctx, t, err)
}

// judge returns the verdict on a failure, which is zero if it is none. asynq acts on it
// only if asks is set.
func (a *adapter) judge(ctx context.Context, t *asynq.Task, f *failed, asks bool) (v jobs.Verdict) {
	cause, key := f.err, keyOf(ctx)
	retried, _ := asynq.GetRetryCount(ctx)
	retries, _ := asynq.GetMaxRetry(ctx)
	revoked, skipsRetry := enricher.Is(cause, asynq.RevokeTask), enricher.Is(cause, asynq.SkipRetry)
	last := retried >= retries // asynq then archives the task, whatever IsFailure says
	uncounted, _ := a.uncounted.Get(key)
	defer func() {
		switch {
		case v.Uncounted:
			a.uncounted.Add(key, uncounted+1)
		case last || revoked || skipsRetry || asks && v.Terminal:
			a.uncounted.Remove(key)
		}
	}()
	if revoked || a.user.IsFailure != nil && !a.user.IsFailure(f.original()) ||
		!last && errors.Is(ctx.Err(), context.Canceled) && jobs.Interrupted(ctx, cause) { // the time of the task ends ctx too
		return jobs.Verdict{}
	}
	fc := enricher.FailureContext{
		JobID: key.id, JobName: t.Type(), Attempt: retried + 1, MaxAttempts: retries + 1, Terminal: skipsRetry,
		Attributes: map[string]string{enricher.AttributeQueue: key.queue},
	}
	start := time.Now()
	if c, ok := ctx.Value(cellKey{}).(*cell); ok {
		start = c.start
	}
	fc.ID = jobs.FailureID("asynq", key.id, fc.Attempt, start)
	if uncounted > 0 {
		fc.Attributes[jobs.AttributeUncounted] = strconv.Itoa(uncounted)
	}
	o := a.options.Options
	if last || !asks {
		o = o.Counted()
	}
	return jobs.Judge(ctx, a.labeler, o, cause, fc)
}

func (a *adapter) writeResult(ctx context.Context, labels enricher.Labels) {
	c, ok := ctx.Value(cellKey{}).(*cell)
	if !ok || !a.options.InResult {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.result != nil {
		text, _ := json.Marshal(map[string]any{"failureLabels": labels}) // strings only
		_, _ = c.result.Write(text)                                      // fails if the time of the task is up
	}
}

func (a *adapter) retryDelay(n int, err error, t *asynq.Task) time.Duration {
	f, ok := err.(*failed) //nolint:errorlint // as in handleError
	if !ok {
		return a.user.RetryDelayFunc(n, err, t)
	}
	if f.verdict.RetryAfter > 0 {
		return f.verdict.RetryAfter
	}
	return a.user.RetryDelayFunc(n, f.original(), t)
}

func (a *adapter) isFailure(err error) bool {
	f, ok := err.(*failed) //nolint:errorlint // as in handleError
	if ok {
		if f.verdict.Uncounted {
			return false
		}
		err = f.original()
	}
	return a.user.IsFailure == nil || a.user.IsFailure(err)
}

// A failed is the error of a task. handleError sets the other fields, on the goroutine
// that then asks whether it is asynq.SkipRetry, and for its text.
type failed struct {
	err     error
	labels  enricher.Labels
	verdict jobs.Verdict
}

func (f *failed) Error() string {
	text := f.original().Error()
	if len(f.labels) > 0 {
		text += " [" + f.labels.String() + "]"
	}
	return text
}

func (f *failed) Unwrap() error { return f.original() }

func (f *failed) Is(target error) bool { return f.verdict.Terminal && target == asynq.SkipRetry }

// original returns the error that asynq would have got.
func (f *failed) original() error {
	if p, ok := f.err.(*enricher.PanicError); ok { //nolint:errorlint // that of jobs.Run
		return panicked{p}
	}
	return f.err
}

// A panicked is what asynq makes of a panic: asynq.IsPanicError reports true.
type panicked struct{ *enricher.PanicError }

func (p panicked) Error() string {
	frame, _ := runtime.CallersFrames(p.Callers()).Next()
	return fmt.Sprintf("panic [%s:%d]: %v", cmp.Or(frame.File, "?"), frame.Line, p.Value)
}

func (p panicked) Unwrap() error { return p.PanicError }

// As sets a target of asynq's own type, which is internal.
func (p panicked) As(target any) bool {
	t := reflect.TypeOf(target).Elem()
	if t.Kind() != reflect.Pointer || t.Elem().Name() != "PanicError" || !strings.HasSuffix(t.Elem().PkgPath(), "/asynq/internal/errors") {
		return false
	}
	v := reflect.New(t.Elem())
	v.Elem().FieldByName("ErrMsg").SetString(p.Error())
	reflect.ValueOf(target).Elem().Set(v)
	return true
}
