package fault_test

import (
	"context"
	"crypto/x509"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"unicode"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fault"
	"github.com/failure-enrichers/enricher/exit"
	"github.com/failure-enrichers/enricher/internal/evidence"
)

// hintOf returns the label hint and its reason.
func hintOf(t *testing.T, e enricher.FailureEnricher, cause error) (hint, why string) {
	t.Helper()
	labels, err := e.ProcessFailure(t.Context(), cause, enricher.FailureContext{})
	require.NoError(t, err)
	explained, reasons, err := e.(enricher.Explainer).ExplainFailure(t.Context(), cause, enricher.FailureContext{})
	require.NoError(t, err)
	require.Equal(t, labels, explained)
	return labels[fault.KeyHint], reasons[fault.KeyHint]
}

type opaque struct{ error }

func TestHintsAreOffByDefault(t *testing.T) {
	e, err := fault.New(fault.Options{})
	require.NoError(t, err)
	assert.Equal(t, []string{"type"}, e.OutputKeys())
	hint, why := hintOf(t, e, syscall.ENOSPC)
	assert.Empty(t, hint+why)
}

func TestHintsOfACodeInAText(t *testing.T) {
	e, err := fault.New(fault.Options{Hints: map[string]string{"HTTP status 4xx": "Ask the shop."}, Statuses: map[string]fault.Type{"404": fault.System}})
	require.NoError(t, err)
	hint, why := hintOf(t, e, errors.New("unexpected status code: 404"))
	assert.Equal(t, [2]string{"Ask the shop.", "option hints HTTP status 4xx"}, [2]string{hint, why})
	assert.EqualValues(t, 1, counts(e)["hints HTTP status 4xx"])
}

func TestDefaultHints(t *testing.T) {
	e, err := fault.New(fault.Options{DefaultHints: true})
	require.NoError(t, err)
	assert.Equal(t, []string{"type", "hint"}, e.OutputKeys())
	values := e.(enricher.LabelDescriber).DescribeLabels()[1].Values
	assert.Greater(t, len(values), 30)
	for _, v := range values {
		assert.True(t, strings.HasSuffix(v, ".") && unicode.IsUpper(rune(v[0])) && strings.Count(v, ". ") == 0, "%q is no sentence", v)
	}
	_, noFile := os.Open("/no/such/file")
	refused := &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	var numbers []int
	for _, c := range []struct {
		want  string // a part of the hint
		cause error
	}{
		{"disk of the worker is full", fmt.Errorf("a: %w", &fs.PathError{Op: "write", Err: syscall.ENOSPC})},
		{"disk of the database", code("53100")},
		{"disk quota", syscall.EDQUOT},
		{"mounted read-only", syscall.EROFS},
		{"out of memory", &exit.Error{Code: 137, Reason: "OOMKilled"}},
		{"was killed", &exit.Error{Code: 137}},
		{"crashed in native code", &exit.Error{Signal: 11}},
		{"took the machine away", &exit.Error{Code: 143, Reason: "Evicted"}},
		{"crashes each time", &exit.Error{Reason: "CrashLoopBackOff"}},
		{"image cannot be pulled", &exit.Error{Reason: "ImagePullBackOff"}},
		{"command is not installed", &exit.Error{Code: 127}},
		{"command is not installed", exec.Command("no-such-command").Run()},
		{"cannot be executed", &exit.Error{Code: 126}},
		{"panicked", panicOf(func() { _ = numbers[1] })},
		{"name of the host does not exist", &net.OpError{Err: &net.DNSError{IsNotFound: true}}},
		{"Nothing listens", refused},
		{"closed by the other side", syscall.ECONNRESET},
		{"does not reach the host", syscall.EHOSTUNREACH},
		{"has expired", x509.CertificateInvalidError{Reason: x509.Expired}},
		{"signed by an authority", fmt.Errorf("tls: %w", x509.UnknownAuthorityError{})},
		{"for another host", x509.HostnameError{Certificate: &x509.Certificate{}}},
		{"may not access the file", &fs.PathError{Err: syscall.EACCES}},
		{"directory that the job needs", noFile},
		{"too many open files", syscall.EMFILE},
		{"deadline passed", context.DeadlineExceeded},
		{"deadline passed", status(504)},
		{"was cancelled", fmt.Errorf("a: %w", context.Canceled)},
		{"was cancelled", &exit.Error{Code: 143}},
		{"rejects the credentials", status(401)},
		{"rejects the credentials", code("28P01")},
		{"do not allow this", status(403)},
		{"do not allow this", code("42501")},
		{"limits the rate", status(429)},
		{"quota or limit", code("53200")},
		{"entry with this key", code("23505")},
		{"refers to an entry", code("23503")},
		{"constraint of the database", code("23514")},
		{"deadlock", code("40P01")},
		{"conflicted with another", code("40001")},
		{"read-only, as after a failover", code("25006")},
		{"no connections left", code("53300")},
		{"migration may be missing", code("42P01")},
		{"rejects the statement", code("42601")},
		{"larger than the receiver", status(413)},
		{"larger than the receiver", &http.MaxBytesError{}},
		{"malformed", status(422)},
		{"malformed", json.Unmarshal([]byte("{"), new(any))},
		{"does not exist: check its name", status(404)},
		{"does not exist: check its name", sql.ErrNoRows},
		{"changed at the same time", status(409)},
		{"is not available", status(503)},
		{"has failed: look", status(500)},
		{"", errOther},
		{"", (*net.DNSError)(nil)},
		{"Nothing listens", errors.Join(context.Canceled, refused)}, // as type has it
		{"was cancelled", errors.Join(context.Canceled, &exit.Error{Signal: 9})},
		{"is not available", errors.Join(status(503), context.Canceled)},
	} {
		hint, why := hintOf(t, e, c.cause)
		assert.Contains(t, hint, c.want, "%v", c.cause)
		assert.Equal(t, c.want == "", hint == "", "%v: %s", c.cause, hint)
		assert.NotEmpty(t, why)
	}
}

