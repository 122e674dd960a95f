package enrichersentry

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/getsentry/sentry-go"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/redact"
	"github.com/failure-enrichers/enricher/wire"
)

const (
	// readTimeout is how long the methods of an error may take together.
	readTimeout = time.Second

	// maxLate is about how many errors may be read that have not answered in time,
	// as nothing ends their goroutines.
	maxLate = 64

	maxErrors = 50      // of the tree of one error
	maxText   = 8 << 10 // bytes of the text of an error
	maxDump   = 16 << 10
	maxName   = 256
)

// A reader reads errors on goroutines of their own: their methods are third-party
// code, which may hang, panic, or exit the goroutine.
type reader struct{ late atomic.Int64 }

// A reading is what an event says of an error, without secrets.
type reading struct {
	exceptions []sentry.Exception // the outermost is the last, as Sentry has them; at least one
	stack      string             // of a panic with a text only
}

func (r *reader) read(cause error) reading {
	unread := reading{exceptions: []sentry.Exception{{Type: typeName(cause), Value: "(the text could not be read)"}}}
	if r.late.Load() >= maxLate {
		return unread
	}
	done := make(chan reading, 1)
	go func() {
		var t tree
		defer func() {
			_ = recover()
			got := unread
			if len(t.exceptions) > 0 { // also if a method has exited the goroutine
				got = reading{t.finish(), t.stack}
			}
			done <- got
		}()
		t.add(cause, nil, "")
	}()
	timer := time.NewTimer(readTimeout)
	defer timer.Stop()
	select {
	case got := <-done:
		return got
	case <-timer.C:
		r.late.Add(1)
		go func() {
			<-done
			r.late.Add(-1)
		}()
		return unread
	}
}

// A tree collects the exceptions of an error and of those that it wraps.
type tree struct {
	exceptions []sentry.Exception // depth first, the outermost first
	visited    int                // errors
	stack      string             // of the first panic that has only a text
	known      redact.Redactor    // masks what is masked in the text of the outermost, too
}

// add adds err and what it wraps. An error with the text of the one that wraps it
// and without frames of its own says nothing more, and is left out.
func (t *tree) add(err error, parent *int, source string) {
	if t.visited++; err == nil || t.visited > maxErrors {
		return
	}
	text := enricher.Text(err)
	if parent == nil {
		t.known = redact.New(redact.Found(text)...)
	}
	x := sentry.Exception{
		Type:       exceptionType(err),
		Value:      valid(t.known.Text(text), maxText),
		Stacktrace: t.frames(err),
	}
	joined, isGroup := joinedIn(err)
	if parent == nil || x.Stacktrace != nil || isGroup || x.Value != t.exceptions[*parent].Value {
		id := len(t.exceptions)
		x.Mechanism = &sentry.Mechanism{
			Type: sentry.MechanismTypeChained, Source: source, ExceptionID: id, ParentID: parent, IsExceptionGroup: isGroup,
		}
		if parent == nil {
			x.Mechanism.Type = sentry.MechanismTypeGeneric
		}
		t.exceptions = append(t.exceptions, x)
		parent = &id
	}
	if isGroup {
		all := survive(joined)
		for i, err := range all[:min(len(all), maxErrors)] {
			t.add(err, parent, fmt.Sprintf("errors[%d]", i))
		}
	} else if wrapper, ok := err.(interface{ Unwrap() error }); ok {
		t.add(survive(wrapper.Unwrap), parent, sentry.MechanismTypeUnwrap)
	}
}

// joinedIn returns the method of err that returns the errors that it joins, as
// [enricher.Chain] follows them.
func joinedIn(err error) (joined func() []error, ok bool) {
	switch e := err.(type) {
	case interface{ WrappedErrors() []error }: // github.com/hashicorp/go-multierror
		return e.WrappedErrors, true
	case interface{ Unwrap() error }:
		return nil, false
	case interface{ Unwrap() []error }:
		return e.Unwrap, true
	case interface{ Errors() []error }: // k8s.io/apimachinery
		return e.Errors, true
	}
	return nil, false
}

// frames returns those of the job if err is a panic, or else those that err knows.
func (t *tree) frames(err error) *sentry.Stacktrace {
	p, ok := err.(*enricher.PanicError)
	if !ok {
		return survive(func() *sentry.Stacktrace { return sentry.ExtractStacktrace(err) })
	}
	if p == nil {
		return nil
	}
	if callers := p.Callers(); len(callers) > 0 {
		return sentry.ExtractStacktrace(callersError{callers: callers})
	}
	if t.stack == "" {
		t.stack = clean(p.Stack(), maxDump)
	}
	return nil
}

// A callersError has frames as the SDK looks for them.
type callersError struct {
	error
	callers []uintptr
}

func (e callersError) StackTrace() []uintptr { return e.callers }

// finish returns the exceptions in the order of Sentry. It shows the last as the title
// of the issue, so its type is not that of a wrapper of package fmt.
func (t *tree) finish() []sentry.Exception {
	xs := t.exceptions
	if i := slices.IndexFunc(xs, func(x sentry.Exception) bool { return x.Type != "*fmt.wrapError" }); i > 0 {
		xs[0].Type = xs[i].Type
	}
	if len(xs) == 1 {
		xs[0].Mechanism = nil
	}
	slices.Reverse(xs)
	return xs
}

// exceptionType returns what err says in a method ErrorType, or else its Go type.
func exceptionType(err error) string {
	e, ok := err.(interface{ ErrorType() string })
	if as, has := err.(interface{ As(any) bool }); has && !ok {
		ok = survive(func() bool { return as.As(&e) }) // by which package wire offers methods
	}
	if ok && e != nil {
		if name := survive(e.ErrorType); name != "" {
			return clean(name, maxName)
		}
	}
	return typeName(err)
}

func typeName(err error) string {
	name, _ := wire.TypeOf(err)
	return clean(name, maxName)
}

// survive returns what method returns, or the zero value if it panics.
func survive[T any](method func() T) (result T) {
	defer func() { _ = recover() }()
	return method()
}

// clean returns s without secrets, as valid UTF-8, cut to limit bytes.
func clean(s string, limit int) string { return valid(redact.Text(s), limit) }

// valid returns s as valid UTF-8, cut to limit bytes.
func valid(s string, limit int) string { return cut(strings.ToValidUTF8(s, "\uFFFD"), limit) }

// cut returns s, which is valid UTF-8, cut to limit bytes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
