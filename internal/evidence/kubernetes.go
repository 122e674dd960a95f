package evidence

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// kubernetesClients have a status with a reason, causes, and seconds to wait.
var kubernetesClients = client{
	paths: []string{"k8s.io/apimachinery", "k8s.io/client-go", "sigs.k8s.io/controller-runtime", "github.com/openshift"},
	judge: func(v *Verdict, err error) {
		e, ok := kubernetesReasons.of(inspect.Code(err, "ErrStatus.Reason"))
		if causes, has := inspect.Field(err, "ErrStatus.Details.Causes"); has {
			for i := range min(causes.Len(), maxDetails) {
				if cause, known := kubernetesReasons.of(inspect.Code(causes.Index(i).Interface(), "Type")); known {
					e, ok = cause, true
				}
			}
		}
		if message, _ := inspect.String(err, "ErrStatus.Message"); e.Code == "Forbidden" && strings.Contains(message, "exceeded quota") {
			e.Retry = Retryable // others may give back what they use
		}
		if ok {
			v.add(e)
		}
		if wait, ok := inspect.Int(err, "ErrStatus.Details.RetryAfterSeconds"); ok {
			v.waits(seconds(float64(wait)))
		}
		if status, ok := inspect.Int(err, "ErrStatus.Code"); ok {
			v.add(ofHTTP(status))
		}
	},
}

// kubernetesReasons are reasons of a status, and types of its causes.
var kubernetesReasons = &Table{
	Kind: Kubernetes, Title: "Reason of a status of Kubernetes, or type of its cause", Weight: Specific,
	Source: "https://pkg.go.dev/k8s.io/apimachinery/pkg/apis/meta/v1#StatusReason",
	Rows: []Row{
		{Dependency, Retryable, "Conflict Expired InternalError ResourceVersionTooLarge ServerTimeout ServiceUnavailable StoreReadError Timeout TooManyRequests DisruptionBudget UnexpectedServerResponse"},
		{Dependency, Undecided, "Gone NamespaceTerminating FieldManagerConflict"},
		{Dependency, Terminal, "Forbidden MethodNotAllowed NotAcceptable Unauthorized"},
		{User, Terminal, "AlreadyExists BadRequest Invalid NotFound RequestEntityTooLarge UnsupportedMediaType FieldValueDuplicate FieldValueInvalid FieldValueNotFound FieldValueNotSupported FieldValueRequired FieldValueForbidden FieldValueTooLong FieldValueTooMany FieldValueTypeInvalid"},
	},
}
