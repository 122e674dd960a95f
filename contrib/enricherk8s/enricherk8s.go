// Package enricherk8s labels the failures of reconcilers of controller-runtime, and
// makes errors of Kubernetes pods that have failed ([PodError]).
//
// [Wrap] wraps a reconciler and the rate limiter of its controller, before the builder:
//
//	opts := controller.Options{}
//	r := enricherk8s.Wrap(&CartReconciler{}, &opts, e, enricherk8s.Options{Name: "cart"})
//	err := ctrl.NewControllerManagedBy(mgr).For(&shopv1.Cart{}).WithOptions(opts).Complete(r)
//
// The labels are in an event and in a condition of the object, see [Options].
//
// A veto makes the error a reconcile.TerminalError: the controller does not try again
// until the object changes. The label retry_after delays the next attempt; the rate
// limiter counts the attempt all the same. A change of the object is reconciled at
// once, whatever the labels say.
//
// A conflict, also one within a wrapped error, and the stop of the manager are no
// failures. Of joined errors, all must be conflicts. An error that is a
// reconcile.TerminalError is a failure, with FailureContext.Terminal. So is the end of
// the ReconciliationTimeout.
//
// controller-runtime has no maximum of attempts. So the label attempt_counts and the
// option MaxUncounted have no effect, and FailureContext.MaxAttempts is 0. Controllers
// whose requests are not of the type reconcile.Request are not supported.
package enricherk8s

import (
	"cmp"
	"context"
	"errors"
	"reflect"
	"strings"
	"sync"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
)

// The keys of the attributes of a FailureContext, besides [enricher.AttributeNamespace].
const (
	AttributeName        = "name"         // of the object
	AttributeReconcileID = "reconcile_id" // as in the lines that the controller logs
)

// Wrap returns a reconciler that calls r and labels its failures with l, and sets
// opts.RateLimiter to one that calls that of opts. If l is nil, it is
// [enricher.Default]. Wrap panics if r or opts is nil, or if o is not valid.
//
// It must be called once for each controller, before opts is passed on. What the
// configuration of the manager says is not known here: if it turns the priority queue or
// RecoverPanic off, opts must do so too. By default, the rate limiter is that of a
// priority queue, and a panic with a veto becomes an error.
func Wrap(r reconcile.Reconciler, opts *controller.Options, l jobs.Labeler, o Options) reconcile.Reconciler {
	if r == nil {
		panic("enricherk8s: Wrap: nil reconcile.Reconciler")
	}
	if opts == nil {
		panic("enricherk8s: Wrap: nil *controller.Options")
	}
	if err := o.Validate(); err != nil {
		panic("enricherk8s: Wrap: " + err.Error())
	}
	o.Prefix = cmp.Or(o.Prefix, defaultPrefix)
	inner := opts.RateLimiter
	switch {
	case inner != nil:
	case opts.UsePriorityQueue == nil || *opts.UsePriorityQueue: // as the controller does
		inner = workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](5*time.Millisecond, 1000*time.Second)
	default:
		inner = workqueue.DefaultTypedControllerRateLimiter[reconcile.Request]()
	}
	a := &adapter{
		next: r, labeler: l, options: o, name: nameOf(r, o),
		crash:   opts.RecoverPanic != nil && !*opts.RecoverPanic,
		limiter: &limiter{TypedRateLimiter: inner, states: map[reconcile.Request]state{}},
	}
	opts.RateLimiter = a.limiter
	return a
}

