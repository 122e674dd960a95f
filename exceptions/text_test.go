package exceptions_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"os"
	"regexp"
	"runtime"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
	"github.com/failure-enrichers/enricher/wire"
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

// A nilUnwrapper wraps nothing although it has the method.
type nilUnwrapper struct{}

func (nilUnwrapper) Error() string { return "nil" }
func (nilUnwrapper) Unwrap() error { return nil }

// A formatError is an error with a Format method.
type formatError struct {
	text   string
	format func(s fmt.State)
}

func (e formatError) Error() string              { return e.text }
func (e formatError) Format(s fmt.State, _ rune) { e.format(s) }

func TestExceptionNameIsTheInnermostTypeThatIsNotGeneric(t *testing.T) {
	t.Parallel()
	notExist := &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}
	for want, err := range map[string]error{
		"*errors.errorString":          errBoom,
		"*fs.PathError":                fmt.Errorf("load: %w", notExist),
		"*net.OpError":                 fmt.Errorf("dial: %w", &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}),
		"*exceptions_test.jobError":    &jobError{fmt.Errorf("x: %w", io.EOF)},
		"*enricher.PanicError":         enricher.NewPanicError("boom", nil),
		"*net.DNSError":                &jobError{errors.Join(&net.DNSError{}, notExist)},
		"*os.LinkError":                errors.Join(errBoom, &os.LinkError{Err: io.EOF}, notExist),
		"*net.AddrError":               enricher.WithLabels(&net.AddrError{}, enricher.Labels{"a": "b"}),
		"exceptions_test.nilUnwrapper": fmt.Errorf("%w and %w", nilUnwrapper{}, &jobError{errBoom}),
	} {
		e := textOf(t, err, exceptions.Options{})
		assert.Equal(t, want, e.ExceptionName)
		f, decodeErr := wire.Decode(wire.Encode(err, enricher.FailureContext{}))
		require.NoError(t, decodeErr)
		decoded := textOf(t, f.Cause(), exceptions.Options{})
		assert.Equal(t, [2]string{want, e.Stacktrace}, [2]string{decoded.ExceptionName, decoded.Stacktrace}, "decoded")
	}
	for _, err := range []error{enricher.WithLabels(errBoom, nil), enricher.WithResult(errBoom, enricher.Result{})} {
		assert.Equal(t, "*errors.errorString", textOf(t, err, exceptions.Options{}).ExceptionName)
	}
	f, err := wire.Decode([]byte(`{"v":1,"chain":[{"type":"errors","text":"boom"}]}`))
	require.NoError(t, err)
	assert.Equal(t, "boom", textOf(t, f.Cause(), exceptions.Options{}).Message, "the type is only the name of a package")
}

func TestMessageIsOneParagraph(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		" boom \n":                     "boom",
		"two errors:\n\n a\n b,\nc;\n": "two errors: a; b, c;",
		"a\r\nb":                       "a; b",
		"":                             "",
	} {
		assert.Equal(t, want, textOf(t, errors.New(text), exceptions.Options{}).Message)
	}
}

// A stackError shows its stack as the usual libraries do.
type stackError struct{}

func (*stackError) Error() string { return "the message" }

func (e *stackError) Format(s fmt.State, verb rune) {
	io.WriteString(s, e.Error())
	if verb == 'v' && s.Flag('+') {
		fmt.Fprintf(s, "\n%s\n\t%s:%d", "main.main", "/src/main.go", 12)
	}
}

