package enrichertest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A failure makes the same error each time. Those without an end count on the
// odometer how far somebody goes.
type failure struct {
	name  string
	make  func(*odometer) error
	heavy bool // too costly, or made for one caller at a time
	own   bool // the author's
}

// is is a failure whose error can be shared.
func is(name string, err error) failure {
	return failure{name: name, make: func(*odometer) error { return err }}
}

// heavy is a failure whose error is made when it is needed.
func heavy(name string, fn func(*odometer) error) failure {
	return failure{name: name, make: fn, heavy: true}
}

// plain are the failures that every context comes with.
var plain = []failure{
	is("a plain error", errors.New("the job has failed")),
	is("a missing file", wrapped(&fs.PathError{Op: "open", Path: "/data/orders.csv", Err: syscall.ENOENT})),
	is("a panic with a stack", enricher.NewPanicError("index out of range", []byte(jobStack))),
}

// failures are all others, the more ordinary ones first.
var failures = join(
	plain,
	realFailures,
	messageFailures,
	panicFailures,
	nilFailures,
	rudeFailures,
	treeFailures,
	labelFailures,
)

func join(groups ...[]failure) (all []failure) {
	for _, group := range groups {
		all = append(all, group...)
	}
	return all
}

// wrapped wraps err as a job does.
func wrapped(err error) error { return fmt.Errorf("job 42: load orders: %w", err) }

// realFailures are those that jobs have.
var realFailures = []failure{
	is("context.Canceled", context.Canceled),
	is("context.DeadlineExceeded", wrapped(context.DeadlineExceeded)),
	is("os.ErrDeadlineExceeded", wrapped(os.ErrDeadlineExceeded)),
	is("io.EOF", io.EOF),
	is("connection refused", wrapped(refused)),
	is("connection reset", &net.OpError{Op: "read", Net: "tcp", Err: os.NewSyscallError("read", syscall.ECONNRESET)}),
	is("an HTTP request", &url.Error{Op: "Get", URL: "https://user:secret@shop.example/orders?token=secret", Err: refused}),
	is("no such host", &net.DNSError{Err: "no such host", Name: "shop.example", IsNotFound: true}),
	is("a DNS timeout", &net.DNSError{Err: "i/o timeout", Name: "shop.example", IsTimeout: true}),
	is("malformed JSON", wrapped(json.Unmarshal([]byte(`{"a": nope}`), new(any)))),
	is("JSON of another type", json.Unmarshal([]byte(`{"a": "b"}`), new(struct{ A int }))),
	is("no number", wrapped(numberError())),
	is("a command's exit status", wrapped(&exec.ExitError{ProcessState: &os.ProcessState{}, Stderr: []byte("\xff killed\n")})),
	is("no such command", &exec.Error{Name: "no-such-command", Err: exec.ErrNotFound}),
	is("HTTP 503", wrapped(statusError(503))),
	is("HTTP 404", statusError(404)),
	is("HTTP -1", statusError(-1)),
	is("HTTP 1234567890", statusError(1234567890)),
	is("an unknown errno", syscall.Errno(99999)),
	is("several errors", errors.Join(refused, context.Canceled, &fs.PathError{Op: "read", Path: "a", Err: io.ErrUnexpectedEOF})),
	is("several errors in one", fmt.Errorf("%w, then %w", fs.ErrPermission, statusError(500))),
}

var refused = &net.OpError{
	Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 5432},
	Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
}

func numberError() error {
	_, err := strconv.Atoi("12x")
	return err
}

// A statusError is what clients of HTTP APIs return.
type statusError int

func (e statusError) Error() string   { return fmt.Sprintf("the server answered %d", int(e)) }
func (e statusError) StatusCode() int { return int(e) }

