package evidence_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

type status struct {
	code int
	err  error
}

func (s *status) Error() string   { return fmt.Sprint("status ", s.code) }
func (s *status) StatusCode() int { return s.code }
func (s *status) Unwrap() error   { return s.err }

func http(code int) error { return &status{code, nil} }

type state string

func (s state) Error() string    { return "state " + string(s) }
func (s state) SQLState() string { return string(s) }

type answer struct{ StatusCode int }

func (a answer) Error() string { return "answer" }

type retryable struct {
	error
	yes bool
}

func (r retryable) Unwrap() error   { return r.error }
func (r retryable) Retryable() bool { return r.yes }

type patient struct {
	error
	after time.Duration
}

func (p patient) Unwrap() error             { return p.error }
func (p patient) RetryAfter() time.Duration { return p.after }

type ownCode struct {
	code string
	err  error
}

func (c ownCode) Error() string { return "own code" }
func (c ownCode) Code() string  { return c.code }
func (c ownCode) Unwrap() error { return c.err }

type gone struct{}

func (gone) Error() string { return "gone" }
func (gone) NotFound()     {}

type connectTimeout struct{ error }

func (c connectTimeout) Unwrap() error { return c.error }
func (connectTimeout) Timeout() bool   { return true }

type stockValidation struct{ err error }

func (*stockValidation) Error() string   { return "sold out" }
func (v *stockValidation) Unwrap() error { return v.err }

// notComparable is an error that cannot be compared with ==.
type notComparable []error

func (notComparable) Error() string     { return "not comparable" }
func (n notComparable) Unwrap() []error { return n }

// broken has the methods that are looked for, and all but one panic.
type broken struct{}

func (*broken) Error() string             { panic(1) }
func (*broken) Is(error) bool             { panic(2) }
func (*broken) StatusCode() int           { panic(3) }
func (*broken) SQLState() string          { panic(4) }
func (*broken) Timeout() bool             { panic(5) }
func (*broken) RetryAfter() time.Duration { panic(6) }
func (*broken) Retryable() bool           { return false } // and this one still counts

var dial = &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

