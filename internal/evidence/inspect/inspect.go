// Package inspect finds the types, texts and origins of errors of third-party code.
// Nothing here panics, whatever the error is.
package inspect

import (
	"errors"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"sync"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
)

// Text returns the text of err as a label can have it: valid UTF-8, with control
// characters other than tab and newline replaced by U+FFFD, and at most limit bytes,
// cut between two characters. If the Error method panics, the text says so.
func Text(err error, limit int) string {
	return text.Clean(guard.Text(err), limit)
}

// A typeInfo describes a type of errors.
type typeInfo struct {
	otel  string // as error.type has it
	short string // as %T prints it
	long  string // the same with the full path of the package
	stack bool   // it has a method StackTrace like that of pkg/errors
}

var types sync.Map // *typeInfo by reflect.Type: at most as many as the program has error types

func infoOf(err error) *typeInfo {
	if f := foreign.Of(err); f != nil {
		return &typeInfo{otel: f.Name(), short: f.Type, long: f.TypePath}
	}
	t := reflect.TypeOf(err)
	if n, ok := types.Load(t); ok {
		return n.(*typeInfo)
	}
	n := &typeInfo{otel: t.String(), short: t.String(), stack: hasStackTrace(t)}
	n.long = n.short
	if named := NamedType(t); named.PkgPath() != "" && named.Name() != "" {
		stars := n.short[:len(n.short)-len(strings.TrimLeft(n.short, "*"))]
		n.long = stars + named.PkgPath() + "." + named.Name()
		if stars == "" {
			n.otel = n.long
		}
	}
	types.Store(t, n)
	return n
}

// NamedType returns the type that t points to, directly or through other pointers,
// and t itself if it is not a pointer or has a name.
func NamedType(t reflect.Type) reflect.Type {
	for t.Kind() == reflect.Pointer && t.Name() == "" {
		t = t.Elem()
	}
	return t
}

// TypeName returns the name of the type of err, which is not nil, as OpenTelemetry
// for Go has it in error.type (ErrorType in package semconv): with the path of its
// package if it is a named type, "syscall.Errno" or "net/textproto.ProtocolError",
// and as %T prints it otherwise, "*fs.PathError".
func TypeName(err error) string { return infoOf(err).otel }

// TypeNames returns the names that a configuration may use for the type of err,
// which is not nil: as %T prints it, "*fs.PathError", and the same with the full
// path of the package, "*io/fs.PathError".
func TypeNames(err error) [2]string {
	t := infoOf(err)
	return [2]string{t.short, t.long}
}

// IsType reports whether typeName is one of the [TypeNames] of err, ignoring case,
// because many loaders of configuration lower-case their keys.
func IsType(err error, typeName string) bool {
	t := infoOf(err)
	return strings.EqualFold(t.short, typeName) || strings.EqualFold(t.long, typeName)
}

// typeForm is the form of the [TypeNames]: a pointer or none, the package or its path,
// the name, and the arguments of a generic type.
var typeForm = regexp.MustCompile(`^\*?[\pL\pN_][\pL\pN_.~+/-]*\.[\pL_][\pL\pN_·]*(\[.+\])?$`)

// otherNames are aliases that programs use for a type, in lower case. No error has them.
var otherNames = map[string]string{
	"os.patherror": "fs.PathError", "unix.errno": "syscall.Errno", "golang.org/x/sys/unix.errno": "syscall.Errno",
}

// CheckTypeName returns nil if name can be one of the [TypeNames] of an error, and
// otherwise an error that says what is accepted.
func CheckTypeName(name string) error {
	element := strings.TrimPrefix(name, "*")
	if other := otherNames[strings.ToLower(element)]; other != "" {
		return fmt.Errorf("is another name of %s%s, which errors have: write that", name[:len(name)-len(element)], other)
	}
	if !typeForm.MatchString(name) {
		return errors.New(`must be a Go type with its package, such as "*fs.PathError" or "*io/fs.PathError", and no pattern`)
	}
	return nil
}

// plain are the types that only add a text, labels or a stack to the error that they
// wrap.
var plain = map[string]bool{
	"*fmt.wrapError":    true,
	"*fmt.wrapErrors":   true,
	"*errors.joinError": true,
	"*github.com/failure-enrichers/enricher.labeledError":         true,
	"*github.com/failure-enrichers/enricher.resultError":          true,
	"*github.com/failure-enrichers/enricher.loggedError":          true,
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

// IsCarrier reports whether err, which is not nil, is what this module puts around an error
// to carry labels or a Result.
func IsCarrier(err error) bool {
	name := infoOf(err).long
	return plain[name] && strings.HasPrefix(name, "*github.com/failure-enrichers/enricher.")
}

// IsPlainName reports whether errors of the type with this name, written with the full
// path of its package, are plain.
func IsPlainName(name string) bool { return plain[name] }

// Peel returns err, which is not nil, without the wrappers that only add a text,
// labels or a stack. Of several wrapped errors it follows the first. If there are
// only wrappers, it returns the innermost.
func Peel(err error) error {
	for e := range enricher.Chain(err) {
		err = e
		if !IsPlain(e) {
			break
		}
	}
	return err
}
