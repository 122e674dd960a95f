// Package hostile has errors for tests: those that break code which is not
// prepared for third-party errors.
package hostile

import (
	"fmt"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
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
	return []Named{
		{"a nil *fs.PathError", (*fs.PathError)(nil)},
		{"a wrapped nil *net.OpError", Wrap("wraps a nil pointer", (*net.OpError)(nil))},
		{"a nil *url.Error", (*url.Error)(nil)},
		{"a nil *exec.ExitError", (*exec.ExitError)(nil)},
		{"an empty fs.PathError", &fs.PathError{}},
		{"an empty net.OpError", &net.OpError{}},
		{"an empty url.Error", &url.Error{}},
		{"an empty os.SyscallError", &os.SyscallError{}},
		{"an exec.ExitError without a state", &exec.ExitError{}},
		{"an error that wraps nil", Wrap("wraps nil", nil)},
		{"a join of nil", Join(nil, nil)},
		{"a slice that cannot be compared", Slice{"a", "b"}},
		{"a wrapped map that cannot be compared", Wrap("wraps a map", Map{"a": "b"})},
		{"a struct that cannot be compared", Struct{[]string{"a"}}},
		{"an error whose Error panics", ErrorPanics{"Error"}},
		{"an error whose Error panics with itself", PanicsWithItself{}},
		{"a wrapped error whose Error panics", Wrap("wraps it", ErrorPanics{"Error"})},
		{"an error whose methods all panic", Wrap("wraps it", Panics{})},
		{"an error whose Unwrap panics", Wrap("wraps it", UnwrapPanics{})},
		{"an error whose Unwrap of several panics", UnwrapAllPanics{}},
		{"an error whose Is panics", Wrap("wraps it", IsPanics{})},
		{"an error whose As panics", Wrap("wraps it", AsPanics{})},
		{"an error that is every other", Wrap("wraps it", IsEvery{})},
		{"an error that claims every type", Wrap("wraps it", AsEvery{})},
		{"an error whose StatusCode panics", Wrap("wraps it", StatusCodePanics{})},
		{"an error whose FailureLabels panics", FailureLabelsPanics{}},
		{"an error whose MarshalJSON panics", MarshalJSONPanics{}},
	}
}

// ErrorPanics panics with Value in Error.
type ErrorPanics struct{ Value any }

func (e ErrorPanics) Error() string { panic(e.Value) }

// PanicsWithItself panics in Error, and again if the value of that panic is printed.
type PanicsWithItself struct{}

func (e PanicsWithItself) Error() string { panic(e) }

// Exits ends the goroutine that calls Error.
type Exits struct{}

func (Exits) Error() string {
	runtime.Goexit()
	return ""
}

// Hangs does not return from Error until Release is closed; if it is nil, never.
type Hangs struct{ Release <-chan struct{} }

func (e Hangs) Error() string {
	<-e.Release
	return "released"
}

// Panics panics in every method that some package calls.
type Panics struct{}

func (Panics) Error() string                    { panic("Error") }
func (Panics) Unwrap() error                    { panic("Unwrap") }
func (Panics) Is(error) bool                    { panic("Is") }
func (Panics) As(any) bool                      { panic("As") }
func (Panics) StackTrace() []uintptr            { panic("StackTrace") }
func (Panics) StatusCode() int                  { panic("StatusCode") }
func (Panics) ErrorType() string                { panic("ErrorType") }
func (Panics) FailureLabels() map[string]string { panic("FailureLabels") }
func (Panics) Format(fmt.State, rune)           { panic("Format") }
func (Panics) MarshalText() ([]byte, error)     { panic("MarshalText") }
func (Panics) MarshalJSON() ([]byte, error)     { panic("MarshalJSON") }

// Errors whose Error returns, and of whose other methods one panics.
type (
	UnwrapPanics        struct{}
	UnwrapAllPanics     struct{}
	IsPanics            struct{}
	AsPanics            struct{}
	StatusCodePanics    struct{}
	FailureLabelsPanics struct{}
	MarshalJSONPanics   struct{}
)

func (UnwrapPanics) Error() string                           { return "its Unwrap panics" }
func (UnwrapPanics) Unwrap() error                           { panic("Unwrap") }
func (UnwrapAllPanics) Error() string                        { return "its Unwrap panics" }
func (UnwrapAllPanics) Unwrap() []error                      { panic("Unwrap") }
func (IsPanics) Error() string                               { return "its Is panics" }
func (IsPanics) Is(error) bool                               { panic("Is") }
func (AsPanics) Error() string                               { return "its As panics" }
func (AsPanics) As(any) bool                                 { panic("As") }
func (StatusCodePanics) Error() string                       { return "its StatusCode panics" }
func (StatusCodePanics) StatusCode() int                     { panic("StatusCode") }
func (FailureLabelsPanics) Error() string                    { return "its FailureLabels panics" }
func (FailureLabelsPanics) FailureLabels() map[string]string { panic("FailureLabels") }
func (MarshalJSONPanics) Error() string                      { return "its MarshalJSON panics" }
func (MarshalJSONPanics) MarshalJSON() ([]byte, error)       { panic("MarshalJSON") }

// IsEvery is every other error.
type IsEvery struct{}

func (IsEvery) Error() string { return "it is every error" }
func (IsEvery) Is(error) bool { return true }

// AsEvery claims to be of every type and leaves the target as it is, often nil.
type AsEvery struct{}

func (AsEvery) Error() string { return "it claims every type" }
func (AsEvery) As(any) bool   { return true }

// Errors that == and maps panic with.
type (
	Slice  []string
	Map    map[string]string
	Struct struct{ All []string }
)

func (Slice) Error() string  { return "a slice" }
func (Map) Error() string    { return "a map" }
func (Struct) Error() string { return "a struct" }

// Long returns an error whose text has 10 MB, which are made when they are asked for.
func Long() error { return long{} }

type long struct{}

func (long) Error() string { return longText() }

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
		{"white space", " \t\n "},
		{"not UTF-8", "\xff\xfe caf\xe9 \xc3\x28 \xed\xa0\x80"},
		{"control characters", "\x00\x1b[31mred\x1b[0m\r\x07\x7f\u0085 \u202e"},
		{"many lines", strings.Repeat("line\r\n", 3000)},
		{"formatting verbs", `%s %d %!v(MISSING) %n ${x} {{.}} $1 \1`},
		{"markup", `<a href="javascript:alert(1)">&'</a> ' OR 1=1 --`},
		{"1,024 bytes", strings.Repeat("x", 1024)},
		{"one long word", strings.Repeat("a", 5000)},
		// A cut at any number of bytes is within a character of one of these.
		{"long characters", "a" + strings.Repeat(euro, 1500)},
		{"long characters, one byte on", "ab" + strings.Repeat(euro, 1500)},
		{"cut between bytes", strings.Repeat(euro, 1500) + "\xe2\x82"},
		{"100 kB", strings.Repeat(euro, 100_000/3)},
	}
}
