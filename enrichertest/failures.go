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
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// A failure makes the same error each time, which counts how far it is followed.
type failure struct {
	name  string
	make  func(*hostile.Steps) error
	heavy bool // takes long, or is for one call at a time
	own   bool // the author's
}

// is is a failure whose error can be shared.
func is(name string, err error) failure {
	return failure{name: name, make: func(*hostile.Steps) error { return err }}
}

// plain are the failures that every context comes with.
var plain = []failure{
	is("a plain error", errors.New("the job has failed")),
	is("a missing file", wrapped(&fs.PathError{Op: "open", Path: "/data/orders.csv", Err: syscall.ENOENT})),
	is("a panic with a stack", enricher.NewPanicError("index out of range", []byte(jobStack))),
}

// failures are all, the more ordinary ones first.
var failures = slices.Concat(plain, realFailures, panicFailures, labelFailures, hostileFailures())

// hostileFailures are those of package hostile.
func hostileFailures() (all []failure) {
	for _, h := range hostile.Texts() {
		all = append(all, is("a message that is "+h.Name, errors.New(h.Text)))
	}
	for _, h := range hostile.Errors() {
		all = append(all, is(h.Name, h.Err))
	}
	for i, tree := range hostile.Trees(nil) {
		all = append(all, failure{
			name:  tree.Name,
			make:  func(steps *hostile.Steps) error { return hostile.Trees(steps)[i].Err },
			heavy: true,
		})
	}
	return append(all, failure{name: "a message of 10 MB", make: func(*hostile.Steps) error { return hostile.Long() }, heavy: true})
}

// wrapped wraps err as a job does.
func wrapped(err error) error { return fmt.Errorf("job 42: load orders: %w", err) }

// realFailures are those that jobs have.
var realFailures = []failure{
	is("context.Canceled", context.Canceled),
	is("context.DeadlineExceeded", wrapped(context.DeadlineExceeded)),
	is("io.EOF", io.EOF),
	is("connection refused", wrapped(refused)),
	is("an HTTP request", &url.Error{Op: "Get", URL: "https://user:secret@shop.example/orders?token=secret", Err: refused}),
	is("no such host", &net.DNSError{Err: "no such host", Name: "shop.example", IsNotFound: true}),
	is("a DNS timeout", &net.DNSError{Err: "i/o timeout", Name: "shop.example", IsTimeout: true}),
	is("malformed JSON", wrapped(json.Unmarshal([]byte(`{"a": nope}`), new(any)))),
	is("no number", wrapped(&strconv.NumError{Func: "Atoi", Num: "12x", Err: strconv.ErrSyntax})),
	is("a command's exit status", wrapped(&exec.ExitError{ProcessState: &os.ProcessState{}, Stderr: []byte("\xff killed\n")})),
	is("HTTP 503", wrapped(statusError(503))),
	is("HTTP 404", statusError(404)),
	is("several errors", errors.Join(refused, context.Canceled, &fs.PathError{Op: "read", Path: "a", Err: io.ErrUnexpectedEOF})),
}

var refused = &net.OpError{
	Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 5432},
	Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
}

// A statusError is what clients of HTTP APIs return.
type statusError int

func (e statusError) Error() string   { return fmt.Sprintf("the server answered %d", int(e)) }
func (e statusError) StatusCode() int { return int(e) }

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
	is("a panic with a map that contains itself", enricher.NewPanicError(selfMap(), nil)),
	is("a panic with a function", enricher.NewPanicError(func() {}, nil)),
	is("a panic with an error that panics", enricher.NewPanicError(hostile.PanicsWithItself{}, nil)),
	is("a nil *enricher.PanicError", (*enricher.PanicError)(nil)),
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
}
