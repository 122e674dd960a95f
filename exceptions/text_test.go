package exceptions_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// textOf returns the entry of an error.

func textOf(t testing.TB, err error, opts exceptions.Options) exceptions.Entry {
	t.Helper()
	h := exceptions.NewHistory(opts)
	keep(h, err, enricher.FailureContext{}, nil)
	return only(t, h)
}

type jobError struct{ err error }

func (e *jobError) Error() string { return "job: " + e.err.Error() }

func (e *jobError) Unwrap() error { return e.err }

func TestTheExceptionNameIsTheInnermostTypeThatMeansSomething(t *testing.T) {
	t.Parallel()
	notExist := &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}
	for want, err := range map[string]error{
		"*errors.errorString":          errBoom,
		"*fs.PathError":                fmt.Errorf("load: %w", notExist),
		"*net.OpError":                 fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
		"*exceptions_test.jobError":    &jobError{fmt.Errorf("x: %w", io.EOF)},
		"*enricher.PanicError":         enricher.NewPanicError("boom", nil),
		"runtime.boundsError":          enricher.NewPanicError(boundsError(), nil),
		"*net.DNSError":                &jobError{errors.Join(&net.DNSError{}, notExist)},
		"*exceptions_test.stackError":  errors.Join(errBoom, &stackError{}),
		"*net.AddrError":               enricher.WithLabels(&net.AddrError{}, enricher.Labels{"a": "b"}),
		"exceptions_test.nilUnwrapper": fmt.Errorf("%w and %w", nilUnwrapper{}, errBoom),
	} {
		assert.Equal(t, want, textOf(t, err, exceptions.Options{}).ExceptionName)
	}
}

type nilUnwrapper struct{}

func (nilUnwrapper) Error() string { return "nil" }

func (nilUnwrapper) Unwrap() error { return nil }

func boundsError() (v any) {
	defer func() { v = recover() }()
	var none []int
	return none[len(os.Args)]
}

func TestTheMessageIsOneParagraph(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"boom":                         "boom",
		" boom \n":                     "boom",
		"two errors:\n\n a\n b,\nc;\n": "two errors: a; b, c;",
		"a\r\nb":                       "a; b",
		"":                             "",
		"\n":                           "",
	} {
		assert.Equal(t, want, textOf(t, errors.New(text), exceptions.Options{}).Message)
	}
}

func TestTheStacktraceIsMessageChainAndStack(t *testing.T) {
	t.Parallel()
	notExist := &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}
	for want, err := range map[string]error{
		"boom\n  type: *errors.errorString": errBoom,

		"load: open x: no such file or directory\n" +
			"  type: *fmt.wrapError\n" +
			"  caused by: *fs.PathError: open x: no such file or directory\n" +
			"    caused by: syscall.Errno: no such file or directory": fmt.Errorf("load: %w", notExist),

		"boom\nEOF\n" +
			"  type: *errors.joinError\n" +
			"  caused by: *exceptions_test.textError: boom\n" +
			"  caused by: *errors.errorString: EOF": errors.Join(&textError{"boom"}, io.EOF),

		"panic: boom\n" +
			"  type: *enricher.PanicError\n\n" +
			"stack of *enricher.PanicError:\n" +
			"goroutine 7 [running]:\nmain.main()": enricher.NewPanicError("boom", []byte("goroutine 7 [running]:\nmain.main()\n")),

		"x: the message\n" +
			"  type: *fmt.wrapError\n" +
			"  caused by: *exceptions_test.stackError: the message\n\n" +
			"stack of *exceptions_test.stackError:\n" +
			"the message\nmain.main\n\t/src/main.go:12": fmt.Errorf("x: %w", &stackError{}),

		"traced\n" +
			"  type: exceptions_test.traceError\n\n" +
			"stack of exceptions_test.traceError:\n" +
			"main.main\n\tmain.go:12": traceError{},

		"labeled: the message\n" +
			"  type: *enricher.labeledError\n" +
			"  caused by: *fmt.wrapError: labeled: the message\n" +
			"    caused by: *exceptions_test.stackError: the message\n\n" +
			"stack of *exceptions_test.stackError:\n" +
			"the message\nmain.main\n\t/src/main.go:12": enricher.WithLabels(fmt.Errorf("labeled: %w", &stackError{}), nil),
	} {
		assert.Equal(t, want, textOf(t, err, exceptions.Options{}).Stacktrace)
	}
}

type textError struct{ text string }

func (e *textError) Error() string { return e.text }

// stackError shows its stack as the usual libraries do.

type stackError struct{}

func (*stackError) Error() string { return "the message" }

func (e *stackError) Format(s fmt.State, verb rune) {
	io.WriteString(s, e.Error())
	if verb == 'v' && s.Flag('+') {
		fmt.Fprintf(s, "\n%s\n\t%s:%d", "main.main", "/src/main.go", 12)
	}
}

// traceError has a stack of a type of its own.

type traceError struct{}

type trace []uintptr

func (trace) Format(s fmt.State, _ rune) { io.WriteString(s, "\nmain.main\n\tmain.go:12") }

func (traceError) Error() string { return "traced" }

func (e hostile) Error() string { return e.message() }

func (e hostileUnwrap) Unwrap() error { return e.unwrap() }

func (e hostileJoin) Unwrap() []error { return e.many() }

func (e hostileFormat) Format(s fmt.State, _ rune) { e.format(s) }

func (badPanic) Error() string { panic("again") }

func (badPanic) String() string { panic("again") }

