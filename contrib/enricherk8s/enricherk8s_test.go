package enricherk8s_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-logr/logr"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
	utilerrors "k8s.io/apimachinery/pkg/util/errors"
	utilruntime "k8s.io/apimachinery/pkg/util/runtime"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/util/workqueue"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/client/interceptor"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/event"
	"sigs.k8s.io/controller-runtime/pkg/handler"
	"sigs.k8s.io/controller-runtime/pkg/log"
	"sigs.k8s.io/controller-runtime/pkg/manager"
	"sigs.k8s.io/controller-runtime/pkg/metrics/server"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"
	"sigs.k8s.io/controller-runtime/pkg/source"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherk8s"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/jobs/jobstest"
)

// A panic is shown to these only. They find the test in the logger of the controller.
func init() {
	utilruntime.PanicHandlers = []func(context.Context, any){func(ctx context.Context, value any) {
		if s, ok := log.FromContext(ctx).GetSink().(sink); ok {
			s.job.handle(ctx, nil, value)
		}
	}}
}

func TestAdapter(t *testing.T) {
	t.Parallel()
	const unlimited = "a controller has no maximum of attempts"
	jobstest.Run(t, jobstest.Manager{
		Start: start,
		NotFailures: map[string]error{
			"conflict":  fmt.Errorf("update: %w", conflict),
			"join":      errors.Join(conflict, conflict),
			"aggregate": utilerrors.NewAggregate([]error{conflict, fmt.Errorf("status: %w", conflict)}),
		},
		Terminal: map[string]func(error) error{
			"TerminalError": reconcile.TerminalError,
			"within":        func(err error) error { return fmt.Errorf("cart: %w", reconcile.TerminalError(err)) },
			"aggregate": func(err error) error {
				return utilerrors.NewAggregate([]error{err, reconcile.TerminalError(io.EOF)})
			},
		},
		Stop: func(_ testing.TB, j jobstest.Job) {
			j.(*job).stop()
			<-j.(*job).stopped
		},
		Without: map[string]string{"maximum": unlimited, "uncounted": unlimited},
	})
}

var (
	conflict = apierrors.NewConflict(schema.GroupResource{Resource: "services"}, "cart", errors.New("modified"))
	request  = reconcile.Request{NamespacedName: types.NamespacedName{Namespace: "shop", Name: "cart"}}
)

const prefix = "failure.example.com/"

// A job is the reconciliation of one object by a controller of its own.
type job struct {
	setup   jobstest.Setup
	client  client.Client
	events  chan event.GenericEvent // what starts an attempt
	stop    func()
	stopped chan bool
	logged  chan error // of an attempt that has failed
	delays  chan time.Duration
	forgot  chan bool // after an attempt that has succeeded

	panicked atomic.Bool
	written  []written // events, only by the attempt
}

type written struct {
	kind, reason, note string
	annotations        map[string]string
}

func start(t testing.TB, s jobstest.Setup) jobstest.Job {
	return newJob(t, s, func(*enricherk8s.Options) {})
}

func newJob(t testing.TB, s jobstest.Setup, change func(*enricherk8s.Options)) *job {
	j := &job{
		setup: s, client: newClient(service(1)), events: make(chan event.GenericEvent), stopped: make(chan bool),
		logged: make(chan error, 9), delays: make(chan time.Duration, 9), forgot: make(chan bool, 9),
	}
	o := enricherk8s.Options{
		Options: s.Options, Name: "cart", Client: j.client, New: newService, Events: j, Conditions: conditionsOf, Prefix: prefix,
	}
	change(&o)
	user := workqueue.NewTypedItemExponentialFailureRateLimiter[reconcile.Request](s.Delay, s.Delay)
	skip := true
	opts := controller.Options{
		RateLimiter: user, Logger: logr.New(sink{j}), ReconciliationTimeout: s.Timeout, SkipNameValidation: &skip,
	}
	opts.Reconciler = enricherk8s.Wrap(reconcile.Func(func(ctx context.Context, _ reconcile.Request) (reconcile.Result, error) {
		return reconcile.Result{}, s.Job(ctx)
	}), &opts, s.Labeler, o)
	opts.RateLimiter = watched{opts.RateLimiter, j}
	c, err := controller.NewUnmanaged("cart", opts)
	require.NoError(t, err)
	require.NoError(t, c.Watch(source.Channel(j.events, &handler.EnqueueRequestForObject{})))
	ctx, stop := context.WithCancel(context.Background())
	j.stop = stop
	go func() {
		defer close(j.stopped)
		assert.NoError(t, c.Start(ctx))
	}()
	t.Cleanup(func() {
		stop()
		<-j.stopped
	})
	return j
}

