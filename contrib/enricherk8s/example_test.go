package enricherk8s_test

import (
	"context"
	"fmt"
	"io"
	"time"

	corev1 "k8s.io/api/core/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	ctrl "sigs.k8s.io/controller-runtime"
	"sigs.k8s.io/controller-runtime/pkg/builder"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/predicate"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherk8s"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	ctx := context.Background()
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg)
	if err != nil {
		panic(err)
	}
	cart := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart"}}
	c := fake.NewClientBuilder().WithObjects(cart).WithStatusSubresource(cart).Build() // in a service, mgr.GetClient()
	recorder := events.NewFakeRecorder(1)                                              // mgr.GetEventRecorder("cart")

	opts := controller.Options{}
	r := enricherk8s.Wrap(&Reconciler{c}, &opts, e, enricherk8s.Options{
		Client: c, New: func() client.Object { return &corev1.Service{} }, Events: recorder,
		Conditions: func(obj client.Object) *[]metav1.Condition { return &obj.(*corev1.Service).Status.Conditions },
	})

	// What the controller does, which is built with opts and r.
	_, err = r.Reconcile(ctx, reconcile.Request{NamespacedName: client.ObjectKeyFromObject(cart)})
	fmt.Println(err)
	fmt.Println(<-recorder.Events)
	_ = c.Get(ctx, client.ObjectKeyFromObject(cart), cart)
	for _, condition := range cart.Status.Conditions {
		fmt.Println(condition.Type, condition.Status, condition.Message)
	}

	// When the manager has stopped, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	if err != nil {
		panic(err)
	}
	// Output:
	// unexpected EOF
	// Warning ReconcileFailed unexpected EOF [error_type=*errors.errorString, retry=retryable, type=DEPENDENCY]
	// ReconcileFailed True error_type=*errors.errorString, retry=retryable, type=DEPENDENCY
}

func ExampleWrap() {
	ctx := ctrl.SetupSignalHandler()
	var mgr ctrl.Manager // of ctrl.NewManager
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	e, err := enricher.New(cfg)
	if err != nil {
		panic(err)
	}
	opts := controller.Options{}
	r := enricherk8s.Wrap(&Reconciler{mgr.GetClient()}, &opts, e, enricherk8s.Options{
		Client: mgr.GetClient(), New: func() client.Object { return &policyv1.PodDisruptionBudget{} },
		Events: mgr.GetEventRecorder("budget"),
		Conditions: func(obj client.Object) *[]metav1.Condition {
			return &obj.(*policyv1.PodDisruptionBudget).Status.Conditions
		},
	})
	changed := builder.WithPredicates(predicate.GenerationChangedPredicate{}) // so that the condition does not trigger an attempt
	err = ctrl.NewControllerManagedBy(mgr).For(&policyv1.PodDisruptionBudget{}, changed).WithOptions(opts).Complete(r)
	if err != nil {
		panic(err)
	}
	_ = mgr.Start(ctx)

	// When the manager has stopped, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	if err != nil {
		panic(err)
	}
}

type Reconciler struct{ client.Client }

func (*Reconciler) Reconcile(context.Context, reconcile.Request) (reconcile.Result, error) {
	return reconcile.Result{}, io.ErrUnexpectedEOF
}

func ExamplePodError() {
	pod := &corev1.Pod{Status: corev1.PodStatus{
		Phase: corev1.PodFailed,
		ContainerStatuses: []corev1.ContainerStatus{{
			Name:  "import",
			State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: 137, Reason: "OOMKilled"}},
		}},
	}}
	fmt.Println(enricherk8s.PodError(pod))
	// Output: import: OOMKilled, exit status 137
}