func TestNegativeLengthsKeepNoText(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{MaxMessageLength: -1, MaxStackLength: -1, MaxExceptions: -1, MaxJobs: -1, MaxConcurrentExceptions: -1, MaxEvents: -1})
	keep(h, errBoom, enricher.FailureContext{ID: "1", Attributes: map[string]string{"a": "b"}}, enricher.Labels{"k": "v"})
	e := only(t, h)
	assert.Empty(t, e.Message)
	assert.Empty(t, e.Stacktrace)
	assert.Equal(t, "*errors.errorString", e.ExceptionName)
	assert.Equal(t, enricher.Labels{"k": "v"}, e.Labels)
	assert.Equal(t, map[string]string{"a": "b"}, e.Attributes)
}

func TestTextsAreValidAndWithoutControlCharacters(t *testing.T) {
	t.Parallel()
	const bad = "a\x00b\x1b[31mc\xffd\u0085e\tf\rg"
	const good = "a\ufffdb\ufffd[31mc\ufffdd\ufffde\tfg"
	h := exceptions.NewHistory(exceptions.Options{})
	fc := enricher.FailureContext{
		ID: bad, JobID: bad, JobName: bad, TaskName: bad, TaskManagerID: bad, Endpoint: bad,
		Attributes: map[string]string{bad: bad},
	}
	h.ObserveFailure(t.Context(), errors.New(bad), fc, enricher.Result{
		Labels:   enricher.Labels{bad: bad},
		Outcomes: []enricher.Outcome{{Enricher: bad, Status: enricher.StatusFailed, Err: errors.New(bad)}},
	})
	e := only(t, h)
	for _, text := range []string{
		e.ID, e.JobID, e.JobName, e.TaskName, e.TaskManagerID, e.Endpoint, e.Message, e.Labels[good], e.Attributes[good],
		e.FailedEnrichers[0].Enricher, e.FailedEnrichers[0].Error,
	} {
		assert.Equal(t, good, text)
	}
	assert.Contains(t, e.Stacktrace, good)
	found, _ := h.Entries(exceptions.Query{JobIDs: []string{bad}})
	assert.Len(t, found, 1, "the job is found by the ID that the service gave it")
}

func TestSecretsAreMaskedBeforeTextIsKept(t *testing.T) {
	t.Parallel()
	const secret = "hunter2"
	const text = "postgres://user:hunter2@db/x"
	h := exceptions.NewHistory(exceptions.Options{})
	cause := enricher.NewPanicError(fmt.Errorf("x: %w", errors.New(text)), []byte("goroutine 1\n"+text))
	h.ObserveFailure(t.Context(), cause, enricher.FailureContext{
		JobName: text, TaskName: text, TaskManagerID: text, Endpoint: text,
		Attributes: map[string]string{"dsn": text, "password": secret, "user": "bob"},
	}, enricher.Result{
		Labels:   enricher.Labels{"cause": text, "token": "expired"},
		Outcomes: []enricher.Outcome{{Enricher: "a", Status: enricher.StatusFailed, Err: errors.New(text)}},
	})
	e := only(t, h)
	assert.NotContains(t, fmt.Sprintf("%+v", e), "user:hunter2")
	assert.Equal(t, 3, strings.Count(e.Stacktrace, "user:***@")-1, e.Stacktrace)
	assert.Equal(t, map[string]string{"dsn": "postgres://user:***@db/x", "password": "***", "user": "bob"}, e.Attributes)
	assert.Equal(t, enricher.Labels{"cause": "postgres://user:***@db/x", "token": "expired"}, e.Labels, "the key of a label says nothing")
	assert.Equal(t, "postgres://user:***@db/x", e.FailedEnrichers[0].Error)
}

func TestASecretThatTheCutDividesIsMasked(t *testing.T) {
	t.Parallel()
	for n := 60; n < 160; n++ {
		text := strings.Repeat("x", n) + " postgres://user:hunter2hunter2hunter2@db/x and more, and more, and more"
		e := textOf(t, errors.New(text), exceptions.Options{MaxMessageLength: 100, MaxStackLength: 120})
		assert.NotContains(t, e.Message+e.Stacktrace, "hun", n)
	}
	// Masking a long one brings what is far behind it to the front.
	text := "token=" + strings.Repeat("x", 4090) + " postgres://user:hunter2" + strings.Repeat("y", 5000) + "@db"
	e := textOf(t, errors.New(text), exceptions.Options{MaxMessageLength: 100})
	assert.NotContains(t, e.Message, "hun")
	assert.Contains(t, e.Message, "token=***")
	assert.True(t, strings.HasSuffix(e.Message, "… [cut]"), e.Message)
}

func TestTheRedactorCanBeReplaced(t *testing.T) {
	t.Parallel()
	const text = "password=hunter2"
	for want, redact := range map[string]func(string) string{
		text:                                func(s string) string { return s },
		"PASSWORD=HUNTER2":                  strings.ToUpper,
		"[withheld: the redactor panicked]": func(string) string { panic("no") },
		"a\ufffd":                           func(string) string { return "a\x00" },
		"":                                  func(string) string { return "" },
	} {
		h := exceptions.NewHistory(exceptions.Options{Redact: redact})
		keep(h, errors.New(text), enricher.FailureContext{Attributes: map[string]string{"a": "b"}}, enricher.Labels{"cause": text})
		e := only(t, h)
		assert.Equal(t, want, e.Message)
		assert.Equal(t, want, e.Labels["cause"])
	}
	e := textOf(t, errBoom, exceptions.Options{Redact: func(string) string { return strings.Repeat("x", 1<<20) }})
	assert.Len(t, e.Message, 4096)
	require.LessOrEqual(t, len(e.Stacktrace), 16384)
}
