package evidence

import (
	"reflect"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// exitField judges how a command ended.
func exitField(t reflect.Type) func(*Verdict, reflect.Value) {
	if !isInt(elem(t)) {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		if n, ok := inspect.IntOf(indirect(field)); ok {
			v.add(ofExitStatus(n))
		}
	}
}

// retryableField, temporaryField and timeoutField judge fields that are true. False is the
// default of a field, and no evidence.
func retryableField(t reflect.Type) func(*Verdict, reflect.Value) {
	return trueField(t, Evidence{Weight: Author, Retry: Retryable, Why: "a field says that a retry helps"})
}

func temporaryField(t reflect.Type) func(*Verdict, reflect.Value) {
	return trueField(t, Evidence{Weight: Generic, Retry: Retryable, Why: "a field says that it is temporary"})
}

func timeoutField(t reflect.Type) func(*Verdict, reflect.Value) {
	return trueField(t, says(Generic, Dependency, Retryable, "a field says that it is a timeout"))
}

func trueField(t reflect.Type, e Evidence) func(*Verdict, reflect.Value) {
	if t.Kind() != reflect.Bool {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		if field.Bool() {
			v.add(e)
		}
	}
}

// extensionsField judges the code in the extensions of an error of GraphQL: a map or a
// struct.
func extensionsField(t reflect.Type) func(*Verdict, reflect.Value) {
	if t.Kind() != reflect.Map && elem(t).Kind() != reflect.Struct {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		code := ""
		switch values := field.Interface().(type) {
		case map[string]any:
			code, _ = values["code"].(string)
		default:
			code, _ = inspect.String(values, "Code")
		}
		if e, ok := graphql.of(code); ok {
			v.add(e)
		} else {
			v.ownCode(code)
		}
	}
}

// entriesField judges a list of what are no errors themselves, but have extensions as
// those of GraphQL do.
func entriesField(t reflect.Type) func(*Verdict, reflect.Value) {
	if t.Kind() != reflect.Slice || elem(t.Elem()).Kind() != reflect.Struct || isError(t.Elem()) || isError(reflect.PointerTo(t.Elem())) {
		return nil
	}
	extensions, ok := elem(t.Elem()).FieldByName("Extensions")
	if !ok || !extensions.IsExported() {
		return nil
	}
	judge := extensionsField(extensions.Type)
	if judge == nil {
		return nil
	}
	return func(v *Verdict, list reflect.Value) {
		for i := range min(list.Len(), maxDetails) {
			if entry := indirect(list.Index(i)); entry.IsValid() {
				if value, err := entry.FieldByIndexErr(extensions.Index); err == nil {
					judge(v, value)
				}
			}
		}
	}
}
