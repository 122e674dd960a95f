// Package inspect looks at errors of strangers: their types, texts and origins.
// Whatever the error is, nothing here panics.
package inspect

import (
	"reflect"
	"strings"
	"sync"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
)

// Text returns the text of err in a form that a label can have: valid UTF-8, with
// control characters other than tab and newline replaced by U+FFFD, and at most
// limit bytes, cut between two characters. Where the Error method panics, the
// text says so.
func Text(err error, limit int) string {
	return text.Clean(guard.Text(err), limit)
}

// A typeInfo is what there is to know about a type of errors.
type typeInfo struct {
	otel  string // its name
	short string // as %T prints it
	long  string // the same with the full path of the package
	stack bool   // it has a method StackTrace like that of pkg/errors
}

var types sync.Map // of *typeInfo by reflect.Type: as many as the program has error types

func infoOf(err error) *typeInfo {
	t := reflect.TypeOf(err)
	if n, ok := types.Load(t); ok {
		return n.(*typeInfo)
	}
	n := &typeInfo{otel: t.String(), short: t.String(), stack: hasStackTrace(t)}
	n.long = n.short
	elem, stars := t, ""
	for elem.Kind() == reflect.Pointer && elem.Name() == "" {
		elem, stars = elem.Elem(), stars+"*"
	}
	if elem.PkgPath() != "" && elem.Name() != "" {
		n.long = stars + elem.PkgPath() + "." + elem.Name()
		if stars == "" {
			n.otel = n.long
		}
	}
	types.Store(t, n)
	return n
}

// TypeName returns the name of the type of err, which is not nil, as
// OpenTelemetry for Go has it in error.type (ErrorType in package semconv): with
// the path of its package where it is a named type, "syscall.Errno" or
// "net/textproto.ProtocolError", and else as %T prints it, "*fs.PathError".
func TypeName(err error) string { return infoOf(err).otel }

// TypeNames returns the names by which people may call the type of err, which is
// not nil: as %T prints it, "*fs.PathError", and the same with the full path of
// the package, "*io/fs.PathError".
func TypeNames(err error) [2]string {
	t := infoOf(err)
	return [2]string{t.short, t.long}
}

// IsType reports whether typeName is one of the [TypeNames] of err. Case does not
// matter, as loaders of configuration that lower-case their keys are common.
func IsType(err error, typeName string) bool {
	t := infoOf(err)
	return strings.EqualFold(t.short, typeName) || strings.EqualFold(t.long, typeName)
}

// plain are the types that add a text, labels or a stack to the error that they
// wrap, and nothing else.
var plain = map[string]bool{
	"*fmt.wrapError":    true,
	"*fmt.wrapErrors":   true,
	"*errors.joinError": true,
	"*github.com/failure-enrichers/enricher.labeledError":         true,
	"*github.com/pkg/errors.withMessage":                          true,
	"*github.com/pkg/errors.withStack":                            true,
	"*github.com/go-errors/errors.Error":                          true,
	"*github.com/cockroachdb/errors/withstack.withStack":          true,
	"*github.com/cockroachdb/errors/errutil.withPrefix":           true,
	"*github.com/cockroachdb/errors/errutil.withNewMessage":       true,
	"*github.com/cockroachdb/errors/secondary.withSecondaryError": true,
	"*golang.org/x/xerrors.wrapError":                             true,
}

// IsPlain reports whether err, which is not nil, only adds a text, labels or a
// stack to what it wraps.
func IsPlain(err error) bool { return plain[infoOf(err).long] }

// Peel returns err, which is not nil, without the wrappers that only add a text,
// labels or a stack. Of several wrapped errors it follows the first. Where there
// is nothing but wrappers, it is the innermost.
func Peel(err error) error {
	for e := range enricher.Chain(err) {
		err = e
		if !IsPlain(e) {
			break
		}
	}
	return err
}
