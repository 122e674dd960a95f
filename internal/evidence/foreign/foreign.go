// Package foreign is about errors of another process that package wire has decoded.
// Their Go types are not there, so what this module would ask a type, it asks them.
package foreign

import (
	"fmt"
	"strings"
	"time"
)

// An Error is a decoded error. Only this module can implement it.
type Error interface {
	error
	As(target any) bool
	Foreign() *Facts
}

// Facts are what an Error was in the process that it is from.
type Facts struct {
	Type     string            // as %T printed it: "*fs.PathError"
	TypePath string            // the same with the full path of the package: "*io/fs.PathError"
	Errno    string            // the name of a system error: "ECONNREFUSED"
	Fields   map[string]string // by name
	Frames   []Frame           // of its stack, the place where it arose first
	Value    error             // of its type, but with another text; nil if there is none

	Judged   bool // Evidence and Wait are all that there is; otherwise its methods tell
	Evidence []Evidence
	Wait     time.Duration // before a retry; 0: it says nothing
	Inner    []error       // what evidence looks at in place of what it wraps, if Hides
	Hides    bool
}

// Name returns the name of the type as OpenTelemetry has it in error.type.
func (f *Facts) Name() string {
	if strings.HasPrefix(f.TypePath, "*") {
		return f.Type
	}
	return f.TypePath
}

// A Frame is a place in code.
type Frame struct {
	Function string `json:"function"`
	File     string `json:"file,omitempty"`
	Line     int    `json:"line,omitempty"`
}

// Evidence is what package evidence had found.
type Evidence struct {
	Weight string `json:"weight,omitempty"`
	Fault  string `json:"fault,omitempty"`
	Retry  string `json:"retry,omitempty"`
	Kind   string `json:"kind,omitempty"`
	Code   string `json:"code,omitempty"`
	Why    string `json:"why,omitempty"`
}

// Of returns the facts of err, or nil if err is of this process.
func Of(err any) *Facts {
	if f, ok := err.(Error); ok {
		return f.Foreign()
	}
	return nil
}

// TypeOf returns the type of err as %T prints it, or for a decoded error that of the
// original.
func TypeOf(err error) string {
	if f := Of(err); f != nil {
		return f.Type
	}
	return fmt.Sprintf("%T", err)
}

// As returns err as a T. A decoded error is a T if the original was one. Unlike
// [errors.As] it does not look at what err wraps.
func As[T any](err any) (t T, ok bool) {
	if t, ok = err.(T); ok {
		return t, true
	}
	if f, decoded := err.(Error); decoded {
		return as[T](f)
	}
	return t, false
}

// as is apart from As, in which t would be allocated for every error.
func as[T any](f Error) (t T, ok bool) {
	ok = f.As(&t)
	return t, ok
}

// Value returns a value of the type of err for a type switch: err itself, unless it
// is decoded and the value would have another text.
func Value(err error) error {
	if f := Of(err); f != nil && f.Value != nil {
		return f.Value
	}
	return err
}