func service(generation int64) *corev1.Service {
	return &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: request.Namespace, Name: request.Name, Generation: generation}}
}

func newService() client.Object { return &corev1.Service{} }

func conditionsOf(obj client.Object) *[]metav1.Condition {
	return &obj.(*corev1.Service).Status.Conditions
}

func newClient(objs ...client.Object) client.Client {
	return fake.NewClientBuilder().WithObjects(objs...).WithStatusSubresource(objs...).Build()
}

func conditions(t testing.TB, c client.Client) []metav1.Condition {
	obj := newService()
	require.NoError(t, c.Get(context.Background(), request.NamespacedName, obj))
	return *conditionsOf(obj)
}

// A watched rate limiter tells the job what the queue asks.
type watched struct {
	workqueue.TypedRateLimiter[reconcile.Request]
	job *job
}

func (w watched) When(req reconcile.Request) time.Duration {
	d := w.TypedRateLimiter.When(req)
	w.job.delays <- d
	return d
}

func (w watched) Forget(req reconcile.Request) {
	w.TypedRateLimiter.Forget(req)
	w.job.forgot <- true
}

// A sink is where the errors of the controller go, and so the user's handler.
type sink struct{ job *job }

func (s sink) Init(logr.RuntimeInfo)          {}
func (s sink) Enabled(int) bool               { return false }
func (s sink) Info(int, string, ...any)       {}
func (s sink) WithValues(...any) logr.LogSink { return s }
func (s sink) WithName(string) logr.LogSink   { return s }
func (s sink) Error(err error, msg string, kv ...any) {
	if msg != "Reconciler error" {
		return
	}
	if !s.job.panicked.Swap(false) {
		s.job.handle(context.Background(), err, nil)
	}
	s.job.logged <- err
}

func (j *job) handle(ctx context.Context, err error, value any) {
	j.panicked.Store(value != nil)
	if j.setup.Handler != nil {
		j.setup.Handler(ctx, err, value)
	}
}

// AnnotatedEventf makes a job the recorder of its events.
func (j *job) AnnotatedEventf(_, _ runtime.Object, annotations map[string]string, kind, reason, _, note string, args ...any) {
	j.written = append(j.written, written{kind, reason, fmt.Sprintf(note, args...), annotations})
}

func (j *job) Attempt(t testing.TB) jobstest.Attempt {
	j.events <- event.GenericEvent{Object: service(1)}
	var a jobstest.Attempt
	select {
	case err := <-j.logged:
		if !errors.Is(err, reconcile.TerminalError(nil)) {
			select {
			case a.Delay = <-j.delays:
				a.Again = true
			case <-j.stopped:
			}
		}
	case <-j.forgot:
	case <-j.stopped:
	}
	a.Kept = fmt.Sprint(j.written, conditions(t, j.client))
	if n := len(j.written); n > 0 {
		a.Labels = enricher.Labels{}
		for name, value := range j.written[n-1].annotations {
			a.Labels[strings.TrimPrefix(name, prefix)] = value
		}
	}
	return a
}

// labeling returns an Enricher whose labels are those of the steps in turn.
func labeling(t testing.TB, rec *enrichertest.Recorder, steps ...enricher.Labels) *enricher.Enricher {
	fake := &enrichertest.Fake{Keys: []string{"type", "a b", "long", enricher.KeyRetryAfter, enricher.KeyJobCannotRestart, enricher.KeyAttemptCounts, enricher.KeyExpected}}
	for _, labels := range steps {
		fake.Steps = append(fake.Steps, enrichertest.Step{Labels: labels})
	}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithObserver(rec), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	return e
}

