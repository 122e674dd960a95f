package evidence

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"strconv"
	"strings"
)

// errorString is the type of what [errors.New] returns, a pointer.
var errorString = reflect.TypeOf(errors.New(""))

// ofString judges an error of this type by its identity, or else by its text.
func ofString(err error) Evidence {
	if e, ok := sentinels[err]; ok {
		return e
	}
	return ofText(err)
}

// ofText judges an error by its text.
func ofText(err error) Evidence { return ofMessage(err.Error()) }

// ofMessage judges a whole text.
func ofMessage(text string) Evidence {
	if strings.HasSuffix(text, " attempt(s)") && strings.Contains(text, " giving up after ") {
		return says(Typed, Dependency, Retryable, "all attempts of go-retryablehttp have failed")
	}
	if strings.HasPrefix(text, "exceeded max wait time for ") && strings.HasSuffix(text, " waiter") {
		return says(Typed, Dependency, Retryable, "a waiter of the SDK of AWS")
	}
	text = text[:min(len(text), maxHead)]
	if e, ok := texts()[text]; ok {
		return e
	}
	if e := ofStatusLine(text); e.Code != "" {
		return e
	}
	head, _, _ := strings.Cut(text, ": ")
	if e, ok := heads[head]; ok {
		return e
	}
	switch head {
	case "memcache":
		return ofMemcache(text)
	case "rate":
		return ofRate(text)
	}
	if formed[head] && forms.MatchString(text) {
		return malformed
	}
	return startOf(text, prefixes)
}

// ofRate judges the texts of golang.org/x/time/rate, which hold the number of events.
func ofRate(text string) Evidence {
	_, reason, _ := strings.Cut(text, ") ")
	switch {
	case !strings.HasPrefix(text, "rate: Wait(n="):
	case reason == "would exceed context deadline":
		return says(Typed, Dependency, Retryable, "a limit of rates")
	case strings.HasPrefix(reason, "exceeds limiter's burst "):
		return says(Typed, System, Terminal, "more events than a limiter ever allows at once")
	}
	return Evidence{}
}

// formed are the words before the colon of forms.
var formed = map[string]bool{"mail": true, "time": true, "template": true}

// maxHead bounds how many bytes of a text are looked at.
const maxHead = 256

// sentinels are all of type errorString.
var sentinels = map[error]Evidence{
	// Only the one who cancelled the job knows whether it should run again.
	context.Canceled: says(Coded, Cancelled, Undecided, "a cancelled context"),

	fs.ErrNotExist:    says(Typed, User, Terminal, "something that does not exist"),
	fs.ErrExist:       says(Typed, User, Terminal, "something that exists already"),
	fs.ErrInvalid:     says(Typed, User, Terminal, "an invalid argument"),
	fs.ErrPermission:  says(Typed, System, Terminal, "a missing permission"),
	fs.ErrClosed:      says(Typed, System, Undecided, closedFile),
	os.ErrProcessDone: says(Typed, System, Undecided, "a process that had ended before"),

	exec.ErrNotFound:  says(Typed, System, Terminal, "a command that this machine does not have"),
	exec.ErrDot:       says(Typed, User, Terminal, "a command in the current directory"),
	exec.ErrWaitDelay: says(Typed, System, Undecided, "a command that kept its output open"),

	io.ErrUnexpectedEOF: says(Text, Dependency, Retryable, "an input that ends early"),
	io.ErrClosedPipe:    says(Typed, System, Undecided, closedPipe),
	io.ErrShortWrite:    says(Typed, System, Undecided, "a short write"),
	io.ErrNoProgress:    says(Typed, System, Undecided, "a reader that makes no progress"),
	bytes.ErrTooLarge:   says(Typed, System, Undecided, "memory"),

	bufio.ErrTooLong:  says(Typed, User, Terminal, "a line that is too long"),
	strconv.ErrSyntax: malformed,
	strconv.ErrRange:  malformed,

	sql.ErrNoRows:     says(Typed, User, Terminal, "no rows"),
	sql.ErrTxDone:     says(Typed, System, Undecided, endedTransaction), // mostly as a context ended
	sql.ErrConnDone:   says(Typed, System, Undecided, "a connection that was returned before"),
	driver.ErrBadConn: says(Typed, Dependency, Retryable, "a broken connection to a database"),
}

// What errors say that are mostly the consequence of another one, as when a deferred
// function closes what is closed already.
const (
	closedFile       = "a file that was closed before"
	closedPipe       = "a pipe that was closed here"
	closedConnection = "a connection that was closed"
	endedTransaction = "a transaction that had ended before"
)

func isConsequence(e Evidence) bool {
	switch e.Why {
	case closedFile, closedPipe, closedConnection, endedTransaction:
		return true
	}
	return false
}

// heads are texts of the standard library and of some clients, or their beginnings
// up to the first colon, of errors that have neither a type nor an identity to test
// for.
var heads = map[string]Evidence{
	"asn1":         malformed,
	"archive/tar":  malformed,
	"encoding/hex": malformed,
	"gob":          malformed,
	"gzip":         malformed,
	"x509":         malformed,
	"cipher":       malformed,
	"crypto/ecdsa": malformed,
	"crypto/rsa":   malformed,
	"tls: failed to find any PEM data in certificate input": malformed,
	"tls: failed to find any PEM data in key input":         malformed,
	"image: unknown format":                                 malformed,
	"json":                                                  malformed,
	"mime":                                                  malformed,
	"multipart":                                             malformed,
	"xml":                                                   malformed,
	"zip":                                                   malformed,
	"zlib":                                                  malformed,
	"sql":                                                   says(Text, System, Undecided, "wrong use of database/sql"),
	"net/http":                                              says(Text, Dependency, Retryable, "net/http"),
	"net/http: request canceled":                            requestCanceled,
	"net/http: request canceled while waiting for connection": requestCanceled,
	"tls":                      says(Text, Dependency, Terminal, "TLS"),
	"connection is shut down":  says(Text, Dependency, Retryable, "net/rpc"),
	"http: Server closed":      says(Typed, System, Undecided, "a server that was shut down here"),
	"non-fast-forward update":  says(Typed, Dependency, Undecided, "a branch that has moved on"), // go-git
	"path escapes from parent": says(Text, User, Terminal, "a path that leaves its root"),
}

// forms are the beginnings of texts of the standard library whose first word alone
// is too common.
var forms = regexp.MustCompile(`^(mail: (charset|empty|expected|header|invalid|leading|missing|misformatted|no |trailing|unclosed|unmatched)|` +
	`time: (invalid|missing|unknown) |template: [^:]*:\d+)`)

var requestCanceled = says(Typed, Cancelled, Undecided, "a cancelled request")

var malformed = says(Text, User, Terminal, "malformed data")
