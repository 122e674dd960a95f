package exceptions_test

import (
	"fmt"
	"io"
	"io/fs"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestAStrangersCodeMayUseTheHistory(t *testing.T) {
	t.Parallel()
	var h *exceptions.History
	look := func(s string) string {
		entries(h)
		return s
	}
	h = exceptions.NewHistory(exceptions.Options{Redact: look})
	err := hostileFormat{hostile{message: func() string { return look("boom") }, format: func(s fmt.State) { io.WriteString(s, look("a\nb")) }}}
	h.Enrich(t.Context(), always(t, enricher.Labels{"k": "v"}), err, enricher.FailureContext{})
	assert.Equal(t, "boom", only(t, h).Message, "no lock is held meanwhile")
}

// A hostile error does in each method what its test says.

type hostile struct {
	message func() string
	unwrap  func() error
	many    func() []error
	format  func(fmt.State)
}

type hostileUnwrap struct{ hostile }

type hostileJoin struct{ hostile }

type hostileFormat struct{ hostile }

type hostileTrace struct{ hostile }

func (e hostileTrace) StackTrace() string { panic("no trace") }

type hostileArgs struct{ hostile }

func (e hostileArgs) StackTrace(int) string { return "x" }

type badPanic struct{}

func TestHostileErrorsCostTheirTextNoMore(t *testing.T) {
	t.Parallel()
	plain := hostile{message: func() string { return "plain" }}
	cyclic := &jobError{}
	cyclic.err = hostileUnwrap{hostile{message: func() string { return "cycle" }, unwrap: func() error { return cyclic }}}
	var typedNil *fs.PathError
	million := make([]error, 1_000_000)
	for i := range million {
		million[i] = plain
	}
	forever := func(s fmt.State) {
		for {
			s.Write([]byte("for ever\n"))
		}
	}
	for name, c := range map[string]struct {
		err     error
		message string
	}{
		"Error panics":              {hostile{message: func() string { panic("no text") }}, "(the Error method of a exceptions_test.hostile panicked: no text)"},
		"Error panics with a trap":  {hostile{message: func() string { panic(badPanic{}) }}, "(the Error method of a exceptions_test.hostile panicked: a exceptions_test.badPanic)"},
		"typed nil":                 {typedNil, "(the Error method of a *fs.PathError panicked: runtime error: invalid memory address or nil pointer dereference)"},
		"Unwrap panics":             {hostileUnwrap{hostile{message: plain.message, unwrap: func() error { panic("no") }}}, "plain"},
		"Unwrap []error panics":     {hostileJoin{hostile{message: plain.message, many: func() []error { panic("no") }}}, "plain"},
		"Unwrap gives nils":         {hostileJoin{hostile{message: plain.message, many: func() []error { return []error{nil, nil} }}}, "plain"},
		"Format panics":             {hostileFormat{hostile{message: plain.message, format: func(fmt.State) { panic("no") }}}, "plain"},
		"Format writes for ever":    {hostileFormat{hostile{message: plain.message, format: forever}}, "plain"},
		"Format ignores panics":     {hostileFormat{hostile{message: plain.message, format: func(s fmt.State) { defer func() { _ = recover() }(); forever(s) }}}, "plain"},
		"Format writes one huge":    {hostileFormat{hostile{message: plain.message, format: func(s fmt.State) { io.WriteString(s, strings.Repeat("x\n", 4<<20)) }}}, "plain"},
		"StackTrace panics":         {hostileTrace{plain}, "plain"},
		"StackTrace with arguments": {hostileArgs{plain}, "plain"},
		"a cycle":                   {cyclic, "job: cycle"},
		"a million joined":          {hostileJoin{hostile{message: plain.message, many: func() []error { return million }}}, "plain"},
		"not comparable":            {fmt.Errorf("x: %w", sliceError{"a"}), "x: [a]"},
		"a nil panic":               {hostile{message: func() string { panic(nil) }}, "(the Error method of a exceptions_test.hostile panicked: panic called with nil argument)"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := textOf(t, c.err, exceptions.Options{})
			assert.Equal(t, c.message, e.Message)
			assert.LessOrEqual(t, len(e.Stacktrace), 16384)
			assert.Contains(t, e.Stacktrace, c.message)
			assert.Contains(t, e.Stacktrace, fmt.Sprintf("%T", c.err))
		})
	}
}

type sliceError []string

func (e sliceError) Error() string { return fmt.Sprint([]string(e)) }

func TestHugeTextsAreCutAndTheCutIsMarked(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("é", 4<<20)
	for _, opts := range []exceptions.Options{{}, {MaxMessageLength: 100, MaxStackLength: 1000}, {MaxMessageLength: 5000, MaxStackLength: 50}} {
		limit, stackLimit := opts.MaxMessageLength, opts.MaxStackLength
		if limit == 0 {
			limit, stackLimit = 4096, 16384
		}
		err := hostileFormat{hostile{
			message: func() string { return huge },
			format:  func(s fmt.State) { io.WriteString(s, "\n"+huge) },
		}}
		e := textOf(t, fmt.Errorf("x: %w", err), opts)
		for text, limit := range map[string]int{e.Message: limit, e.Stacktrace: stackLimit} {
			assert.LessOrEqual(t, len(text), limit)
			assert.Greater(t, len(text), limit-10)
			assert.True(t, strings.HasSuffix(text, "… [cut]"), "%q", text[len(text)-20:])
			assert.True(t, utf8.ValidString(text))
		}
	}
}
