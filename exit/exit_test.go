package exit_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/errtype"
	_ "github.com/failure-enrichers/enricher/enrichers/fault"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
	_ "github.com/failure-enrichers/enricher/enrichers/restart"
	"github.com/failure-enrichers/enricher/exit"
)

func labeler() *enricher.Enricher {
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"type", "restart", "error"}}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	return e
}

func Example() {
	e := labeler()
	fmt.Println(e.Enrich(&exit.Error{Name: "import", Code: 137, Reason: "OOMKilled"}))
	fmt.Println(e.Enrich(&exit.Error{Reason: "Evicted", Message: "The node was low on resource: memory."}))
	// Output:
	// error_code=OOMKilled, error_type=*exit.Error, retry=unknown, type=SYSTEM
	// error_code=Evicted, error_type=*exit.Error, retry=retryable, type=SYSTEM
}

func ExampleError() {
	fmt.Println(&exit.Error{Name: "import", Code: 137, Reason: "OOMKilled"})
	fmt.Println(&exit.Error{Name: "import", Code: 1, Stderr: "Reading 17 rows\nTraceback (most recent call last):\n" +
		"  File \"/app/import.py\", line 3, in <module>\nKeyError: 'price'\n"})
	// Output:
	// import: OOMKilled, exit status 137
	// import: exit status 1: Traceback (most recent call last):
	// KeyError: 'price'
}

func ExampleFromCommand() {
	cmd := exec.Command("sh", "-c", "echo in.mp4: No such file or directory >&2; exit 66")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	err := exit.FromCommand("convert", cmd.Run(), stderr.Bytes())
	fmt.Println(err)
	fmt.Println(labeler().Enrich(err))
	// Output:
	// convert: exit status 66: in.mp4: No such file or directory
	// error_code=66, error_type=*exit.Error, retry=terminal, type=USER
}

// own is an error of a job manager's own type.
type own struct{}

func (own) Error() string      { return "own" }
func (own) ExitReason() string { return "NodeLost" }

func TestErrorHasLabels(t *testing.T) {
	e := labeler()
	for _, c := range []struct {
		err  error
		want string // type, retry, error_code
	}{
		{&exit.Error{}, "UNKNOWN unknown "},
		{&exit.Error{Code: 1, Reason: "Error"}, "UNKNOWN unknown 1"},
		{&exit.Error{Code: 1, Reason: "OutOfTea"}, "UNKNOWN unknown 1"},
		{&exit.Error{Reason: "OutOfTea"}, "UNKNOWN unknown OutOfTea"},
		{&exit.Error{Code: 125}, "SYSTEM unknown 125"},
		{&exit.Error{Code: 126}, "SYSTEM terminal 126"},
		{&exit.Error{Code: 127}, "SYSTEM terminal 127"},
		{&exit.Error{Code: 128, Reason: "StartError"}, "SYSTEM terminal StartError"},
		{&exit.Error{Code: 127, Reason: "ContainerCannotRun"}, "SYSTEM terminal ContainerCannotRun"},
		{&exit.Error{Code: 137}, "SYSTEM retryable SIGKILL"},
		{&exit.Error{Code: 137, Reason: "Error"}, "SYSTEM retryable SIGKILL"},
		{&exit.Error{Code: 137, Reason: "OOMKilled"}, "SYSTEM unknown OOMKilled"},
		{&exit.Error{Code: 139, Signal: 11}, "SYSTEM unknown SIGSEGV"},
		{&exit.Error{Signal: 9}, "SYSTEM retryable SIGKILL"},
		{&exit.Error{Code: 143}, "CANCELLED unknown SIGTERM"},
		{&exit.Error{Code: 143, Reason: "DeadlineExceeded"}, "CANCELLED unknown DeadlineExceeded"},
		{&exit.Error{Code: 143, Reason: "Evicted"}, "SYSTEM retryable Evicted"},
		{&exit.Error{Code: 137, Reason: "NodeLost"}, "SYSTEM retryable NodeLost"},
		{&exit.Error{Reason: "Preempted"}, "SYSTEM retryable Preempted"},
		{&exit.Error{Reason: "SpotInterruption"}, "SYSTEM retryable SpotInterruption"},
		{&exit.Error{Reason: "ImagePullBackOff"}, "DEPENDENCY unknown ImagePullBackOff"},
		{&exit.Error{Reason: "CrashLoopBackOff"}, "SYSTEM unknown CrashLoopBackOff"},
		{&exit.Error{Code: 64, Reason: "CrashLoopBackOff"}, "USER terminal 64"},
		{&exit.Error{Code: 137, Reason: "CrashLoopBackOff"}, "SYSTEM retryable SIGKILL"},
		{fmt.Errorf("job 7: %w", own{}), "SYSTEM retryable NodeLost"},
		{errors.Join(&exit.Error{Name: "a", Reason: "OOMKilled"}, &exit.Error{Name: "b", Code: 64}), "SYSTEM unknown OOMKilled"},
	} {
		labels := e.Enrich(c.err)
		got := labels["type"] + " " + labels["retry"] + " " + labels["error_code"]
		if runtime.GOOS != "windows" { // it has no signals
			assert.Equal(t, c.want, got, "%v", c.err)
		}
	}
}

