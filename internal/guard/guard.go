// Package guard calls methods of third-party code, which may panic.
package guard

import (
	"errors"
	"fmt"
	"reflect"
	"runtime"
	"time"
)

// Do calls fn and returns nil, or the panic of fn. If fn exits the goroutine, Do
// does not return.
func Do(fn func()) (p *Panic) {
	defer func() {
		if v := recover(); v != nil {
			p = &Panic{v, Callers()}
		}
	}()
	fn()
	return nil
}

// Apart is like Do but calls fn on a goroutine of its own and waits for it. If fn
// exits that goroutine, Apart returns a panic with the value [ErrGoexit].
func Apart(fn func()) *Panic { return <-Go(fn) }

// Go calls fn on a goroutine of its own and sends what Apart would return.
func Go(fn func()) <-chan *Panic {
	done := make(chan *Panic, 1)
	go func() {
		p := &Panic{Value: ErrGoexit}
		defer func() { done <- p }()
		p = Do(fn)
	}()
	return done
}

// Within is like Apart but waits for fn no longer than d. It reports whether fn has
// ended: until then, what fn writes must not be read.
func Within(d time.Duration, fn func()) bool {
	select {
	case <-Go(fn):
		return true
	case <-time.After(d):
		return false
	}
}

// ErrGoexit says that a function has exited its goroutine.
var ErrGoexit = errors.New("runtime.Goexit was called")

// A Panic is the value of a panic and the stack that it came from.
type Panic struct {
	Value   any
	Callers []uintptr // nil for [ErrGoexit]
}

// Callers returns the program counters of the goroutine, at most 64, without the
// function that calls it.
func Callers() []uintptr {
	pcs := make([]uintptr, 64)
	return pcs[:runtime.Callers(3, pcs)]
}

// Text returns err.Error() or, if that panics, a text that says so.
func Text(err error) (text string) {
	if err == nil {
		return "(no error)"
	}
	if p := Do(func() { text = err.Error() }); p != nil {
		return fmt.Sprintf("(the Error method of a %T panicked: %s)", err, Sprint(p.Value))
	}
	return text
}

// Unwrap returns what err wraps: one error or many, and neither if its method panics or
// there is none. Errors that are older than [errors.Join] have another method than Unwrap
// for many, or one that returns them one by one.
func Unwrap(err error) (many []error, one error) {
	defer func() {
		if recover() != nil {
			many, one = nil, nil
		}
	}()
	if joined := joinedBy(err); joined != nil {
		return joined(), nil
	}
	return nil, errors.Unwrap(err)
}

// Joins reports whether [Unwrap] returns many.
func Joins(err error) bool { return joinedBy(err) != nil }

// joinedBy returns the method of err that returns what it joins, or nil.
func joinedBy(err error) func() []error {
	switch err := err.(type) {
	case interface{ WrappedErrors() []error }: // github.com/hashicorp/go-multierror
		return err.WrappedErrors
	case interface{ Unwrap() error }:
		return nil
	case interface{ Unwrap() []error }:
		return err.Unwrap
	case interface{ Errors() []error }: // go.uber.org/multierr, k8s.io/apimachinery, gorm
		return err.Errors
	}
	return nil
}

// Sprint returns the text of the value of a panic: that of an error or a
// [fmt.Stringer], the value of a basic type, and for anything else its type
// only. Package fmt must not be used for the rest: it follows a map that contains
// itself until the stack is exhausted, which ends the process, and panics if a
// value panics with itself.
func Sprint(v any) (text string) {
	defer func() {
		if recover() != nil {
			text = fmt.Sprintf("(a %T that panics when it is printed)", v)
		}
	}()
	switch v := v.(type) {
	case nil:
		return "<nil>"
	case error:
		return v.Error()
	case fmt.Stringer:
		return v.String()
	}
	switch k := reflect.TypeOf(v).Kind(); {
	case k == reflect.String:
		return reflect.ValueOf(v).String() // no copy, as it may be long
	case k <= reflect.Complex128: // a boolean or number
		return fmt.Sprint(v)
	}
	return fmt.Sprintf("(%T)", v)
}
