package enrichers

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os/exec"
	"syscall"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/task"
)

// The labels of example-cause.
const (
	KeyKind   = "kind"
	KeyReason = "reason"
)

// The values of KeyKind: whose doing a failure is.
const (
	KindUser       = "USER"       // of the job itself: its code or its data
	KindSystem     = "SYSTEM"     // of the machine it ran on
	KindDependency = "DEPENDENCY" // of another service
	KindUnknown    = "UNKNOWN"
)

// The values of KeyReason, beside "http-404" and the like for the statuses of
// HTTP. There are only so many, and none holds a name, a number or a text from
// the error: labels are there to be counted and compared.
const (
	ReasonExitStatus        = "exit-status"
	ReasonCommandNotFound   = "command-not-found"
	ReasonKilled            = "killed"
	ReasonConnectionRefused = "connection-refused"
	ReasonNameNotResolved   = "name-not-resolved"
	ReasonMalformedRow      = "malformed-row"
	ReasonDeadlineExceeded  = "deadline-exceeded"
	ReasonCancelled         = "cancelled"
	ReasonPanic             = "panic"
	ReasonUnknown           = "unknown"
)

// A cause is the enricher example-cause. It has no state: ProcessFailure is
// called from several goroutines at once.
type cause struct{}

var _ enricher.FailureEnricher = cause{}

// newCause is the factory. It has no options, so it does not look at conf, and
// the library refuses any that are configured.
func newCause(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	return cause{}, nil
}

// OutputKeys declares the labels. No other enricher may set them.
func (cause) OutputKeys() []string { return []string{KeyKind, KeyReason} }

// ProcessFailure labels a failure with the first error that it knows, from the
// outside in: what was put around an error knows best why it matters. Where
// several were joined, the first is taken for the cause and those after it for
// consequences.
func (cause) ProcessFailure(_ context.Context, err error, _ enricher.FailureContext) (enricher.Labels, error) {
	kind, reason := KindUnknown, ReasonUnknown
	// Chain has an end even where errors wrap each other in a circle.
	for err := range enricher.Chain(err) {
		if k, r, ok := recognize(err); ok {
			kind, reason = k, r
			break
		}
	}
	return enricher.Labels{KeyKind: kind, KeyReason: reason}, nil
}

// recognize judges one error, regardless of what it wraps. It goes by types and
// values. Texts are for people: they change between versions and with the
// language of the machine.
func recognize(err error) (kind, reason string, ok bool) {
	switch err := err.(type) {
	case *enricher.PanicError:
		return KindUser, ReasonPanic, true
	case *task.RowError:
		return KindUser, ReasonMalformedRow, true
	case *task.StatusError:
		if err != nil {
			return httpStatus(err.Code)
		}
	case *net.DNSError:
		return KindDependency, ReasonNameNotResolved, true
	case *exec.Error:
		if err != nil && (errors.Is(err.Err, exec.ErrNotFound) || errors.Is(err.Err, fs.ErrNotExist)) {
			return KindSystem, ReasonCommandNotFound, true
		}
	case *exec.ExitError:
		// An error may be a nil pointer, or one that nobody has filled in.
		if err == nil || err.ProcessState == nil {
			break
		}
		// Not every system has signals, and those that have disagree on the type.
		if status, ok := err.Sys().(interface{ Signaled() bool }); ok && status.Signaled() {
			return KindSystem, ReasonKilled, true
		}
		return KindUser, ReasonExitStatus, true
	case syscall.Errno:
		if err == syscall.ECONNREFUSED || err == wsaECONNREFUSED {
			return KindDependency, ReasonConnectionRefused, true
		}
	}
	switch err {
	case context.DeadlineExceeded:
		return KindSystem, ReasonDeadlineExceeded, true
	case context.Canceled:
		return KindSystem, ReasonCancelled, true
	}
	return "", "", false
}

// wsaECONNREFUSED is what Windows calls it; package syscall does not have it.
const wsaECONNREFUSED = syscall.Errno(10061)

// httpStatus judges the status of an HTTP answer. Servers can send any number;
// those that mean nothing are one reason, so that there are never too many.
func httpStatus(code int) (kind, reason string, ok bool) {
	kind, reason = KindDependency, "http-other"
	if http.StatusText(code) != "" {
		reason = fmt.Sprintf("http-%d", code)
	}
	if code >= 400 && code < 500 {
		kind = KindUser // the server says that the request is at fault
	}
	return kind, reason, true
}
