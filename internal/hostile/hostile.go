// Package hostile has errors for tests: those that break code which is not
// prepared for third-party errors.
package hostile

import (
	"io/fs"
	"runtime"
	"strings"
	"sync"
)

// A Named is an error and its name, for tables of tests.
type Named struct {
	Name string
	Err  error
}

// Errors returns one error of each kind that has an end and is quick to use. They
// may be used concurrently. See [Trees] for the others.
func Errors() []Named {
	all := []Named{
		{"a nil *fs.PathError", (*fs.PathError)(nil)},
		{"an error that wraps nil", Wrap("wraps nil", nil)},
		{"a slice that cannot be compared", Slice{"a", "b"}},
		{"a wrapped struct that cannot be compared", Wrap("wraps a struct", struct{ error }{Slice{"a"}})},
		{"an error whose Error panics", Panics{"Error"}},
		{"an error whose Error panics with itself", PanicsWithItself{}},
		{"an error whose MarshalJSON panics", Panics{"MarshalJSON"}},
		{"an error whose methods all panic", Wrap("wraps it", Panics{})},
		{"an error whose Unwrap of several panics", unwrapAllPanics{"its Unwrap panics"}},
		{"an error that claims every type", Wrap("wraps it", every{"it is every error"})},
	}
	for _, method := range []string{"Unwrap", "Is", "As", "StatusCode", "FailureLabels"} {
		all = append(all, Named{"an error whose " + method + " panics", Wrap("wraps it", Panics{method})})
	}
	return all
}

// A text is an error that does no harm.
type text string

func (t text) Error() string { return string(t) }

// PanicsWithItself panics in Error, and again if the value of that panic is printed.
type PanicsWithItself struct{}

func (e PanicsWithItself) Error() string { panic(e) }

// Exits ends the goroutine that calls Error.
type Exits struct{}

func (Exits) Error() string { runtime.Goexit(); return "" }

// Hangs does not return from Error until Release is closed; if it is nil, never.
type Hangs struct{ Release <-chan struct{} }

func (e Hangs) Error() string { <-e.Release; return "released" }

// Panics panics in the method that it names, or else in every method that some
// package calls.
type Panics struct{ In string }

func (p Panics) called(method string) {
	if p.In == "" || p.In == method {
		panic(method)
	}
}

func (p Panics) Error() string                    { p.called("Error"); return "its " + p.In + " panics" }
func (p Panics) Unwrap() error                    { p.called("Unwrap"); return nil }
func (p Panics) Is(error) bool                    { p.called("Is"); return false }
func (p Panics) As(any) bool                      { p.called("As"); return false }
func (p Panics) StackTrace() []uintptr            { p.called("StackTrace"); return nil }
func (p Panics) StatusCode() int                  { p.called("StatusCode"); return 0 }
func (p Panics) ErrorType() string                { p.called("ErrorType"); return "" }
func (p Panics) FailureLabels() map[string]string { p.called("FailureLabels"); return nil }
func (p Panics) MarshalJSON() ([]byte, error)     { p.called("MarshalJSON"); return []byte(`{}`), nil }

type unwrapAllPanics struct{ text }

func (unwrapAllPanics) Unwrap() []error { panic("Unwrap") }

type every struct{ text }

func (every) Is(error) bool { return true } // it is every other as well
func (every) As(any) bool   { return true } // and leaves the target as it is, often nil

// Slice is an error that == and maps panic with.
type Slice []string

func (Slice) Error() string { return "a slice" }

// Long returns an error whose text has 10 MB.
func Long() error { return text(longText()) }

var longText = sync.OnceValue(func() string {
	return strings.Repeat("row 17 of 4,711: caf\xe9 \u20ac 0x7f \x00\n", 10<<20/36)
})

// A NamedText is a text and its name, for tables of tests.
type NamedText struct{ Name, Text string }

// Texts returns what a string may be that comes from elsewhere.
func Texts() []NamedText {
	const euro = "\u20ac" // three bytes
	return []NamedText{
		{"empty", ""},
		{"not UTF-8", "\xff\xfe caf\xe9 \xc3\x28 \xed\xa0\x80"},
		{"control characters", "\x00\x1b[31mred\x1b[0m\r\x07\x7f\u0085 \u202e"},
		{"many lines", strings.Repeat("line\r\n", 3000)},
		{"formatting verbs", `%s %d %!v(MISSING) %n ${x} {{.}} $1 \1`},
		{"markup", `<a href="javascript:alert(1)">&'</a> ' OR 1=1 --`},
		// A cut at any number of bytes is within a character of one of these.
		{"long characters", "a" + strings.Repeat(euro, 1500)},
		{"long characters, one byte on", "ab" + strings.Repeat(euro, 1500)},
		{"100 kB", strings.Repeat(euro, 100_000/3)},
	}
}
