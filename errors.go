package enricher

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
)

// The reasons why an enricher was not called.
var (
	ErrSaturated   = errors.New("concurrency limit reached")
	ErrCircuitOpen = errors.New("circuit breaker is open")
	ErrOverloaded  = errors.New("too many failures are pending")
	ErrShutdown    = errors.New("the Enricher is shut down")
)

// The reasons why a label was dropped or cut, or a key rejected.
var (
	ErrUndeclaredKey  = errors.New("key is not among the enricher's OutputKeys")
	ErrInvalidKey     = errors.New("key must be 1 to 128 bytes of valid UTF-8 without control characters")
	ErrInvalidValue   = errors.New("value must be valid UTF-8 without control characters other than tab and newline")
	ErrTooManyLabels  = errors.New("too many labels")
	ErrValueTruncated = errors.New("value is too long and was cut")
)

// ErrUnknownEnricher is the reason why a configured name is rejected for which no
// factory is registered.
var ErrUnknownEnricher = errors.New("no such failure enricher")

// Chain returns err and all errors that it wraps, depth first, joined errors
// included, in the order in which they are wrapped. It follows Unwrap() error and
// Unwrap() []error, and WrappedErrors() []error and Errors() []error of packages older
// than [errors.Join], such as go-multierror and k8s.io/apimachinery, at most 100 deep and
// visits at most 10,000 errors, nil ones included, so that it ends on a cyclic tree. A
// method that panics wraps nothing. A nil err yields nothing.
func Chain(err error) iter.Seq[error] {
	return func(yield func(error) bool) {
		var walk guard.Walk
		walk.Visit(err, func(err error, _ int) guard.Step {
			if !yield(err) {
				return guard.Stop
			}
			return guard.Into
		})
	}
}

// AsType returns the first error that [Chain] yields for err and that is an E other
// than a nil pointer, and whether there is one. Unlike [errors.AsType] it ends on
// a cyclic tree, survives a panic in third-party code, and calls no As method but that
// of an error that package wire has decoded.
func AsType[E error](err error) (E, bool) {
	for err := range Chain(err) {
		if e, ok := foreign.As[E](err); ok && !isNil(e) {
			return e, true
		}
	}
	var none E
	return none, false
}

// Is reports whether any error that [Chain] yields for err equals target or has a
// method Is(error) bool that returns true for it. Unlike [errors.Is] it ends on a
// cyclic tree and survives a panic in third-party code. If target is nil, Is
// reports whether err is nil.
func Is(err, target error) bool {
	if target == nil {
		return err == nil
	}
	comparable := reflect.TypeOf(target).Comparable()
	for err := range Chain(err) {
		found := false
		guard.Do(func() {
			// Comparable types may hold values that are not: == then panics.
			x, ok := err.(interface{ Is(error) bool })
			found = comparable && err == target || ok && x.Is(target)
		})
		if found {
			return true
		}
	}
	return false
}

// An EnricherError is an error of the named enricher.
type EnricherError struct {
	Enricher string // as configured
	Err      error
}

// Error does not panic, even if the Error method of Err does.
func (e *EnricherError) Error() string {
	return fmt.Sprintf("enricher %q: %s", e.Enricher, guard.Text(e.Err))
}

func (e *EnricherError) Unwrap() error { return e.Err }

// A PanicError is a recovered panic.
type PanicError struct {
	Value any // what recover returned

	callers []uintptr // as from runtime.Callers, the deferred function first
	stack   []byte    // as from debug.Stack
	text    string    // of the error, once taken
}

// Recovered returns the error for a panic. It must be called by the deferred
// function that recovered value:
//
//	defer func() {
//		if v := recover(); v != nil {
//			err = enricher.Recovered(v)
//		}
//	}()
//
// It records program counters, at most 64, and no text.
func Recovered(value any) *PanicError {
	return &PanicError{Value: value, callers: guard.Callers()}
}

func panicError(p *guard.Panic) *PanicError { return &PanicError{Value: p.Value, callers: p.Callers} }

// NewPanicError returns the error for a panic of whose stack only the text is
// known, as [runtime/debug.Stack] returns it, or nil. stack is not copied.
func NewPanicError(value any, stack []byte) *PanicError {
	return &PanicError{Value: value, stack: stack}
}

// Callers returns the program counters of the goroutine that panicked, for
// [runtime.CallersFrames]: first the function that panicked, or for a run-time
// error functions of package runtime that it called. It returns nil if they are
// not known. Of panics that are under way at once, it shows the first.
func (e *PanicError) Callers() []uintptr {
	for i := len(e.callers) - 1; i >= 0; i-- {
		if fn := runtime.FuncForPC(e.callers[i] - 1); fn != nil && fn.Name() == "runtime.gopanic" {
			return e.callers[i+1:]
		}
	}
	return e.callers
}

// Stack returns the text given to [NewPanicError], or one in the format of
// [runtime/debug.Stack] without header and arguments. It returns "" if the stack is
// not known.
func (e *PanicError) Stack() string {
	if e.callers == nil {
		return string(e.stack)
	}
	var b strings.Builder
	for frames := runtime.CallersFrames(e.Callers()); ; {
		f, more := frames.Next()
		fmt.Fprintf(&b, "%s(...)\n\t%s:%d\n", f.Function, f.File, f.Line)
		if !more {
			return b.String()
		}
	}
}

