package foreign

import (
	"cmp"
	"reflect"

	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/source"
)

// maxWithin is how many errors of the library around others ErrorType follows.
const maxWithin = 100

// ErrorType returns the error.type of v, an error or the value of a panic, as
// semconv.ErrorType of OpenTelemetry does: what a method ErrorType of its chain returns,
// or the type of the first error of the chain that is no wrapper of package fmt. Of an
// error of the library around another, within returns the other. Its ErrorType is not
// called, as an error may keep what was made of it.
func ErrorType(v any, within func(error) error) string { return errorType(v, within, 0) }

func errorType(v any, within func(error) error, depth int) (name string) {
	err, ok := v.(error)
	if !ok {
		return cmp.Or(ownErrorType(v), typeName(v))
	}
	var first string
	var walk guard.Walk
	walk.Visit(err, func(link error, _ int) guard.Step {
		inner := within(link)
		switch {
		case inner != nil && depth < maxWithin:
			name = errorType(inner, within, depth+1)
		case inner == nil:
			name = ownErrorType(link)
		}
		if name != "" {
			return guard.Stop
		}
		if first == "" && inner == nil {
			if t := typeName(link); t != "*fmt.wrapError" {
				first = t
			}
		}
		return guard.Into
	})
	return cmp.Or(name, first, typeName(v))
}

// ownErrorType returns what v says in its method ErrorType, or "".
func ownErrorType(v any) (name string) {
	if e, ok := As[interface{ ErrorType() string }](v); ok {
		guard.Do(func() { name = e.ErrorType() })
	}
	return name
}

// typeName returns the name of the type of v as OpenTelemetry has it.
func typeName(v any) string {
	if f := Of(v); f != nil {
		return f.Name()
	}
	return source.TypeName(reflect.TypeOf(v))
}