func panicOf(fn func()) (err error) {
	defer func() { err = enricher.Recovered(recover()) }()
	fn()
	return nil
}

func TestDefaultHintsAreThoseOfKnownCodes(t *testing.T) {
	all := map[string]string{}
	for _, match := range fault.DefaultHintMatches() {
		all[match] = "x"
	}
	assert.Len(t, all, fault.DefaultHintCodes(), "each code has one hint")
	_, err := fault.New(fault.Options{Hints: all})
	assert.NoError(t, err)
}

func TestHintsOfTheOptions(t *testing.T) {
	e, err := fault.New(fault.Options{
		DefaultHints: true,
		Hints: map[string]string{
			"ERRNO enospc": "Page storage.", "*fault_test.stockError": "Order more.", "HTTP status 5xx": "Ask the API team.",
			"Kafka code 3": "Create the topic.", "HTTP status 503": "Wait.", "code out-of-tea": "Make tea.", "exit reason oomkilled": "Ask for more.", "exit status 3": "See the manual.",
		},
	})
	require.NoError(t, err)
	for _, c := range []struct {
		cause     error
		hint, why string
	}{
		{&fs.PathError{Err: syscall.ENOSPC}, "Page storage.", "option hints ERRNO enospc"},
		{&stockError{syscall.ENOSPC}, "Order more.", "option hints *fault_test.stockError"},
		{status(503), "Wait.", "option hints HTTP status 503"},
		{status(502), "Ask the API team.", "option hints HTTP status 5xx"},
		{fmt.Errorf("x: %w", &exit.Error{Reason: "Out-Of-Tea"}), "Make tea.", "option hints code out-of-tea"},
		{&exit.Error{Reason: "OOMKilled"}, "Ask for more.", "option hints exit reason oomkilled"},
		{&exit.Error{Code: 3}, "See the manual.", "option hints exit status 3"},
		{syscall.ENOENT, "A file or directory that the job needs does not exist.", "errno ENOENT"},
		{errors.Join(syscall.ENOENT, syscall.ENOSPC), "Page storage.", "option hints ERRNO enospc"},
		{errOther, "", "not set, as no error of the chain has a hint"},
	} {
		hint, why := hintOf(t, e, c.cause)
		assert.Equal(t, [2]string{c.hint, c.why}, [2]string{hint, why})
	}
	assert.EqualValues(t, 2, counts(e)["hints ERRNO enospc"])
	assert.Contains(t, e.(enricher.LabelDescriber).DescribeLabels()[1].Values, "Make tea.")

	e, err = fault.New(fault.Options{Hints: map[string]string{"SQLSTATE 23": "x"}})
	require.NoError(t, err)
	hint, _ := hintOf(t, e, syscall.ENOENT)
	assert.Empty(t, hint, "no default hints")
	assert.Equal(t, []string{"x"}, e.(enricher.LabelDescriber).DescribeLabels()[1].Values)
}

