package evidence

import (
	"reflect"
	"unicode"

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
// those of GraphQL do, a code as those of Google's clouds, or a SQLSTATE as those of ODBC.
func entriesField(t reflect.Type) func(*Verdict, reflect.Value) {
	if t.Kind() != reflect.Slice || elem(t.Elem()).Kind() != reflect.Struct || isError(t.Elem()) || isError(reflect.PointerTo(t.Elem())) {
		return nil
	}
	for _, f := range []struct {
		name string
		find func(t reflect.Type) func(*Verdict, reflect.Value)
	}{{"Extensions", extensionsField}, {"Code", entryCodeField}, {"State", stateField}} {
		field, ok := elem(t.Elem()).FieldByName(f.name)
		if !ok || !field.IsExported() {
			continue
		}
		if _, odbc := elem(t.Elem()).FieldByName("NativeError"); f.name == "State" && !odbc {
			continue
		}
		if judge := f.find(field.Type); judge != nil {
			return func(v *Verdict, list reflect.Value) {
				if f.name == "Code" && list.Len() != 1 {
					return // another entry may pass
				}
				for i := range min(list.Len(), maxDetails) {
					if entry := indirect(list.Index(i)); entry.IsValid() {
						if value, err := entry.FieldByIndexErr(field.Index); err == nil {
							judge(v, value)
						}
					}
				}
			}
		}
	}
	return nil
}

// entryCodeField judges the code of an entry of a list. One in lower case may be about a
// field of the input.
func entryCodeField(t reflect.Type) func(*Verdict, reflect.Value) {
	if elem(t).Kind() != reflect.String {
		return nil
	}
	return func(v *Verdict, field reflect.Value) {
		if field = indirect(field); field.IsValid() && field.Len() > 0 && unicode.IsUpper(rune(field.String()[0])) {
			v.ownCode(field.String())
		}
	}
}

// detailsField judges details of package google.rpc as maps.
func detailsField(t reflect.Type) func(*Verdict, reflect.Value) {
	if t.Kind() != reflect.Slice || t.Elem() != reflect.TypeFor[map[string]any]() && t.Elem() != reflect.TypeFor[any]() {
		return nil
	}
	return func(v *Verdict, details reflect.Value) {
		for i := range min(details.Len(), maxDetails) {
			v.ofJSONDetail(details.Index(i).Interface())
		}
	}
}