func TestContextSaysWhereItFailed(t *testing.T) {
	t.Parallel()
	rec := &enrichertest.Recorder{}
	j := newJob(t, jobstest.Setup{
		Labeler: labeling(t, rec, enricher.Labels{enricher.KeyAttemptCounts: "false"}), Delay: time.Hour,
		Job: func(context.Context) error {
			return reconcile.TerminalError(utilerrors.NewAggregate([]error{io.EOF, conflict}))
		},
	}, func(*enricherk8s.Options) {})
	j.Attempt(t)
	require.Len(t, rec.Failures(), 1)
	f := rec.Failures()[0]
	assert.True(t, enricher.Is(f.Cause, io.EOF), "the errors of an Aggregate are found")
	assert.EqualError(t, f.Cause, "["+io.EOF.Error()+", "+conflict.Error()+"]", "without the TerminalError")
	assert.True(t, strings.HasPrefix(f.Context.ID, "k8s:cart/shop/cart-1-"), f.Context.ID)
	assert.NotEmpty(t, f.Context.Attributes[enricherk8s.AttributeReconcileID])
	delete(f.Context.Attributes, enricherk8s.AttributeReconcileID)
	f.Context.ID, f.Context.Time = "", time.Time{}
	assert.Equal(t, enricher.FailureContext{
		JobID: "cart/shop/cart", JobName: "cart", Attempt: 1, Terminal: true, Attributes: map[string]string{"namespace": "shop", "name": "cart"},
	}, f.Context)
}

func TestUncountedAttemptHasNoDelayOfItsOwn(t *testing.T) {
	t.Parallel()
	for want, labels := range map[time.Duration]enricher.Labels{
		time.Hour:   {enricher.KeyAttemptCounts: "false"},
		time.Minute: {enricher.KeyAttemptCounts: "false", enricher.KeyRetryAfter: "1m"},
	} {
		j := newJob(t, jobstest.Setup{
			Labeler: labeling(t, &enrichertest.Recorder{}, labels), Delay: time.Hour, Job: func(context.Context) error { return io.EOF },
		}, func(*enricherk8s.Options) {})
		assert.Equal(t, want, j.Attempt(t).Delay)
	}
}

// reconciler returns one that fails with the errors in turn, and what it writes.
func reconciler(t *testing.T, c client.Client, e *enricher.Enricher, change func(*enricherk8s.Options), errs ...error) (func(), *job) {
	j := &job{client: c}
	o := enricherk8s.Options{Client: c, New: newService, Events: j, Conditions: conditionsOf, Prefix: prefix}
	change(&o)
	n := 0
	r := enricherk8s.Wrap(reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
		n++
		return reconcile.Result{}, errs[n-1]
	}), &controller.Options{}, e, o)
	return func() { _, _ = r.Reconcile(t.Context(), request) }, j
}

func TestWritesOnlyWhatIsNew(t *testing.T) {
	t.Parallel()
	for name, set := range map[string]func(*enricherk8s.Options){
		"both":       func(*enricherk8s.Options) {},
		"events":     func(o *enricherk8s.Options) { o.Conditions = nil },
		"conditions": func(o *enricherk8s.Options) { o.Events = nil },
	} {
		user, veto := enricher.Labels{"type": "USER"}, enricher.Labels{"type": "USER", enricher.KeyJobCannotRestart: "true"}
		c := newClient(service(1))
		e := labeling(t, &enrichertest.Recorder{}, user, user, enricher.Labels{"type": "USER", enricher.KeyRetryAfter: "7s"}, veto, user)
		run, j := reconciler(t, c, e, set, io.EOF, errors.New("other"), io.EOF, io.EOF, conflict, nil, io.EOF)
		versions := map[string]bool{}
		for range 7 {
			run()
			obj := newService()
			require.NoError(t, c.Get(t.Context(), request.NamespacedName, obj))
			versions[obj.GetResourceVersion()] = true
		}
		if name != "conditions" {
			var reasons []string
			for _, w := range j.written {
				reasons = append(reasons, w.reason)
			}
			assert.Equal(t, []string{enricherk8s.ReasonFailed, enricherk8s.ReasonTerminal, enricherk8s.ReasonFailed}, reasons, name)
		}
		if name == "events" {
			assert.Empty(t, conditions(t, c))
			assert.Len(t, versions, 1, name)
			continue
		}
		assert.Len(t, versions, 4, "fails, is terminal, works again, fails")
		got := conditions(t, c)
		require.Len(t, got, 1, name)
		assert.Equal(t, []string{enricherk8s.ConditionType, "True", enricherk8s.ReasonFailed, "type=USER"},
			[]string{got[0].Type, string(got[0].Status), got[0].Reason, got[0].Message})
	}
}