// ErrorType returns the error.type that OpenTelemetry has for the value of the panic:
// what a method ErrorType of its chain returns, or its type, that of what it wraps if it
// was made by [fmt.Errorf].
func (e *PanicError) ErrorType() string { return errorType(e.Value) }

// errorType returns the error.type of v, an error or the value of a panic, as
// semconv.ErrorType of OpenTelemetry does: what a method ErrorType of its chain returns,
// or the type of the first error of the chain that is no wrapper of package fmt.
func errorType(v any) string { return foreign.ErrorType(v, withinOurs) }

// withinOurs returns the error that err is around, if err is one of ours.
func withinOurs(err error) error {
	switch e := err.(type) { //nolint:errorlint // this one, not the chain
	case *labeledError:
		return e.err
	case *resultError:
		return e.err
	case *loggedError:
		return e.labeling
	case *PanicError:
		if e != nil {
			return e.Unwrap()
		}
	}
	return nil
}

// Error returns "panic: " and the value: the text of an error, a [fmt.Stringer]
// or a basic type, at most 64 KiB of it, and the type of anything else. It does not
// panic.
func (e *PanicError) Error() string {
	if e.text != "" {
		return e.text
	}
	return "panic: " + text.Cut(guard.Sprint(e.Value), maxText)
}

// Unwrap returns the value if it is an error, and nil otherwise.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}

// maxText bounds what Text returns, in bytes.
const maxText = 64 << 10

// Text returns err.Error(), at most 64 KiB of it. If Error panics or exits the
// goroutine, the text says so. If err is nil, it is "(no error)". Text calls
// Error on a goroutine of its own and waits for it.
func Text(err error) string {
	var s string
	if p := guard.Apart(func() { s = guard.Text(err) }); p != nil {
		return fmt.Sprintf("(the Error method of a %T called runtime.Goexit)", err)
	}
	return text.Cut(s, maxText)
}

// Carried returns the Result that [Enricher.EnrichContext] returns for this failure
// without calling an enricher, because cause carries it as [WithResult] says, and
// whether there is one. If not, but cause carries one of this failure when it was
// rejected, the Result is the first of these.
func (e *Enricher) Carried(cause error, fc FailureContext) (Result, bool) {
	if e.isEmpty() || !resultsCarried.Load() {
		return Result{}, false
	}
	s := search{of: e, id: fc.ID, jobID: fc.JobID, attempt: fc.Attempt}
	rest := s.look(cause, unwrapTrusted)
	if rest == nil {
		return s.result()
	}
	return e.searchApart(rest, s)
}

// searchApart continues a search at an error whose Unwrap is third-party code and may
// never return. The enrichers need most of the time.
func (e *Enricher) searchApart(rest error, s search) (Result, bool) {
	ctx, cancel := context.WithTimeout(context.Background(), e.timeout/10)
	defer cancel()
	if e.searches.Acquire(ctx, 1) != nil {
		return s.result()
	}
	all := s
	end, _ := ctx.Deadline()
	done := guard.Within(time.Until(end), func() {
		defer e.searches.Release(1)
		all.look(rest, unwrapAny)
	})
	if !done {
		return s.result()
	}
	return all.result()
}

// maxSearches bounds the searches for a Result that are under way, of which some
// may hang in the methods of an error.
const maxSearches = 64

// A search is for the Result of a failure that an error carries: of any if of is nil. The
// other fields may be zero.
type search struct {
	of        *Enricher
	id, jobID string
	attempt   int

	found    *Result // the outermost
	rejected *Result // the innermost, which is the first
}

// look follows what err wraps until the Result is found. It returns the error that unwrap
// cannot unwrap, if it comes to one.
func (s *search) look(err error, unwrap func(error) (error, bool)) (rest error) {
	for range guard.MaxDepth {
		if err == nil {
			break
		}
		if e, ok := err.(*resultError); ok && s.matches(&e.result.of) {
			if s.of == nil || !e.result.of.rejected {
				s.found = &e.result
				return nil
			}
			s.rejected = &e.result
		}
		inner, ok := unwrap(err)
		if !ok {
			return err
		}
		err = inner
	}
	return nil
}

func (s *search) matches(o *origin) bool {
	return s.of == nil || s.of == o.by &&
		(s.id == "" || s.id == o.fc.ID) && (s.jobID == "" || s.jobID == o.fc.JobID) && (s.attempt == 0 || s.attempt == o.fc.Attempt)
}

// result returns a copy of what was found, or else of what was rejected.
func (s *search) result() (Result, bool) {
	switch {
	case s.found != nil:
		return s.found.clone(), true
	case s.rejected != nil:
		return s.rejected.clone(), false
	}
	return Result{}, false
}

func unwrapAny(err error) (inner error, ok bool) {
	guard.Do(func() { inner = errors.Unwrap(err) })
	return inner, true
}

// trusted are the types whose Unwrap is not third-party code: ours, and that of [fmt.Errorf].
var trusted = []reflect.Type{
	reflect.TypeFor[*resultError](), reflect.TypeFor[*labeledError](), reflect.TypeFor[*loggedError](), reflect.TypeOf(fmt.Errorf("%w", ErrShutdown)),
}

// unwrapTrusted returns what err wraps. It cannot if it would have to call third-party
// code.
func unwrapTrusted(err error) (inner error, ok bool) {
	w, wraps := err.(interface{ Unwrap() error })
	switch {
	case !wraps:
		return nil, true
	case slices.Contains(trusted, reflect.TypeOf(err)):
		return w.Unwrap(), true
	}
	return nil, false
}