func TestStacktraceIsMessageChainAndStack(t *testing.T) {
	t.Parallel()
	for want, err := range map[string]error{
		"boom\n  type: *errors.errorString": errBoom,

		"load: open x: no such file or directory\n" +
			"  type: *fmt.wrapError\n" +
			"  caused by: *fs.PathError: open x: no such file or directory\n" +
			"  caused by: syscall.Errno: no such file or directory": fmt.Errorf("load: %w", &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}),

		"boom\nEOF\n" +
			"  type: *errors.joinError\n" +
			"  caused by: *errors.errorString: boom\n" +
			"  caused by: *errors.errorString: EOF": errors.Join(errBoom, io.EOF),

		"panic: boom\n" +
			"  type: *enricher.PanicError\n\n" +
			"stack of *enricher.PanicError:\n" +
			"goroutine 7 [running]:\nmain.main()": enricher.NewPanicError("boom", []byte("goroutine 7 [running]:\nmain.main()\n")),

		"labeled: the message\n" +
			"  type: *enricher.labeledError\n" +
			"  caused by: *fmt.wrapError: labeled: the message\n" +
			"  caused by: *exceptions_test.stackError: the message\n\n" +
			"stack of *exceptions_test.stackError:\n" +
			"the message\nmain.main\n\t/src/main.go:12": enricher.WithLabels(fmt.Errorf("labeled: %w", &stackError{}), nil),
	} {
		assert.Equal(t, want, textOf(t, err, exceptions.Options{}).Stacktrace)
	}
}

func TestExceptionIsThatOfTheErrorThatCarriesLabelsOrAResult(t *testing.T) {
	t.Parallel()
	stackOf := func(e exceptions.Entry) string {
		_, stack, _ := strings.Cut(e.Stacktrace, "\n\n")
		return stack
	}
	for _, err := range []error{errBoom, fmt.Errorf("load: %w", errBoom), &stackError{}} {
		plain := textOf(t, err, exceptions.Options{})
		for _, layer := range []error{enricher.WithLabels(err, nil), enricher.WithResult(err, enricher.Result{})} {
			e := textOf(t, layer, exceptions.Options{})
			assert.Equal(t, [2]string{plain.ExceptionName, stackOf(plain)}, [2]string{e.ExceptionName, stackOf(e)}, "%T", layer)
		}
	}
}

type callersError struct {
	error
	pcs []uintptr
}

func (e callersError) Callers() []uintptr { return e.pcs }

type bytesError struct {
	error
	stack []byte
}

func (e bytesError) Stack() []byte { return e.stack }

func TestStacktraceFindsStacks(t *testing.T) {
	t.Parallel()
	pcs := make([]uintptr, 8)
	pcs = pcs[:runtime.Callers(1, pcs)]
	for _, err := range []error{callersError{errBoom, pcs}, bytesError{errBoom, debug.Stack()}} {
		text := textOf(t, err, exceptions.Options{}).Stacktrace
		assert.Contains(t, text, "TestStacktraceFindsStacks", "%T", err)
		assert.Contains(t, text, "_test.go:", "%T", err)
	}
	for _, none := range []error{
		callersError{error: errBoom},
		enricher.NewPanicError("boom", nil),
		formatError{"two\nlines", func(s fmt.State) { io.WriteString(s, "two\nlines") }},
	} {
		assert.NotContains(t, textOf(t, none, exceptions.Options{}).Stacktrace, "stack of", "%T", none)
	}
}

// A hostileError calls a function in each of its methods.
type hostileError struct {
	message func() string
	unwrap  func() error
}

func (e hostileError) Error() string { return e.message() }
func (e hostileError) Unwrap() error { return e.unwrap() }

type sliceError []error

func (e sliceError) Error() string   { return "plain" }
func (e sliceError) Unwrap() []error { return e }

func TestTextsOfHostileErrors(t *testing.T) {
	t.Parallel()
	plain := func() string { return "plain" }
	cyclic := &jobError{}
	cyclic.err = hostileError{message: func() string { return "cycle" }, unwrap: func() error { return cyclic }}
	var typedNil *fs.PathError
	million := make(sliceError, 1_000_000)
	for i := range million {
		million[i] = errBoom
	}
	for name, c := range map[string]struct {
		err     error
		message string
	}{
		"Error panics":   {hostileError{message: func() string { panic("no text") }}, "(the Error method of a exceptions_test.hostileError panicked: no text)"},
		"typed nil":      {typedNil, "(the Error method of a *fs.PathError panicked: runtime error: invalid memory address or nil pointer dereference)"},
		"Unwrap panics":  {hostileError{message: plain, unwrap: func() error { panic("no") }}, "plain"},
		"Format panics":  {formatError{"plain", func(fmt.State) { panic("no") }}, "plain"},
		"joined nils":    {sliceError{nil, nil}, "plain"},
		"a cycle":        {cyclic, "job: cycle"},
		"many joined":    {million, "plain"},
		"not comparable": {fmt.Errorf("x: %w", sliceError{}), "x: plain"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			e := textOf(t, c.err, exceptions.Options{})
			assert.Equal(t, c.message, e.Message)
			assert.LessOrEqual(t, len(e.Stacktrace), 16384)
			assert.Contains(t, e.Stacktrace, c.message+"\n  type: "+fmt.Sprintf("%T", c.err))
			assert.Equal(t, name == "a cycle" || name == "many joined", strings.HasSuffix(e.Stacktrace, "\n  (and more)"))
		})
	}
}