func TestOf(t *testing.T) {
	plain := errors.New("x")
	for _, c := range []struct {
		name string
		err  error
		want string // fault, retry, code
	}{
		{"nothing is known", fmt.Errorf("job: %w", plain), "- / - / -"},

		// Codes.
		{"an errno", &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC}, "SYSTEM / unknown / errno ENOSPC"},
		{"the errno in a net.Error counts more than it", dial, "DEPENDENCY / retryable / errno ECONNREFUSED"},
		{"an errno that is the job's fault", &net.OpError{Op: "dial", Net: "tcp", Err: syscall.EINVAL}, "USER / terminal / errno EINVAL"},
		{"no permission for a socket", &net.OpError{Op: "dial", Net: "unix", Err: os.NewSyscallError("connect", syscall.EACCES)}, "SYSTEM / terminal / errno EACCES"},
		{"no command, where a file would be the job's", &fs.PathError{Op: "fork/exec", Err: syscall.ENOENT}, "SYSTEM / terminal / errno ENOENT"},
		{"a status that is none of HTTP", answer{137}, "- / - / -"},
		{"no file, but a socket", &net.OpError{Op: "dial", Net: "unix", Err: syscall.ENOENT}, "DEPENDENCY / retryable / errno ENOENT"},
		{"an errno that is not known", syscall.Errno(4095), "- / - / errno 4095"},
		{"no errno", syscall.Errno(0), "- / - / -"},
		{"a SQLSTATE", state("40001"), "DEPENDENCY / retryable / SQLSTATE 40001"},
		{"the class of a SQLSTATE", state("22999"), "USER / terminal / SQLSTATE 22999"},
		{"a SQLSTATE that is none", state("oops"), "- / - / -"},
		{"a SQLSTATE of success", state("00000"), "- / - / -"},
		{"a SQLSTATE of an unknown class", state("QQ000"), "- / - / SQLSTATE QQ000"},
		{"an HTTP status", http(429), "DEPENDENCY / retryable / HTTP status 429"},
		{"the class of an HTTP status", http(418), "USER / terminal / HTTP status 418"},
		{"an HTTP status that is none", http(0), "- / - / -"},
		{"an HTTP status of success", http(200), "- / - / -"},
		{"an HTTP status in a field", answer{503}, "DEPENDENCY / retryable / HTTP status 503"},
		{"the same behind a pointer", &answer{404}, "USER / terminal / HTTP status 404"},
		{"a typed nil", (*answer)(nil), "- / - / -"},
		{"another typed nil", (*status)(nil), "- / - / -"},
		{"an own code", ownCode{"E7", nil}, "- / - / code E7"},
		{"a known code comes before an own one", ownCode{"E7", http(503)}, "DEPENDENCY / retryable / HTTP status 503"},
		{"a code of a service comes before a status", &status{400, ownCode{"SlowDown", nil}}, "DEPENDENCY / retryable / service code SlowDown"},

		// Types and methods.
		{"a marker", gone{}, "USER / terminal / -"},
		{"what a type is called", &stockValidation{}, "USER / terminal / -"},
		{"a code counts more than what the type is called", &stockValidation{http(503)}, "DEPENDENCY / retryable / HTTP status 503"},
		{"a request", &url.Error{Op: "Get", Err: plain}, "DEPENDENCY / retryable / -"},
		{"a URL", &url.Error{Op: "parse", Err: plain}, "USER / terminal / -"},
		{"a panic", enricher.NewPanicError("x", nil), "SYSTEM / unknown / -"},
		{"a panic with an error", enricher.NewPanicError(http(404), nil), "USER / terminal / HTTP status 404"},

		// Whether to try again.
		{"the author knows best", retryable{http(404), true}, "USER / retryable / HTTP status 404"},
		{"also that it is no use", fmt.Errorf("job: %w", retryable{dial, false}), "DEPENDENCY / terminal / errno ECONNREFUSED"},
		{"the outermost author counts", retryable{retryable{plain, false}, true}, "- / retryable / -"},
		{"who says when to retry can be retried", patient{plain, time.Second}, "- / retryable / -"},
		{"a code counts more than that", patient{http(404), time.Second}, "USER / terminal / HTTP status 404"},

		// Deadlines and cancellation.
		{"the job's deadline", fmt.Errorf("job: %w", context.DeadlineExceeded), "CANCELLED / unknown / -"},
		{"the deadline of a call", fmt.Errorf("job: %w", connectTimeout{context.DeadlineExceeded}), "DEPENDENCY / retryable / -"},
		{"a request past its deadline", &url.Error{Op: "Get", Err: context.DeadlineExceeded}, "DEPENDENCY / retryable / -"},
		{"a cancelled request", &url.Error{Op: "Get", Err: context.Canceled}, "CANCELLED / unknown / -"},

		// Joined errors.
		{"the first that says something", errors.Join(plain, http(404), dial), "USER / terminal / HTTP status 404"},
		{"not how much it says", errors.Join(&url.Error{Op: "Get", Err: plain}, http(404)), "DEPENDENCY / retryable / HTTP status 404"},
		{"but a guess counts less than what follows", errors.Join(&stockValidation{}, dial), "DEPENDENCY / retryable / errno ECONNREFUSED"},
		{"and the first of guesses most", errors.Join(&stockValidation{}, io.ErrUnexpectedEOF), "USER / terminal / -"},
		{"what is around counts if it says more", &status{404, errors.Join(&stockValidation{}, plain)}, "USER / terminal / HTTP status 404"},
		{"cancelled, as a sibling has failed", errors.Join(context.Canceled, dial), "DEPENDENCY / retryable / errno ECONNREFUSED"},
		{"the code is of the same", errors.Join(http(404), ownCode{"SlowDown", nil}), "USER / terminal / HTTP status 404"},
		{"an own code, however many errors follow", errors.Join(ownCode{"E7", nil}, plain, plain), "- / - / code E7"},
		{"the code of another than the one that decides", errors.Join(io.ErrUnexpectedEOF, ownCode{"E7", nil}, plain), "DEPENDENCY / retryable / code E7"},
		{"an author who says only whether a retry helps", fmt.Errorf("%w: %w", retryable{plain, false}, http(503)), "DEPENDENCY / terminal / HTTP status 503"},
		{"and the other way round", errors.Join(retryable{plain, true}, http(404)), "USER / retryable / HTTP status 404"},
		{"but not after one that has decided", errors.Join(http(404), retryable{plain, true}), "USER / terminal / HTTP status 404"},
		{"a text counts less than what follows", errors.Join(errors.New("signal: killed"), http(404)), "USER / terminal / HTTP status 404"},
		{"cancelled, with a text", fmt.Errorf("%w: %w", context.Canceled, plain), "CANCELLED / unknown / -"},

		// Third-party code.
		{"every method panics but one", &broken{}, "- / terminal / -"},
		{"not comparable", notComparable{plain, http(503)}, "DEPENDENCY / retryable / HTTP status 503"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := evidence.Of(c.err)
			code := "-"
			if v.Code.Code != "" {
				code = v.Code.Reason()
			}
			got := fmt.Sprintf("%s / %s / %s", cmp.Or(v.Fault.Fault, "-"), cmp.Or(v.Retry.Retry, "-"), code)
			assert.Equal(t, c.want, got)
			if v.Fault.Fault != "" {
				assert.NotEmpty(t, v.Fault.Reason())
			}
			if v.Retry.Retry != "" {
				assert.NotEmpty(t, v.Retry.Reason())
			}
		})
	}
}

func TestOfTakesAfterFromTheOutermostError(t *testing.T) {
	plain := errors.New("x")
	assert.Equal(t, time.Minute, evidence.Of(patient{patient{plain, time.Hour}, time.Minute}).After)
	assert.Equal(t, time.Hour, evidence.Of(fmt.Errorf("a: %w", errors.Join(plain, patient{plain, time.Hour}))).After)
	assert.Zero(t, evidence.Of(patient{plain, -time.Second}).After)
	assert.Zero(t, evidence.Of(plain).After)
}