func TestErrorTellsTheLinesThatTellMost(t *testing.T) {
	progress := strings.Repeat("read 17 rows\n", 10)
	for _, c := range []struct{ name, output, want string }{
		{"nothing", "", ""},
		{"the last lines", "a\nb\n\n  \nc\r\nd\n", "b\nc\nd"},
		{"progress in one line", "10 %\r20 %\r30 %\rfailed\n", "20 %\n30 %\nfailed"},
		{"Python", progress + "Traceback (most recent call last):\n  File \"a.py\", line 1\n    f()\nValueError: x\n", "Traceback (most recent call last):\nValueError: x"},
		{
			"Python, raised by a handler", "Traceback (most recent call last):\n  File\nKeyError: 1\n\nDuring handling of the above exception, another exception occurred:\n\n" +
				"Traceback (most recent call last):\n  File\nValueError: x\n", "Traceback (most recent call last):\nValueError: x",
		},
		{"Python, of a failure that was handled", "Traceback (most recent call last):\n  File\nKeyError: 1\na\nb\nc\n", "a\nb\nc"},
		{"Go", progress + "panic: no\n\ngoroutine 1 [running]:\nmain.main()\n\t/a.go:1 +0x1\n\ngoroutine 2 [select]:\nnet.x()\n\t/b.go:1\n", "panic: no\ngoroutine 1 [running]:\nmain.main()"},
		{"Java", progress + "Exception in thread \"main\" a.B: x\n\tat a.C(D.java:1)\nCaused by: e.F: y\n\t... 3 more\n", "Exception in thread \"main\" a.B: x\nCaused by: e.F: y"},
		{"Node.js", progress + "/a.js:3\n  throw new E()\n  ^\n\nError: Cannot find module 'b'\nRequire stack:\n- /a.js\n    at c (node:d:1:2) {\n  code: 'MODULE_NOT_FOUND'\n}\n\nNode.js v20.20.2\n", "Error: Cannot find module 'b'\nRequire stack:\n- /a.js"},
		{
			"Node.js, with an event and a cause", "node:a:5\n      f(e);\n      ^\n\nTypeError: fetch failed\n    at a (node:b:1:2)\nEmitted 'error' event on C instance at:\n    at d (node:e:1:2) {\n" +
				"  [cause]: Error: getaddrinfo ENOTFOUND db\n      at f (node:g:1:2) {\n    errno: -3008\n  }\n}\n\nNode.js v22.1.0", "TypeError: fetch failed\n[cause]: Error: getaddrinfo ENOTFOUND db",
		},
		{"a caret of another program", "a.c:1:2: error: b\n  ^\nc\n", "a.c:1:2: error: b\nc"},
		{".NET", progress + "Unhandled exception. A.B: x\n ---> C: y\n   at D.E()\n   --- End of inner exception stack trace ---\n   at F.G() in /h.cs:line 1\n", "Unhandled exception. A.B: x"},
		{"PHP", progress + "PHP Fatal error:  Uncaught A: x in /b.php:3\nStack trace:\n#0 /b.php(3): f()\n#1 {main}\n  thrown in /b.php on line 3\n", "PHP Fatal error:  Uncaught A: x in /b.php:3\nStack trace:\n#0 /b.php(3): f()"},
		{"Rust", progress + "thread 'main' panicked at src/main.rs:2:5:\nno\nnote: run with `RUST_BACKTRACE=1`\n", "thread 'main' panicked at src/main.rs:2:5:\nno\nnote: run with `RUST_BACKTRACE=1`"},
	} {
		want := strings.TrimSuffix("x: exit status 1: "+c.want, ": ")
		assert.Equal(t, want, (&exit.Error{Name: "x", Code: 1, Stderr: c.output}).Error(), c.name)
		assert.Equal(t, want, (&exit.Error{Name: "x", Code: 1, Message: c.output, Stderr: c.output}).Error(), c.name)
	}
	assert.EqualError(t, &exit.Error{Reason: "Evicted", Message: "no memory", Stderr: "a"}, "Evicted: no memory: a")
	assert.EqualError(t, &exit.Error{Signal: 9, Code: 3}, "signal: killed, exit status 3")
	assert.EqualError(t, &exit.Error{}, "failed")
}

