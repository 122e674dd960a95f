package evidence

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io/fs"
	"net"
	"net/textproto"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"runtime"
	"strconv"
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
		// The code is wrong, and it will be next time.
		return says(Coded, System, Terminal, "a panic of the Go runtime")
	case *exec.ExitError:
		return ofExit(e)
	case *fs.PathError:
		return ofStart(e)
	case *exec.Error:
		return says(Typed, System, Terminal, "a command that cannot be started")

	case *net.DNSError:
		// Also a name that does not exist: in clusters, names come and go with
		// what they name.
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

	case *tls.CertificateVerificationError, x509.UnknownAuthorityError, x509.HostnameError,
		x509.CertificateInvalidError, tls.RecordHeaderError, tls.AlertError:
		return says(Typed, Dependency, Terminal, "TLS, or a certificate")

	case *json.InvalidUnmarshalError, *json.UnsupportedTypeError:
		return says(Typed, System, Terminal, "wrong use of encoding/json")
	}
	switch err { // these are of types that can be compared
	case context.DeadlineExceeded:
		return says(Deadline, Cancelled, Undecided, "a deadline of a context")
	case os.ErrDeadlineExceeded:
		return says(Generic, Dependency, Retryable, "a deadline of a connection or file")
	case net.ErrClosed:
		return says(Generic, System, Undecided, "a connection that was closed here")
	}
	if reflect.TypeOf(err) == errorString {
		return ofString(err)
	}
	return Evidence{}
}

func says(w Weight, f Fault, r Retry, why string) Evidence {
	return Evidence{Weight: w, Fault: f, Retry: r, Why: why}
}

// ofRequest judges what a client of net/http returns. Some of its errors have
// neither type nor identity, so that only their text says that a request was
// never sent, or would be answered no better the next time.
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
		for _, start := range []string{
			"stopped after ", "http: server gave HTTP response to HTTPS client",
		} {
			if strings.HasPrefix(text, start) {
				return says(Typed, Dependency, Terminal, "an answer that will not change")
			}
		}
	}
	return says(Generic, Dependency, Retryable, "a failed request")
}

// ofStart judges a command that was not started. Where it is missing, it is this
// machine that does not have it; any other file is the job's to name.
func ofStart(e *fs.PathError) Evidence {
	if e.Op == "fork/exec" {
		switch e.Err {
		case syscall.ENOENT, syscall.ENOTDIR, syscall.EACCES, syscall.ENOEXEC:
			return says(Coded, System, Terminal, "a command that cannot be started")
		}
	}
	return Evidence{}
}

// ofConnection judges a network operation. Where nobody listens at a socket of
// this machine there is no file, which is not the job's to provide.
func ofConnection(e *net.OpError) Evidence {
	cause := e.Err
	if call, ok := cause.(*os.SyscallError); ok && call != nil {
		cause = call.Err
	}
	if cause == syscall.ENOENT && e.Op == "dial" && strings.HasPrefix(e.Net, "unix") {
		return says(Coded, Dependency, Retryable, "a socket of this machine where nobody listens")
	}
	return says(Generic, Dependency, Retryable, "a network operation")
}

// ofReply judges a reply code as SMTP (RFC 5321, section 4.2.1) and its relatives
// have it: 4yz is transient, 5yz is permanent.
func ofReply(code int) Evidence {
	e := Evidence{Weight: Coded, Fault: Dependency, Kind: SMTPReply, Code: strconv.Itoa(code)}
	switch code / 100 {
	case 4:
		e.Retry = Retryable
	case 5:
		e.Retry = Terminal
		if code == 550 || code == 551 || code == 553 {
			e.Fault = User // the mailbox
		}
	default:
		return Evidence{}
	}
	return e
}