func TestCodeOfIgnoresWrappedErrors(t *testing.T) {
	assert.Equal(t, "404", evidence.CodeOf(http(404)).Code)
	assert.Empty(t, evidence.CodeOf(fmt.Errorf("a: %w", http(404))).Code)
}

// cycle wraps itself.
type cycle struct{}

func (c *cycle) Error() string { return "cycle" }
func (c *cycle) Unwrap() error { return c }

// cycles wraps itself twice.
type cycles struct{}

func (c *cycles) Error() string   { return "cycles" }
func (c *cycles) Unwrap() []error { return []error{c, c} }

func TestOfEndsOnCyclicAndWideTrees(t *testing.T) {
	assert.Zero(t, evidence.Of(&cycle{}))
	assert.Zero(t, evidence.Of(&cycles{}))
	wide := make([]error, 100_000)
	for i := range wide {
		wide[i] = errors.New("x")
	}
	wide[5000] = http(404)
	wide[50_000] = http(503)
	v := evidence.Of(errors.Join(wide...))
	assert.Equal(t, evidence.User, v.Fault.Fault)
	assert.Equal(t, "404", v.Code.Code)
}

// A hedge wraps itself twice among a million nil errors.
type hedge struct {
	all      []error
	unwraps  int
	atTheEnd error
}

func (h *hedge) Error() string { return "hedge" }

func (h *hedge) Unwrap() []error {
	if h.unwraps++; h.all == nil {
		h.all = make([]error, 1_000_000)
		h.all[0], h.all[len(h.all)/2], h.all[len(h.all)-1] = h, h, h.atTheEnd
	}
	return h.all
}

func TestOfCountsEveryVisit(t *testing.T) {
	nils := make([]error, 10_000_000)
	nils[guard.MaxVisits-2] = http(404)
	assert.Equal(t, "404", evidence.Of(hostile.Join(nils...)).Code.Code, "the last that is visited")
	nils[guard.MaxVisits-2], nils[guard.MaxVisits-1] = nil, http(404)
	assert.Zero(t, evidence.Of(hostile.Join(nils...)), "a visit too many")

	h := &hedge{atTheEnd: http(404)}
	assert.Zero(t, evidence.Of(h))
	assert.Equal(t, guard.MaxDepth, h.unwraps, "the innermost has used up the visits")
}

func TestCodesHaveNames(t *testing.T) {
	assert.Contains(t, evidence.Errnos(), "ENOSPC")
	assert.Contains(t, evidence.Signals(), "SIGKILL")
	assert.Contains(t, evidence.GRPCCodes(), "UNAVAILABLE")
	assert.NotContains(t, evidence.GRPCCodes(), "OK")
	assert.IsIncreasing(t, evidence.Errnos())
	assert.Equal(t, "SIGKILL", evidence.OfExitStatus(137).Code)
	assert.Equal(t, evidence.Signal, evidence.OfExitStatus(137).Kind)
	assert.Equal(t, evidence.ExitStatus, evidence.OfExitStatus(3).Kind)
}

func BenchmarkOf(b *testing.B) {
	chain := fmt.Errorf("job 7: %w", fmt.Errorf("push: %w", &url.Error{Op: "Get", Err: dial}))
	b.ReportAllocs()
	for b.Loop() {
		evidence.Of(chain)
	}
}

type (
	CacheInvalidationError struct{ error }
	SparseIndexError       struct{ error }
	ParserPoolExhausted    struct{ error }
	NeuralNetworkError     struct{ error }
	CancelOrderError       struct{ error }
	InvalidTimeoutError    struct{ error }
	RequestTimeoutError    struct{ error }
	FieldValidation        struct{ error }
	JobCancelled           struct{ error }
	HTTPParseException     struct{ error }
	generic[T any]         struct{ error }
)

func TestOfReadsTypeNamesWordByWord(t *testing.T) {
	plain := errors.New("x")
	for _, c := range []struct {
		err  error
		want evidence.Fault
	}{
		{CacheInvalidationError{plain}, ""},
		{SparseIndexError{plain}, ""},
		{ParserPoolExhausted{plain}, ""},
		{NeuralNetworkError{plain}, ""},
		{CancelOrderError{plain}, ""},
		{generic[RequestTimeoutError]{plain}, ""},
		{InvalidTimeoutError{plain}, evidence.User},
		{&RequestTimeoutError{plain}, evidence.Dependency},
		{FieldValidation{plain}, evidence.User},
		{JobCancelled{plain}, evidence.Cancelled},
		{HTTPParseException{plain}, evidence.User},
	} {
		v := evidence.Of(c.err)
		assert.Equal(t, c.want, v.Fault.Fault, "%T", c.err)
		if c.want != "" {
			assert.Equal(t, evidence.Text, v.Fault.Weight, "%T", c.err)
		}
	}
}

func TestOfIgnoresTextsOfOthers(t *testing.T) {
	for _, text := range []string{
		"image: registry unavailable", "mail: relay is down", "time: out of sync", "template: not loaded", "redis: gone", "",
	} {
		assert.Zero(t, evidence.Of(errors.New(text)), text)
	}
}