// messageFailures are those with messages to trip over.
var messageFailures = []failure{
	is("an empty message", errors.New("")),
	is("a message of white space", errors.New(" \t\r\n ")),
	is("a message that is not UTF-8", wrapped(errors.New("\xff\xfe caf\xe9 \xc3\x28 \xed\xa0\x80"))),
	is("a message of control characters", errors.New("\x00\x1b[31mred\x1b[0m\x07\x7f\u0085 \u202e")),
	is("a message of many lines", errors.New(strings.Repeat("line\r\n", 3000))),
	is("a message with formatting verbs", errors.New("%s %d %!v(MISSING) %n ${x} {{.}} $1 \\1")),
	is("a message of markup", errors.New(`<script>alert("&")</script> ' OR 1=1 --`)),
	is("a message of one long word", errors.New(strings.Repeat("a", 5000))),
	// Wherever a message is cut at a number of bytes, one of these is cut between the
	// bytes of a character: so those of two or four bytes need none of their own.
	is("a message of long characters", errors.New("a"+strings.Repeat("\u20ac", 1500))),
	is("a message of long characters, one byte on", errors.New("ab"+strings.Repeat("\u20ac", 1500))),
	is("a message cut between bytes", errors.New(strings.Repeat("\u20ac", 1500)+"\xe2\x82")),
	heavy("a message of 10 MB", func(*odometer) error { return longError{} }),
}

// longMessage is 10 MB that are only made where they are asked for.
var longMessage = sync.OnceValue(func() string {
	return strings.Repeat("row 17 of 4,711: caf\xe9 \u20ac 0x7f \x00\n", 10<<20/36)
})

type longError struct{}

func (longError) Error() string { return longMessage() }

const jobStack = `goroutine 18 [running]:
main.(*loader).row(0xc000012345, 0x11)
	/src/shop/loader.go:42 +0x1d
main.main()
	/src/shop/main.go:17 +0x2f
`

// panicFailures are panics of jobs, which may have panicked with anything.
var panicFailures = []failure{
	is("a panic without a stack", enricher.NewPanicError("no stack", nil)),
	is("a panic with a garbled stack", enricher.NewPanicError(1.5, []byte("\xff\x00goroutine\n\t:\n:99999999999999999999 +\n"))),
	is("a panic with a long stack", enricher.NewPanicError("deep", []byte(strings.Repeat(jobStack, 5000)))),
	is("a panic with an error", wrapped(enricher.NewPanicError(refused, []byte(jobStack)))),
	is("a panic with a runtime.Error", enricher.NewPanicError(runtimeError(), []byte(jobStack))),
	is("a panic with nil", enricher.NewPanicError(nil, nil)),
	is("a panic with a nil map", enricher.NewPanicError(map[string]string(nil), nil)),
	is("a panic with a map that contains itself", enricher.NewPanicError(selfMap(), nil)),
	is("a panic with a slice", enricher.NewPanicError([]int{1, 2}, nil)),
	is("a panic with a function", enricher.NewPanicError(func() {}, nil)),
	is("a panic with a value that cannot be printed", enricher.NewPanicError(rudeStringer{}, nil)),
	is("a panic with an error that panics", enricher.NewPanicError(rudeError{}, nil)),
	is("a panic with a nil error pointer", enricher.NewPanicError((*fs.PathError)(nil), nil)),
	is("a panic about a panic", enricher.NewPanicError(enricher.NewPanicError(time.Second, nil), nil)),
}

func selfMap() any {
	m := map[string]any{}
	m["self"] = m
	return m
}

// runtimeError returns what the runtime panics with.
func runtimeError() (v any) {
	defer func() { v = recover() }()
	var none []int
	return none[len(jobStack)]
}

// labelFailures carry labels, as [enricher.WithLabels] attaches them.
var labelFailures = []failure{
	is("attached labels", wrapped(enricher.WithLabels(refused, enricher.Labels{"team": "shop", "kind": "attached"}))),
	is("attached labels under bad keys", enricher.WithLabels(io.EOF, enricher.Labels{"": "a", "\xff": "b", "a\nb": "c", strings.Repeat("k", 200): "d"})),
	is("attached labels with bad values", enricher.WithLabels(io.EOF, enricher.Labels{
		"team": "\xff\x00", "kind": strings.Repeat("v", 5000), "owner": "", enricher.KeyJobCannotRestart: "maybe\x1b",
	})),
	is("a thousand attached labels", enricher.WithLabels(io.EOF, manyLabels())),
	is("no attached labels", enricher.WithLabels(io.EOF, nil)),
	is("attached labels that panic", labelsPanic{}),
}

func manyLabels() enricher.Labels {
	all := enricher.Labels{}
	for i := range 1000 {
		all["label-"+strconv.Itoa(i)] = "x"
	}
	return all
}

type labelsPanic struct{}

func (labelsPanic) Error() string                    { return "its labels panic" }
func (labelsPanic) FailureLabels() map[string]string { panic("FailureLabels") }