func TestErrorIsBounded(t *testing.T) {
	long := strings.Repeat("ä", 1<<20)
	err := &exit.Error{Name: long, Code: 1 << 30, Signal: 1 << 30, Reason: long, Message: long, Stderr: long + "b"}
	assert.Less(t, len(err.Error()), 3<<10)
	assert.Contains(t, err.Error(), "exit status")
}

func TestFromCommand(t *testing.T) {
	run := func(script string) error {
		_, err := exec.Command("sh", "-c", script).Output()
		return err
	}
	require.NoError(t, exit.FromCommand("x", nil, nil))
	assert.Same(t, io.EOF, exit.FromCommand("x", io.EOF, nil), "another error")

	var cyclic errCyclic
	cyclic.of = []error{&cyclic}
	assert.Same(t, &cyclic, exit.FromCommand("x", &cyclic, nil), "of a reader that was the command's standard input, for example")

	cause := run("echo why >&2; exit 3")
	err := exit.FromCommand("x", fmt.Errorf("wrapped: %w", cause), nil)
	assert.EqualError(t, err, "x: exit status 3: why", "what Output has kept")
	assert.ErrorIs(t, err, cause)
	assert.EqualError(t, exit.FromCommand("", cause, []byte("a\nb")), "exit status 3: a\nb")

	kept, ok := enricher.AsType[*exit.Error](exit.FromCommand("x", cause, []byte(strings.Repeat("x", 1<<20))))
	require.True(t, ok)
	assert.Len(t, kept.Stderr, 64<<10)

	assert.EqualError(t, exit.FromCommand("x", &exec.ExitError{}, nil), "x: failed", "of no process")
	if runtime.GOOS == "windows" {
		return
	}
	cause = run("kill -9 $$")
	err = exit.FromCommand("x", cause, nil)
	assert.EqualError(t, err, "x: signal: killed")
	assert.Equal(t, "SYSTEM", labeler().Enrich(err)["type"])
	for _, reason := range []error{context.Canceled, context.DeadlineExceeded} {
		assert.Equal(t, "CANCELLED", labeler().Enrich(errors.Join(reason, err))["type"], "killed for %v", reason)
	}
}

func TestErrorHasAFingerprint(t *testing.T) {
	of := func(code int, stderr string) string {
		return fingerprint.Of(&exit.Error{Name: "x", Code: code, Stderr: stderr})
	}
	a := of(1, "read 17 rows\nTraceback (most recent call last):\n  File \"a.py\", line 1\nValueError: no price\n")
	assert.Equal(t, a, of(1, "read 5 rows\nread 9 rows\nTraceback (most recent call last):\n  File \"a.py\", line 9\nValueError: no price\n"))
	assert.NotEqual(t, a, of(2, "Traceback (most recent call last):\nValueError: no price\n"), "another exit code")
	assert.NotEqual(t, a, of(1, "Traceback (most recent call last):\nValueError: no date\n"), "another message")
}

// An errCyclic may wrap itself.
type errCyclic struct{ of []error }

func (e *errCyclic) Error() string   { return "cyclic" }
func (e *errCyclic) Unwrap() []error { return e.of }
