package enricherk8s

import (
	"errors"
	"fmt"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/validation"
	"k8s.io/client-go/tools/events"
	"sigs.k8s.io/controller-runtime/pkg/client"

	"github.com/failure-enrichers/enricher/jobs"
)

// Options are the options of [Wrap].
//
// An event is written when an object begins to fail and when its labels change, other
// than retry_after. Its note has the text of the error and the labels, as much as 1,024
// bytes hold; its annotations have the labels whose keys make a qualified name with
// Prefix, such as 63 letters, digits, '-', '_' and '.'. Its type is Warning, or Normal
// if the failure is expected. The condition has the labels but retry_after, and is
// removed after a success. Both are masked by package redact. What is remembered of
// events is lost with the process.
//
// A write that fails is logged to the logger of the reconciliation, and tried again
// after the next failure. Reading and writing take five seconds at most.
type Options struct {
	jobs.Options

	// Name is the name of the controller, for JobName and JobID. By default, that which
	// the builder uses: the kind of what New returns, in lower case. Without New, it is
	// the type of the reconciler, in lower case.
	Name string

	// Client reads the object and writes its status. It should be that of the manager,
	// which reads from its cache. Events and Conditions need it.
	Client client.Client

	// New returns an empty object of the kind that is reconciled, such as &shopv1.Cart{}.
	// Events and Conditions need it.
	New func() client.Object

	// Events records events, as mgr.GetEventRecorder returns it. By default, there are
	// none.
	Events events.AnnotatedEventRecorder

	// Conditions returns the conditions in the status of an object of New. They get one
	// of the type [ConditionType]. By default, there is none.
	//
	// A write to the status is a change of the object, and starts its reconciliation.
	// To prevent this, use predicate.GenerationChangedPredicate.
	Conditions func(client.Object) *[]metav1.Condition

	// Prefix is put before the key of a label to make that of an annotation: a domain
	// and a slash, such as "failure.example.com/". By default,
	// "failure-enrichers.github.io/".
	Prefix string
}

// The type of the condition of an object that fails, and its reasons, which are those of
// events too.
const (
	ConditionType  = "ReconcileFailed"
	ReasonFailed   = "ReconcileFailed"
	ReasonTerminal = "ReconcileFailedTerminally" // no further attempt until the object changes
)

const defaultPrefix = "failure-enrichers.github.io/"

// Validate returns an error for each option that is wrong, joined.
func (o Options) Validate() error {
	errs := []error{o.Options.Validate()}
	wrong := func(format string, args ...any) {
		errs = append(errs, fmt.Errorf("enricherk8s: "+format, args...))
	}
	writes := o.Events != nil || o.Conditions != nil
	if writes && o.Client == nil {
		wrong("Client is nil: Events and Conditions need it")
	}
	switch {
	case writes && o.New == nil:
		wrong("New is nil: Events and Conditions need it")
	case o.New != nil && o.New() == nil:
		wrong("New: must not return nil")
	}
	if domain, ok := strings.CutSuffix(o.Prefix, "/"); o.Prefix != "" && (!ok || len(validation.IsDNS1123Subdomain(domain)) > 0) {
		wrong("Prefix %q: must be a domain in lower case and a slash, such as \"failure.example.com/\"", o.Prefix)
	}
	return errors.Join(errs...)
}