func TestWritesNothingAgainAfterARestart(t *testing.T) {
	t.Parallel()
	c := newClient(service(1))
	for n := range 2 {
		run, j := reconciler(t, c, labeling(t, &enrichertest.Recorder{}, enricher.Labels{"type": "USER"}), func(*enricherk8s.Options) {}, io.EOF, io.EOF)
		run()
		assert.Len(t, j.written, 1-n)
		obj := service(0)
		require.NoError(t, c.Get(t.Context(), request.NamespacedName, obj))
		obj.Generation++
		require.NoError(t, c.Update(t.Context(), obj))
		run()
		assert.Len(t, j.written, 1-n, "the same failure of another generation")
		assert.Equal(t, obj.Generation, conditions(t, c)[0].ObservedGeneration)
	}
}

func TestEventHoldsWhatItCan(t *testing.T) {
	t.Parallel()
	labels := enricher.Labels{"type": "USER", "a b": "1", "long": strings.Repeat("ü", 400), enricher.KeyExpected: "true"}
	run, j := reconciler(t, newClient(service(1)), labeling(t, &enrichertest.Recorder{}, labels), func(o *enricherk8s.Options) { o.Prefix = "" },
		fmt.Errorf("password=hunter2 %s\xff", strings.Repeat("日", 400)))
	run()
	require.Len(t, j.written, 1)
	w := j.written[0]
	assert.Equal(t, corev1.EventTypeNormal, w.kind, "it is expected")
	assert.LessOrEqual(t, len(w.note), 1024)
	assert.True(t, strings.HasPrefix(w.note, "password=*** 日日"), w.note)
	assert.Contains(t, w.note, "日… [a b=1, expected=true, long=üü")
	assert.Equal(t, strings.ToValidUTF8(w.note, ""), w.note)
	const own = "failure-enrichers.github.io/"
	assert.Equal(t, map[string]string{own + "type": "USER", own + "long": labels["long"], own + "expected": "true"}, w.annotations)
}

// stale reads the object as it was at first, a few times, as a cache does.
type stale struct {
	client.Client
	reads int
}

func (s *stale) Get(ctx context.Context, key client.ObjectKey, obj client.Object, opts ...client.GetOption) error {
	err := s.Client.Get(ctx, key, obj, opts...)
	if s.reads--; s.reads >= 0 {
		obj.SetResourceVersion("1")
		*conditionsOf(obj) = nil
	}
	return err
}

func TestConditionKeepsThoseOfOthers(t *testing.T) {
	t.Parallel()
	c := newClient(service(1))
	obj := service(1)
	require.NoError(t, c.Get(t.Context(), request.NamespacedName, obj))
	obj.Status.Conditions = []metav1.Condition{{Type: "Ready", Status: metav1.ConditionFalse, Reason: "No"}}
	require.NoError(t, c.Status().Update(t.Context(), obj))
	run, j := reconciler(t, &stale{c, 3}, labeling(t, &enrichertest.Recorder{}, enricher.Labels{"type": "USER"}), func(*enricherk8s.Options) {}, io.EOF, nil)
	run()
	assert.Len(t, conditions(t, c), 2)
	assert.Len(t, j.written, 1)
	run()
	got := conditions(t, c)
	require.Len(t, got, 1)
	assert.Equal(t, "Ready", got[0].Type)
}

func TestWriteThatFailsIsLogged(t *testing.T) {
	t.Parallel()
	noStatus := interceptor.NewClient(newClient(service(1)).(client.WithWatch), interceptor.Funcs{
		SubResourcePatch: func(context.Context, client.Client, string, client.Object, client.Patch, ...client.SubResourcePatchOption) error {
			return errors.New("forbidden: password=hunter2")
		},
	})
	for name, c := range map[string]struct {
		client client.Client
		change func(*enricherk8s.Options)
		events int
		lines  int
	}{
		"no object":            {client: newClient(&corev1.Service{ObjectMeta: metav1.ObjectMeta{Name: "other"}})},
		"no status":            {client: noStatus, events: 1, lines: 2},
		"a function that ends": {newClient(service(1)), func(o *enricherk8s.Options) { o.Conditions = func(client.Object) *[]metav1.Condition { panic("no") } }, 0, 2},
		"no conditions":        {newClient(service(1)), func(o *enricherk8s.Options) { o.Conditions = func(client.Object) *[]metav1.Condition { return nil } }, 1, 2},
	} {
		var lines []string
		if c.change == nil {
			c.change = func(*enricherk8s.Options) {}
		}
		e := labeling(t, &enrichertest.Recorder{}, enricher.Labels{"type": "USER"})
		j := &job{client: c.client}
		o := enricherk8s.Options{Client: c.client, New: newService, Events: j, Conditions: conditionsOf}
		c.change(&o)
		r := enricherk8s.Wrap(reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
			return reconcile.Result{}, io.EOF
		}), &controller.Options{}, e, o)
		ctx := log.IntoContext(t.Context(), logr.New(lineSink{&lines}))
		for range 2 {
			_, err := r.Reconcile(ctx, request)
			assert.ErrorIs(t, err, io.EOF, name)
		}
		assert.Len(t, lines, c.lines, name)
		assert.NotContains(t, fmt.Sprint(lines), "hunter2")
		assert.Len(t, j.written, c.events, name)
	}
}