func TestTextsAreTakenWithoutALock(t *testing.T) {
	t.Parallel()
	var h *exceptions.History
	look := func(s string) string {
		entries(h)
		return s
	}
	h = exceptions.NewHistory(exceptions.Options{Redact: look})
	err := formatError{"boom", func(s fmt.State) { io.WriteString(s, look("a\nb")) }}
	h.Enrich(t.Context(), always(t, enricher.Labels{"k": "v"}), err, enricher.FailureContext{})
	assert.Equal(t, "boom", only(t, h).Message)
}

func TestTextsThatAreCutAreMarked(t *testing.T) {
	t.Parallel()
	huge := strings.Repeat("é", 1<<20)
	err := fmt.Errorf("x: %w", formatError{huge, func(s fmt.State) { io.WriteString(s, "\n"+huge) }})
	synctest.Test(t, func(t *testing.T) { // on a busy machine, reading takes more than a second
		for _, limits := range [][2]int{{4096, 16384}, {100, 1000}, {5000, 60}} {
			e := textOf(t, err, exceptions.Options{MaxMessageLength: limits[0], MaxStackLength: limits[1]})
			for i, text := range []string{e.Message, e.Stacktrace} {
				assert.LessOrEqual(t, len(text), limits[i])
				assert.Greater(t, len(text), limits[i]-4)
				assert.True(t, strings.HasSuffix(text, "… [cut]"), "%q", text[len(text)-20:])
				assert.True(t, utf8.ValidString(text))
			}
		}
	})
	assert.Equal(t, "xxxx", textOf(t, errors.New("xxxxx"), exceptions.Options{MaxMessageLength: 4}).Message, "no room for the mark")
}

func TestTextsWithNegativeLengthsAreEmpty(t *testing.T) {
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
		e.JobName, e.TaskName, e.TaskManagerID, e.Endpoint, e.Message, e.FailedEnrichers[0].Enricher, e.FailedEnrichers[0].Error,
	} {
		assert.Equal(t, good, text)
	}
	assert.Equal(t, e.ID, e.JobID)
	assert.Regexp(t, "^"+regexp.QuoteMeta(good)+"~[0-9a-z]+$", e.ID, "another ID may be cleaned to the same text")
	assert.Equal(t, enricher.Labels{e.ID: good}, e.Labels)
	assert.Equal(t, map[string]string{e.ID: good}, e.Attributes)
	assert.Contains(t, e.Stacktrace, good)
	found, _ := h.Entries(exceptions.Query{JobIDs: []string{bad}})
	assert.Len(t, found, 1, "the job is found by the ID that the service gave it")
}

func TestRedactMasksSecretsAcrossTheCut(t *testing.T) {
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

func TestRedactCanBeReplaced(t *testing.T) {
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
		keep(h, errors.New(text), enricher.FailureContext{TaskName: text}, enricher.Labels{"password": "hunter2"})
		e := only(t, h)
		assert.Equal(t, want, e.Message)
		assert.Equal(t, want, e.TaskName)
		assert.Equal(t, want == text, e.Labels["password"] == "hunter2", "nothing is masked but by the redactor")
	}
	e := textOf(t, errBoom, exceptions.Options{Redact: func(string) string { return strings.Repeat("x", 1<<14) }})
	assert.Len(t, e.Message, 4096)
	require.LessOrEqual(t, len(e.Stacktrace), 16384)
}