func TestHintsThatAreWrongAreNamed(t *testing.T) {
	for match, want := range map[string]string{
		"ENOSPC":               `must be a Go type with its package, such as "*fs.PathError" or "*io/fs.PathError", and no pattern; or a code after its kind, such as "errno ENOSPC"; CODES.md of package fault has the kinds`,
		"":                     `must be a Go type with its package, such as "*fs.PathError" or "*io/fs.PathError", and no pattern; or a code after its kind, such as "errno ENOSPC"; CODES.md of package fault has the kinds`,
		"http-status 404":      `unknown kind of code "http-status": CODES.md of package fault has the kinds; did you mean "HTTP status"?`,
		"HTTP status 4":        `must be an HTTP status from 300 to 599, such as "404", or a class such as "4xx"`,
		"SQLSTATE 235":         `must be a SQLSTATE of five digits and upper case letters, or a class of two`,
		"exit status 137":      `is the status of a command that was ended by a signal: must be "signal SIGKILL"`,
		"exit reason OutOfTea": `unknown exit reason: must be one of ` + strings.Join(evidence.ExitReasons(), ", ") + `; did you mean "OutOfcpu"? (other reasons have the kind "code")`,
		"exit status 300":      `must be an exit status, 1 to 255`,
	} {
		_, err := fault.New(fault.Options{Hints: map[string]string{match: "x"}})
		assert.EqualError(t, err, fmt.Sprintf("option \"hints\": %q: %s", match, want))
	}
	_, err := fault.New(fault.Options{Hints: map[string]string{"errno ENOSPACE": "x", "*a.B": "", "*a.C": "a\x00", "code x": "x", "code X": "x", "*a.D": "x", "*a.d": "x"}})
	for _, want := range []string{`did you mean "ENOSPC"?`, `"*a.B": the hint must have 1 to 512 bytes`, `"*a.C": the hint`, `"code x": conflicts with "code X"`, `"*a.d": conflicts with "*a.D"`} {
		assert.ErrorContains(t, err, want)
	}
}

func TestUnknownFailuresAreCountedByType(t *testing.T) {
	e, err := fault.New(fault.Options{})
	require.NoError(t, err)
	for range 3 {
		label(t, e, fmt.Errorf("a: %w", opaque{errOther}))
	}
	label(t, e, syscall.ENOENT)
	const key = "type=UNKNOWN error_type="
	assert.EqualValues(t, 3, counts(e)[key+"github.com/failure-enrichers/enricher/enrichers/fault_test.opaque"])
	for i := range 30 {
		for range 2 {
			label(t, e, typed(fmt.Sprint("T", i)))
		}
	}
	all := counts(e)
	assert.EqualValues(t, 2, all[key+"T18"])
	assert.EqualValues(t, 22, all[key+"_OTHER"], "of more than 20 types")
	assert.Len(t, all, 5+21)
}

// typed is an error that names its type.
type typed string

func (t typed) Error() string     { return string(t) }
func (t typed) ErrorType() string { return string(t) }