// nameOf returns the name of the controller, which a reconciler is not told.
func nameOf(r reconcile.Reconciler, o Options) string {
	if o.Name != "" {
		return o.Name
	}
	t := reflect.TypeOf(r)
	if o.New != nil {
		obj := o.New()
		if kind := obj.GetObjectKind().GroupVersionKind().Kind; kind != "" {
			return strings.ToLower(kind)
		}
		t = reflect.TypeOf(obj)
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	name, _, _ := strings.Cut(t.Name(), "[") // of a generic type
	return strings.ToLower(name)
}

type adapter struct {
	next    reconcile.Reconciler
	labeler jobs.Labeler
	options Options
	name    string
	crash   bool // a panic ends the process
	limiter *limiter
}

// Reconcile implements [reconcile.Reconciler].
func (a *adapter) Reconcile(ctx context.Context, req reconcile.Request) (res reconcile.Result, err error) {
	start, returned := time.Now(), false
	var v jobs.Verdict
	err = jobs.Run(func() (err error) {
		res, err = a.next.Reconcile(ctx, req)
		returned = true
		return err
	}, func(cause error) jobs.Verdict {
		v = a.judge(ctx, req, cause, start)
		a.limiter.delay(req, v.RetryAfter)
		a.failed(ctx, req, cause, v)
		return jobs.Verdict{Terminal: !returned && a.endsPanic(ctx, cause, v)}
	})
	if err == nil {
		a.succeeded(ctx, req)
		return res, nil
	}
	if !jobs.Enriched(v.Result) {
		return res, err
	}
	terminal := v.Terminal && !isTerminal(err)
	err = enricher.WithResult(err, v.Result)
	if terminal {
		err = reconcile.TerminalError(err)
	}
	return res, err
}

// judge returns the verdict on a failure, which is zero if it is none.
func (a *adapter) judge(ctx context.Context, req reconcile.Request, cause error, start time.Time) jobs.Verdict {
	// The ReconciliationTimeout ends ctx too, with another error.
	if isConflict(cause) || errors.Is(ctx.Err(), context.Canceled) && jobs.Interrupted(ctx, cause) {
		return jobs.Verdict{}
	}
	fc := enricher.FailureContext{
		JobID: a.name + "/" + req.String(), JobName: a.name,
		Attempt: a.limiter.NumRequeues(req) + 1, Terminal: isTerminal(cause),
		Attributes: map[string]string{AttributeName: req.Name},
	}
	fc.ID = jobs.FailureID("k8s", fc.JobID, fc.Attempt, start)
	if req.Namespace != "" {
		fc.Attributes[enricher.AttributeNamespace] = req.Namespace
	}
	if id := controller.ReconcileIDFromContext(ctx); id != "" {
		fc.Attributes[AttributeReconcileID] = string(id)
	}
	return jobs.Judge(context.WithoutCancel(ctx), a.labeler, a.options.Counted(), unwrap(cause), fc)
}

// endsPanic reports whether a panic becomes a terminal error. The controller then does
// not see it, so the handlers that it would have called are called here.
func (a *adapter) endsPanic(ctx context.Context, cause error, v jobs.Verdict) bool {
	p, ok := cause.(*enricher.PanicError) //nolint:errorlint // that of jobs.Run
	if !ok || !v.Terminal || a.crash {
		return false
	}
	for _, handle := range utilruntime.PanicHandlers {
		handle(ctx, p.Value)
	}
	return true
}

var terminalType = reflect.TypeOf(reconcile.TerminalError(nil))

func isTerminal(err error) bool { return enricher.Is(err, reconcile.TerminalError(nil)) }

// isConflict reports whether an update failed because the object has changed.
func isConflict(err error) (conflict bool) {
	defer func() {
		if recover() != nil { // a method of err
			conflict = false
		}
	}()
	left := maxErrors
	return isAllConflict(err, &left)
}

// maxErrors bounds the errors that isConflict looks at. A cyclic error has no end.
const maxErrors = 1000

func isAllConflict(err error, left *int) bool {
	if *left--; *left < 0 {
		return false
	}
	var joined []error
	switch e := err.(type) { //nolint:errorlint // it takes the error apart
	case apierrors.APIStatus:
		return apierrors.IsConflict(err)
	case utilerrors.Aggregate:
		joined = e.Errors()
	case interface{ Unwrap() []error }:
		joined = e.Unwrap()
	default:
		inner := errors.Unwrap(err)
		return inner != nil && isAllConflict(inner, left)
	}
	for _, err := range joined {
		if !isAllConflict(err, left) {
			return false
		}
	}
	return len(joined) > 0
}

// unwrap returns the error of the reconciler without what Kubernetes has around it.
func unwrap(err error) error {
	if reflect.TypeOf(err) == terminalType {
		if inner := errors.Unwrap(err); inner != nil {
			err = inner
		}
	}
	if many, ok := err.(utilerrors.Aggregate); ok { //nolint:errorlint // only the outermost
		return aggregate{many}
	}
	return err
}

// An aggregate shows the errors of a utilerrors.Aggregate, which has no Unwrap, to
// [errors.As], as an enricher may call it.
type aggregate struct{ utilerrors.Aggregate }

func (a aggregate) Unwrap() []error { return a.Errors() }

// A limiter is the rate limiter of the user, and what is remembered of requests that
// fail: the queue asks it for the delay, and tells it of a success.
type limiter struct {
	workqueue.TypedRateLimiter[reconcile.Request]

	mu     sync.Mutex
	states map[reconcile.Request]state
}

var _ workqueue.TypedRateLimiter[reconcile.Request] = (*limiter)(nil)

type state struct {
	delay            time.Duration // that a label asks for; 0: none
	condition, event string        // what was written
	generation       int64         // of the object, at the condition
}

// When returns the delay before the next attempt.
func (l *limiter) When(req reconcile.Request) time.Duration {
	d := l.TypedRateLimiter.When(req) // it counts
	l.change(req, func(s *state) {
		if s.delay > 0 {
			d, s.delay = s.delay, 0
		}
	})
	return d
}

// Forget is called after a success.
func (l *limiter) Forget(req reconcile.Request) {
	l.TypedRateLimiter.Forget(req)
	l.change(req, func(s *state) { *s = state{} })
}

func (l *limiter) delay(req reconcile.Request, d time.Duration) {
	l.change(req, func(s *state) { s.delay = d })
}

// change changes the state of a request, and returns it as it was.
func (l *limiter) change(req reconcile.Request, fn func(*state)) (before state) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.states[req]
	before = s
	fn(&s)
	if s == (state{}) {
		delete(l.states, req)
	} else {
		l.states[req] = s
	}
	return before
}