type lineSink struct{ lines *[]string }

func (s lineSink) Init(logr.RuntimeInfo) {}
func (s lineSink) Enabled(int) bool      { return true }
func (s lineSink) Info(_ int, msg string, kv ...any) {
	*s.lines = append(*s.lines, fmt.Sprint(msg, kv))
}
func (s lineSink) Error(_ error, msg string, _ ...any) { *s.lines = append(*s.lines, msg) }
func (s lineSink) WithValues(...any) logr.LogSink      { return s }
func (s lineSink) WithName(string) logr.LogSink        { return s }

// A hostile error panics, or has no end, in what errors.Is and errors.As call.
type hostile struct{ unwrap func() error }

func (hostile) Error() string   { return "hostile" }
func (hostile) Is(error) bool   { panic("Is") }
func (h hostile) Unwrap() error { return h.unwrap() }

func TestReconcilerLabelsHostileErrors(t *testing.T) {
	t.Parallel()
	var cycle hostile
	cycle.unwrap = func() error { return errors.Join(cycle, cycle) }
	for name, err := range map[string]error{
		"panics":         hostile{func() error { panic("Unwrap") }},
		"cycle":          cycle,
		"nil API status": (*apierrors.StatusError)(nil),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rec := &enrichertest.Recorder{}
			r := enricherk8s.Wrap(reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
				return reconcile.Result{}, err
			}), &controller.Options{}, labeling(t, rec, enricher.Labels{enricher.KeyJobCannotRestart: "true"}), enricherk8s.Options{})
			_, err := r.Reconcile(t.Context(), request)
			assert.Error(t, err)
			assert.Len(t, rec.Failures(), 1)
		})
	}
}

func TestErrorIsThatOfTheReconciler(t *testing.T) {
	t.Parallel()
	none, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	veto := labeling(t, &enrichertest.Recorder{}, enricher.Labels{enricher.KeyJobCannotRestart: "true"})
	own := reconcile.TerminalError(io.EOF)
	for _, c := range []struct {
		e        *enricher.Enricher
		err      error
		text     string
		terminal bool
	}{
		{none, io.EOF, "EOF", false},
		{none, own, "terminal error: EOF", true},
		{none, nil, "", false},
		{veto, io.EOF, "terminal error: EOF", true},
		{veto, own, "terminal error: EOF", true},
		{veto, conflict, conflict.Error(), false},
		{veto, errors.Join(conflict, io.EOF), "terminal error: " + errors.Join(conflict, io.EOF).Error(), true},
	} {
		r := enricherk8s.Wrap(reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
			return reconcile.Result{RequeueAfter: time.Hour}, c.err
		}), &controller.Options{}, c.e, enricherk8s.Options{})
		res, err := r.Reconcile(t.Context(), request)
		assert.Equal(t, time.Hour, res.RequeueAfter)
		if c.err == nil {
			assert.NoError(t, err)
			continue
		}
		assert.EqualError(t, err, c.text)
		assert.ErrorIs(t, err, c.err)
		assert.Equal(t, c.terminal, errors.Is(err, reconcile.TerminalError(nil)), c.text)
	}
}

func TestPanicEndsTheProcessIfItWould(t *testing.T) {
	t.Parallel()
	recovers := false
	veto := labeling(t, &enrichertest.Recorder{}, enricher.Labels{enricher.KeyJobCannotRestart: "true"})
	r := enricherk8s.Wrap(reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { panic("no") }),
		&controller.Options{RecoverPanic: &recovers}, veto, enricherk8s.Options{})
	assert.PanicsWithValue(t, "no", func() { _, _ = r.Reconcile(t.Context(), request) })
}

type CartReconciler struct{ reconcile.Func }

