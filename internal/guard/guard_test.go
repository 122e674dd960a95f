package guard_test

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/guard"
)

func ExampleDo() {
	p := guard.Do(func() { panic("no") })
	fmt.Println(p.Value)
	// Output: no
}

func ExampleText() {
	fmt.Println(guard.Text(io.EOF))
	// Output: EOF
}

func TestDoReturnsNilIfTheFunctionReturns(t *testing.T) {
	t.Parallel()
	called := 0
	require.Nil(t, guard.Do(func() { called++ }))
	require.Equal(t, 1, called)
}

//go:noinline
func culprit(value any) { panic(value) }

func TestDoKeepsAPanicWithItsStack(t *testing.T) {
	t.Parallel()
	for _, value := range []any{"text", 42, io.EOF, []int{1}} {
		p := guard.Do(func() { culprit(value) })
		require.NotNil(t, p)
		assert.Equal(t, value, p.Value)
		frames := runtime.CallersFrames(p.Callers)
		for f, more := frames.Next(); !strings.HasSuffix(f.Function, "guard_test.culprit"); f, more = frames.Next() {
			require.True(t, more)
		}
	}
}

func TestDoKeepsAPanicOfTheRuntime(t *testing.T) {
	t.Parallel()
	var m map[string]int
	p := guard.Do(func() { m["a"] = 1 })
	require.NotNil(t, p)
	assert.EqualError(t, p.Value.(runtime.Error), "assignment to entry in nil map")

	p = guard.Do(nil)
	require.NotNil(t, p)
	assert.ErrorContains(t, p.Value.(runtime.Error), "nil pointer dereference")
}

func TestDoKeepsAPanicOfNil(t *testing.T) {
	t.Parallel()
	p := guard.Do(func() { panic(nil) })
	require.NotNil(t, p)
	assert.IsType(t, (*runtime.PanicNilError)(nil), p.Value)
}

func TestDoDoesNotReturnIfTheGoroutineExits(t *testing.T) {
	t.Parallel()
	done := make(chan bool)
	go func() {
		returned := false
		defer func() { done <- returned }()
		guard.Do(runtime.Goexit)
		returned = true
	}()
	assert.False(t, <-done)
}

// A rude error panics with itself when it is asked for its text.
type rude struct{ with any }

func (r rude) Error() string { panic(r.with) }

type pointed struct{ text string }

func (p *pointed) Error() string { return p.text }

func TestTextNeverPanics(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		want string
	}{
		{errors.New("plain"), "plain"},
		{errors.New(""), ""},
		{&pointed{"pointed"}, "pointed"},
		{rude{"no"}, "(the Error method of a guard_test.rude panicked: no)"},
		{rude{io.EOF}, "(the Error method of a guard_test.rude panicked: EOF)"},
		{rude{nil}, "(the Error method of a guard_test.rude panicked: " + new(runtime.PanicNilError).Error() + ")"},
		{
			(*pointed)(nil),
			"(the Error method of a *guard_test.pointed panicked: runtime error: invalid memory address or nil pointer dereference)",
		},
		{nil, "(no error)"},
		{
			rude{rude{"inside"}},
			"(the Error method of a guard_test.rude panicked: (a guard_test.rude that panics when it is printed))",
		},
	} {
		assert.Equal(t, c.want, guard.Text(c.err))
	}
}

// A vicious error panics with itself, so that whoever prints the value of the
// panic panics again.
type vicious struct{}

func (v vicious) Error() string { panic(v) }

func TestTextSurvivesAPanicWhoseValueCannotBePrinted(t *testing.T) {
	t.Parallel()
	const unprintable = "(a guard_test.vicious that panics when it is printed)"
	assert.Equal(t, "(the Error method of a guard_test.vicious panicked: "+unprintable+")", guard.Text(vicious{}))
	assert.Equal(t, unprintable, guard.Sprint(vicious{}))
}

// A named type is printed as its kind is: the type says nothing of a method.
type (
	level  int8
	reason string
)

func TestSprint(t *testing.T) {
	t.Parallel()
	cyclic := map[string]any{}
	cyclic["self"] = cyclic
	for _, c := range []struct {
		value any
		want  string
	}{
		{nil, "<nil>"},
		{io.EOF, "EOF"},
		{3 * time.Second, "3s"},
		{"text", "text"},
		{reason("because"), "because"},
		{42, "42"},
		{level(-42), "-42"},
		{uint8(255), "255"},
		{uint64(1<<64 - 1), "18446744073709551615"},
		{-1.25, "-1.25"},
		{float32(0.5), "0.5"},
		{1e100, "1e+100"},
		{true, "true"},
		{false, "false"},
		{1i, "(0+1i)"},
		{[]int{1}, "([]int)"},
		{cyclic, "(map[string]interface {})"},
		{struct{ err error }{io.EOF}, "(struct { err error })"},
	} {
		assert.Equal(t, c.want, guard.Sprint(c.value))
	}
}

type panickingUnwrap struct{ error }

func (panickingUnwrap) Unwrap() error { panic("no") }

func TestUnwrap(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		many []error
		one  error
	}{
		{nil, nil, nil},
		{io.EOF, nil, nil},
		{fmt.Errorf("a: %w", io.EOF), nil, io.EOF},
		{errors.Join(io.EOF, io.ErrShortWrite), []error{io.EOF, io.ErrShortWrite}, nil},
		{panickingUnwrap{io.EOF}, nil, nil},
	} {
		many, one := guard.Unwrap(c.err)
		assert.Equal(t, c.many, many)
		assert.Equal(t, c.one, one)
	}
}
