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

// The values of KeyKind: what caused a failure.
const (
	KindUser       = "USER"       // the job itself: its code or its data
	KindSystem     = "SYSTEM"     // the machine that it ran on
	KindDependency = "DEPENDENCY" // another service
	KindUnknown    = "UNKNOWN"
)

// The values of KeyReason, besides "http-404" and the like for HTTP statuses. Their
// number is small, and none contains a text of the error, because labels are
// counted and compared.
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

// newCause is the factory. It does not read its options, so the library rejects
// any that are configured.
func newCause(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
	return cause{}, nil
}

// OutputKeys declares the labels, which no other enricher may set.
func (cause) OutputKeys() []string { return []string{KeyKind, KeyReason} }

// ProcessFailure labels a failure by the first error of the chain that it
// recognizes. The outer errors know best why an inner one matters. Of joined
// errors, the first counts as the cause.
func (cause) ProcessFailure(_ context.Context, err error, _ enricher.FailureContext) (enricher.Labels, error) {
	kind, reason := KindUnknown, ReasonUnknown
	// Chain ends even if errors wrap each other in a cycle.
	for err := range enricher.Chain(err) {
		if k, r, ok := recognize(err); ok {
			kind, reason = k, r
			break
		}
	}
	return enricher.Labels{KeyKind: kind, KeyReason: reason}, nil
}

// recognize classifies one error, without those that it wraps, by type and value.
// Texts are no criterion: they change between versions and with the language of
// the machine.
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
		// Err may be a nil pointer, or have no ProcessState.
		if err == nil || err.ProcessState == nil {
			break
		}
		// Not every system has signals, and the type differs between those that do.
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

// wsaECONNREFUSED is ECONNREFUSED on Windows. Package syscall does not have it.
const wsaECONNREFUSED = syscall.Errno(10061)

// httpStatus classifies the status of an HTTP answer. Servers can send any number,
// so those without a meaning share one reason.
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
