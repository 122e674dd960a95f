package evidence

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io/fs"
	"net"
	"net/http"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strings"
	"syscall"

	"github.com/failure-enrichers/enricher"
)

// standard judges errors of the standard library, and panics.
func standard(v *Verdict, err error) { v.add(ofStandard(err)) }

func ofStandard(err error) Evidence {
	switch e := err.(type) {
	case syscall.Errno:
		return ofErrno(e)
	case *enricher.PanicError:
		return says(Generic, System, Undecided, "a panic")
	case runtime.Error:
		// A bug: it will happen again.
		return says(Coded, System, Terminal, "a panic of the Go runtime")
	case *exec.ExitError:
		return ofExit(e)
	case *fs.PathError:
		return ofStart(e)
	case *exec.Error:
		return says(Typed, System, Terminal, "a command that cannot be started")

	case *net.DNSError:
		// A name that does not exist may exist later: in clusters, names come and
		// go with their services.
		return says(Typed, Dependency, Retryable, "DNS")
	case *url.Error:
		return ofRequest(e)
	case *net.OpError:
		return ofConnection(e)
	case url.EscapeError, url.InvalidHostError:
		return says(Typed, User, Terminal, "a malformed URL")
	case *net.AddrError, *net.ParseError, net.UnknownNetworkError, net.InvalidAddrError:
		return says(Typed, User, Terminal, "a malformed address")
	case *textproto.Error:
		return ofReply(e.Code)

	case *tls.CertificateVerificationError, x509.UnknownAuthorityError, x509.HostnameError, x509.CertificateInvalidError:
		return says(Typed, Dependency, Terminal, "a certificate")
	case tls.RecordHeaderError: // a proxy or a server that starts may answer without TLS
		return says(Typed, Dependency, Undecided, "an answer that is not TLS")
	case tls.AlertError:
		return ofAlert(e)

	case *json.SyntaxError:
		// A proxy or a login page answered in place of a service.
		if strings.HasPrefix(err.Error(), "invalid character '<' looking for beginning of value") {
			return says(Typed, Dependency, Undecided, "HTML or XML instead of JSON")
		}
	case *json.InvalidUnmarshalError, *json.UnsupportedTypeError:
		return says(Typed, System, Terminal, "wrong use of encoding/json")
	}
	switch err { // their types are comparable
	case context.DeadlineExceeded:
		return says(Deadline, Cancelled, Undecided, "a deadline of a context")
	case os.ErrDeadlineExceeded:
		return says(Generic, Dependency, Retryable, "a deadline of a connection or file")
	case net.ErrClosed:
		return says(Generic, Dependency, Retryable, closedConnection)
	}
	switch t := reflect.TypeOf(err); {
	case t == errorString:
		return ofString(err)
	case t.Kind() == reflect.Uint8 && t.String() == "tls.alert": // in a *net.OpError
		return ofAlert(tls.AlertError(reflect.ValueOf(err).Uint()))
	}
	return Evidence{}
}

// ofAlert judges an alert of the other side, see
// https://www.iana.org/assignments/tls-parameters (TLS Alerts): those about a certificate
// or version stay, and those about the connection pass.
func ofAlert(alert tls.AlertError) Evidence {
	switch alert {
	case 10, 20, 21, 22, 50, 51, 80, 90: // unexpected or bad records, an internal error, cancelled
		return says(Typed, Dependency, Retryable, "an alert of TLS")
	}
	return says(Typed, Dependency, Terminal, "an alert of TLS")
}

func says(w Weight, f Fault, r Retry, why string) Evidence {
	return Evidence{Weight: w, Fault: f, Retry: r, Why: why}
}

// ofRequest judges an error of a client of net/http. Some have neither type nor
// identity, so that only their text tells that a request was never sent, or that a
// retry does not help.
func ofRequest(e *url.Error) Evidence {
	if e.Op == "parse" {
		return says(Typed, User, Terminal, "a malformed URL")
	}
	if e.Err != nil && reflect.TypeOf(e.Err) == errorString {
		text := e.Err.Error()
		for _, start := range []string{
			"unsupported protocol scheme", "http: no Host in request URL", "net/http: invalid ", "http: invalid ",
		} {
			if strings.HasPrefix(text, start) {
				return says(Typed, User, Terminal, "a request that cannot be sent")
			}
		}
		if strings.HasPrefix(text, "stopped after ") {
			return says(Typed, Dependency, Terminal, "an answer that will not change")
		}
		if text == "http: server gave HTTP response to HTTPS client" {
			return says(Typed, Dependency, Undecided, "an answer that is not TLS")
		}
		// The answer of a proxy to CONNECT, of which only the name of the status is left.
		for _, status := range []int{http.StatusForbidden, http.StatusProxyAuthRequired} {
			if text == http.StatusText(status) {
				return ofHTTP(status)
			}
		}
	}
	return says(Generic, Dependency, Retryable, "a failed request")
}

// ofStart judges a command that was not started. A missing command is a fault of
// this machine; any other file is named by the job.
func ofStart(e *fs.PathError) Evidence {
	if e.Op == "fork/exec" {
		switch e.Err {
		case syscall.ENOENT, syscall.ENOTDIR, syscall.EACCES, syscall.ENOEXEC:
			return says(Coded, System, Terminal, "a command that cannot be started")
		}
	}
	return Evidence{}
}

// ofConnection judges a network operation. A Unix socket without a listener is a
// missing file, but not one that the job has to provide.
func ofConnection(e *net.OpError) Evidence {
	cause := e.Err
	if call, ok := cause.(*os.SyscallError); ok && call != nil {
		cause = call.Err
	}
	if cause == syscall.ENOENT && e.Op == "dial" && strings.HasPrefix(e.Net, "unix") {
		return says(Coded, Dependency, Retryable, "a socket of this machine without a listener")
	}
	return says(Generic, Dependency, Retryable, "a network operation")
}
