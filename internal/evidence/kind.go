package evidence

import (
	"reflect"
	"slices"
	"sync"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// A kind is what is known about a type of errors.
type kind struct {
	judges  []judge
	inner   func(err error) []error // what it wraps, if it does not say so with Unwrap; or nil
	message bool                    // it adds a text to an error, or to several
	wrote   bool                    // its text has what a command wrote, and not that of what it wraps
}

// kinds caches the kind of each type of errors: a *kind by reflect.Type. There are at
// most as many entries as the program has error types.
var kinds sync.Map

func kindOf(err error) *kind {
	t := reflect.TypeOf(err)
	if found, ok := kinds.Load(t); ok {
		return found.(*kind)
	}
	found := &kind{judges: findJudges(err, t), inner: findInner(err, t)}
	found.message = slices.Contains([]string{"*fmt.wrapError", "*fmt.wrapErrors", "*errors.withMessage"}, t.String())
	_, found.wrote = err.(interface{ ExitReason() string })
	kinds.Store(t, found)
	return found
}

// findJudges finds the judges of a type: by its methods and fields, its name and its
// package. Of evidence that is equally strong the first counts.
func findJudges(err error, t reflect.Type) []judge {
	pkg := inspect.NamedType(t).PkgPath()
	if pkg == "context" || t.String() == "*tls.permanentError" {
		return nil // a deadline has a method Timeout, but is not that of a call; the other wraps what failed
	}
	var found []judge
	always := func(e Evidence) { found = append(found, func(v *Verdict, _ error) { v.add(e) }) }
	if e, ok := named[t.String()]; ok {
		always(e)
	}
	if t.String() == "*errors.fundamental" || t.String() == "*xerrors.errorString" {
		found = append(found, func(v *Verdict, err error) { v.add(ofText(err)) }) // they have only a text, too
	}
	known, isKnown := clientOf(pkg)
	if isKnown && known.judge != nil {
		found = append(found, known.judge)
	}
	for _, m := range slices.Concat(exitMethods, methods) {
		if m.has(err) {
			found = append(found, m.judge)
		}
	}
	for _, find := range []func(reflect.Type) (judge, bool){findGRPC, findRFCCode, findCode, findType} {
		if j, ok := find(t); ok {
			found = append(found, j)
		}
	}
	if !isKnown || !known.ownFields {
		found = append(found, findFields(t)...)
	}
	if e, ok := ofTypeName(t); ok {
		always(e)
	}
	if e, ok := ofPackage(pkg); ok {
		always(e)
	}
	return found
}

// hides reports whether what is judged is not what the method Unwrap of err returns.
func (k *kind) hides(err error) bool {
	if f := foreign.Of(err); f != nil {
		return f.Hides
	}
	return k.inner != nil
}

// unwrap returns what err wraps.
func (k *kind) unwrap(err error) (many []error, one error) {
	if f := foreign.Of(err); f != nil && f.Hides {
		return f.Inner, nil
	}
	if k.inner == nil {
		return guard.Unwrap(err)
	}
	guard.Do(func() { many = k.inner(err) })
	return many, nil
}

// maxInner bounds how many errors of a list are looked at.
const maxInner = 1000

// findInner finds what errors of a type wrap if their method Unwrap does not say so:
// by a method Cause, a field such as Err, or as a list.
func findInner(err error, t reflect.Type) func(err error) []error {
	if guard.Joins(err) {
		return nil
	}
	switch err.(type) {
	case interface{ Unwrap() error }:
		return nil
	case interface{ Cause() error }: // github.com/pkg/errors before 0.9, github.com/juju/errors
		return func(err error) []error {
			if cause := err.(interface{ Cause() error }).Cause(); cause != nil {
				return []error{cause}
			}
			return nil
		}
	}
	if t.Kind() == reflect.Slice && (isError(t.Elem()) || isError(reflect.PointerTo(t.Elem()))) {
		return listed
	}
	if name := errorField(t); name != "" {
		return func(err error) []error {
			field, ok := inspect.Field(err, name)
			if !ok {
				return nil
			}
			return oneError(field)
		}
	}
	return nil
}

func isError(t reflect.Type) bool { return t.Implements(reflect.TypeFor[error]()) }

func listed(err error) []error {
	list := reflect.ValueOf(err)
	var all []error
	for i := range min(list.Len(), maxInner) {
		all = append(all, oneError(list.Index(i))...)
	}
	return all
}

// errorField returns the name of the exported field with the error that an error of type t
// wraps, or "": one of the usual names, a list, or the only field that is an error.
func errorField(t reflect.Type) string {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return ""
	}
	for _, name := range []string{"Err", "OrigErr", "Cause", "Inner", "InnerErr", "InnerError", "Wrapped", "WrappedErr", "Underlying"} {
		if field, ok := t.FieldByName(name); ok && field.IsExported() && field.Type == reflect.TypeFor[error]() {
			return name
		}
	}
	var names []string
	for i := range t.NumField() {
		field := t.Field(i)
		if field.IsExported() && !field.Anonymous && (field.Type == reflect.TypeFor[error]() || field.Name == "Errors" && isError(field.Type)) {
			names = append(names, field.Name)
		}
	}
	if len(names) == 1 {
		return names[0]
	}
	return ""
}

// oneError returns the error in a field, of which [inspect.Field] has removed the
// pointer.
func oneError(field reflect.Value) []error {
	if field.CanAddr() && field.Addr().CanInterface() {
		if e, ok := field.Addr().Interface().(error); ok {
			return []error{e}
		}
	}
	if field.CanInterface() {
		if e, ok := field.Interface().(error); ok {
			return []error{e}
		}
	}
	return nil
}