func TestNameOfTheController(t *testing.T) {
	t.Parallel()
	fails := reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return reconcile.Result{}, io.EOF })
	cart := &CartReconciler{fails}
	for _, c := range []struct {
		r    reconcile.Reconciler
		o    enricherk8s.Options
		want string
	}{
		{cart, enricherk8s.Options{Name: "cart", New: newService}, "cart"},
		{cart, enricherk8s.Options{New: newService}, "service"},
		{cart, enricherk8s.Options{New: func() client.Object {
			u := &unstructured.Unstructured{}
			u.SetKind("Cart")
			return u
		}}, "cart"},
		{cart, enricherk8s.Options{}, "cartreconciler"},
		{fails, enricherk8s.Options{}, "typedfunc"},
	} {
		rec := &enrichertest.Recorder{}
		r := enricherk8s.Wrap(c.r, &controller.Options{}, labeling(t, rec, enricher.Labels{"type": "USER"}), c.o)
		_, _ = r.Reconcile(t.Context(), reconcile.Request{NamespacedName: types.NamespacedName{Name: "n"}})
		require.Len(t, rec.Failures(), 1)
		assert.Equal(t, c.want, rec.Failures()[0].Context.JobName)
		assert.Equal(t, c.want+"//n", rec.Failures()[0].Context.JobID, "of an object without a namespace")
	}
}

func TestOptionsValidate(t *testing.T) {
	t.Parallel()
	const both = "enricherk8s: Client is nil: Events and Conditions need it\nenricherk8s: New is nil: Events and Conditions need it"
	for want, o := range map[string]enricherk8s.Options{
		"":                                      {},
		both:                                    {Conditions: conditionsOf},
		both + " ":                              {Events: &job{}},
		"enricherk8s: New: must not return nil": {New: func() client.Object { return nil }},
		"jobs: MaxUncounted -1: must not be negative; 0 is 20": {Options: jobs.Options{MaxUncounted: -1}},
	} {
		if err := o.Validate(); want != "" {
			assert.EqualError(t, err, strings.TrimSpace(want))
		} else {
			assert.NoError(t, err)
		}
	}
	for _, prefix := range []string{"example.com", "/", "a b/", "Example.com/", "a/b/", "a/b", "-/", strings.Repeat("a", 254) + "/"} {
		err := enricherk8s.Options{Prefix: prefix}.Validate()
		assert.EqualError(t, err, fmt.Sprintf("enricherk8s: Prefix %q: must be a domain in lower case and a slash, such as \"failure.example.com/\"", prefix))
	}
	assert.NoError(t, enricherk8s.Options{Prefix: "failures/"}.Validate())
}

func TestWrapPanicsOnWrongArguments(t *testing.T) {
	t.Parallel()
	r := reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) { return reconcile.Result{}, nil })
	assert.PanicsWithValue(t, "enricherk8s: Wrap: nil reconcile.Reconciler", func() { enricherk8s.Wrap(nil, &controller.Options{}, nil, enricherk8s.Options{}) })
	assert.PanicsWithValue(t, "enricherk8s: Wrap: nil *controller.Options", func() { enricherk8s.Wrap(r, nil, nil, enricherk8s.Options{}) })
	assert.Panics(t, func() { enricherk8s.Wrap(r, &controller.Options{}, nil, enricherk8s.Options{Prefix: "/"}) })
}

// The builder gets the reconciler, and sets that of the options itself.
func TestBuilderTakesBoth(t *testing.T) {
	t.Parallel()
	mgr, err := manager.New(&rest.Config{}, manager.Options{
		Metrics:        server.Options{BindAddress: "0"},
		MapperProvider: func(*rest.Config, *http.Client) (meta.RESTMapper, error) { return meta.NewDefaultRESTMapper(nil), nil },
	})
	require.NoError(t, err)
	opts := controller.Options{SkipNameValidation: new(true)}
	veto := labeling(t, &enrichertest.Recorder{}, enricher.Labels{enricher.KeyJobCannotRestart: "true"})
	r := enricherk8s.Wrap(reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
		return reconcile.Result{}, io.EOF
	}), &opts, veto, enricherk8s.Options{Events: mgr.GetEventRecorder("cart"), Client: newClient(), New: newService})
	c, err := builder.ControllerManagedBy(mgr).For(&corev1.Service{}, builder.WithPredicates(predicate.GenerationChangedPredicate{})).WithOptions(opts).Build(r)
	require.NoError(t, err)
	_, err = c.Reconcile(t.Context(), request)
	assert.EqualError(t, err, "terminal error: EOF")
}
