package exceptions

import (
	"fmt"
	"reflect"
	"runtime"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
)

// stackOf returns the stack that the first of the links that has one carries,
// its beginning, and the type of that link.
//
// The stack is the one of a PanicError, or what %+v adds to the message, which
// is how most libraries show it, or what a method StackTrace, Stack or Callers
// returns.
func stackOf(links []link, limit int) (typ, stack string) {
	for _, l := range links {
		if l.typ == labeled {
			continue // its %+v is that of what it wraps
		}
		if stack := strings.TrimSpace(stackIn(l.err, limit)); stack != "" {
			return l.typ, stack
		}
	}
	return "", ""
}

// stackIn calls the methods of a stranger.
func stackIn(err error, limit int) (stack string) {
	defer func() {
		if recover() != nil {
			stack = ""
		}
	}()
	switch err := err.(type) {
	case *enricher.PanicError:
		return bounded(err.Stack, limit)
	case fmt.Formatter:
		// Nothing but the message is no stack.
		if text := formatted(err, limit); strings.Contains(text, "\n") && text != messageOf(err.(error), limit) {
			return text
		}
	}
	return traced(err, limit)
}

// traced returns what methods that hold a stack return, or nothing.
func traced(err error, limit int) string {
	switch err := err.(type) {
	case interface{ Stack() []byte }:
		return bounded(err.Stack(), limit)
	case interface{ Callers() []uintptr }:
		return frames(err.Callers(), limit)
	}
	// The result of StackTrace is of a type of the library's own.
	method := reflect.ValueOf(err).MethodByName("StackTrace")
	if !method.IsValid() || method.Type().NumIn() != 0 || method.Type().NumOut() != 1 {
		return ""
	}
	result := method.Call(nil)[0]
	switch trace := result.Interface().(type) {
	case string:
		text, _ := crop(trace, limit)
		return text
	case []byte:
		return bounded(trace, limit)
	case fmt.Formatter:
		return formatted(trace, limit)
	}
	if pcs := reflect.TypeFor[[]uintptr](); result.CanConvert(pcs) {
		return frames(result.Convert(pcs).Interface().([]uintptr), limit)
	}
	return ""
}

func bounded(b []byte, limit int) string { return string(b[:min(len(b), limit)]) }

// frames writes program counters as the runtime writes a stack.
func frames(pcs []uintptr, limit int) string {
	if len(pcs) == 0 {
		return ""
	}
	var b strings.Builder
	for all := runtime.CallersFrames(pcs); b.Len() < limit; {
		f, more := all.Next()
		b.WriteString(f.Function + "\n\t" + f.File + ":" + strconv.Itoa(f.Line) + "\n")
		if !more {
			break
		}
	}
	return b.String()
}

// formatted returns the beginning of what %+v shows of f.
//
// It does not use package fmt, which collects all that f writes before it gives
// on the first byte: f may write for ever.
func formatted(f fmt.Formatter, limit int) string {
	state := &boundedState{limit: limit}
	func() {
		defer func() {
			if v := recover(); v != nil && v != any(errFull) {
				panic(v)
			}
		}()
		f.Format(state, 'v')
	}()
	return string(state.buf)
}

// A boundedState is a fmt.State for %+v. When it is full, it ends the Formatter
// by a panic: not all of them look at what Write returns.
type boundedState struct {
	buf   []byte
	limit int
}

var errFull = &struct{ _ byte }{}

func (s *boundedState) Write(p []byte) (int, error) {
	n := min(len(p), s.limit-len(s.buf))
	s.buf = append(s.buf, p[:n]...)
	if n < len(p) {
		panic(errFull)
	}
	return n, nil
}

// WriteString saves io.WriteString a copy of what may be huge.
func (s *boundedState) WriteString(p string) (int, error) {
	head, cropped := crop(p, s.limit-len(s.buf))
	s.buf = append(s.buf, head...)
	if cropped {
		panic(errFull)
	}
	return len(p), nil
}

func (s *boundedState) Width() (int, bool)     { return 0, false }
func (s *boundedState) Precision() (int, bool) { return 0, false }
func (s *boundedState) Flag(c int) bool        { return c == '+' }

var _ fmt.State = (*boundedState)(nil)
