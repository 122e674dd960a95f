package enricherk8s_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"
	"sigs.k8s.io/controller-runtime/pkg/client/fake"
	"sigs.k8s.io/controller-runtime/pkg/controller"
	"sigs.k8s.io/controller-runtime/pkg/reconcile"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherk8s"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "error"},
		Options:          map[string]map[string]any{"type": {"types": []any{map[string]any{"match": "*errors.errorString", "is": "USER"}}}},
	}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	cart := &corev1.Service{ObjectMeta: metav1.ObjectMeta{Namespace: "shop", Name: "cart"}}
	c := fake.NewClientBuilder().WithObjects(cart).WithStatusSubresource(cart).Build() // in a service, mgr.GetClient()
	recorder := events.NewFakeRecorder(1)                                              // mgr.GetEventRecorder("cart")

	opts := controller.Options{}
	r := enricherk8s.Wrap(reconcile.Func(func(context.Context, reconcile.Request) (reconcile.Result, error) {
		return reconcile.Result{}, io.ErrUnexpectedEOF
	}), &opts, e, enricherk8s.Options{
		Client: c, New: func() client.Object { return &corev1.Service{} }, Events: recorder,
		Conditions: func(obj client.Object) *[]metav1.Condition { return &obj.(*corev1.Service).Status.Conditions },
	})

	// What the controller does, which is built with opts and r.
	_, err = r.Reconcile(context.Background(), reconcile.Request{NamespacedName: client.ObjectKeyFromObject(cart)})
	fmt.Println(err)
	fmt.Println(<-recorder.Events)
	_ = c.Get(context.Background(), client.ObjectKeyFromObject(cart), cart)
	for _, condition := range cart.Status.Conditions {
		fmt.Println(condition.Type, condition.Status, condition.Message)
	}
	// Output:
	// unexpected EOF
	// Warning ReconcileFailed unexpected EOF [error_type=*errors.errorString, type=USER]
	// ReconcileFailed True error_type=*errors.errorString, type=USER
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
