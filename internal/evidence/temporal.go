package evidence

import (
	"reflect"
	"unicode"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// temporalClients say with a type how an activity or workflow ended; see
// https://docs.temporal.io/references/failures. An application error has a type that its
// author has chosen, or else the name of the Go type.
var temporalClients = client{
	local: true,
	paths: []string{"go.temporal.io/sdk", "go.uber.org/cadence"},
	judge: func(v *Verdict, err error) {
		switch inspect.NamedType(reflect.TypeOf(err)).Name() {
		case "CanceledError", "TerminatedError":
			v.add(says(Coded, Cancelled, Undecided, "a workflow or activity that was cancelled"))
		case "TimeoutError":
			v.add(says(Generic, Dependency, Retryable, "a timeout of Temporal"))
		case "PanicError", "workflowPanicError":
			v.add(says(Generic, System, Undecided, "a panic"))
		case "ActivityNotRegisteredError", "UnknownExternalWorkflowExecutionError":
			v.add(says(Typed, System, Undecided, "a worker that does not know the activity"))
		}
		m, ok := err.(interface{ Type() string })
		if !ok || m.Type() == "" {
			return
		}
		name := m.Type()
		if e, ok := ofName(name); ok {
			v.add(e)
		}
		if first := rune(name[0]); unicode.IsUpper(first) && len(name) <= maxCode {
			v.word(name, name)
			v.add(Evidence{Kind: OwnCode, Code: name})
		}
	},
}
