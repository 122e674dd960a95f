package evidence_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	nethttp "net/http"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/evidence"
)

// Errors with the fields and methods that clients have. None says anything in its text.
type (
	statusText     struct{ Status string }
	statusPointer  struct{ StatusCode *int32 }
	numberCode     struct{ Code int }
	textCode       struct{ Code string }
	pointerCode    struct{ ErrorCode *string }
	anyCode        struct{ Code any }
	problem        struct{ ProblemType string }
	responseOf     struct{ Response *nethttp.Response }
	embedded       struct{ Response struct{ *nethttp.Response } }
	headersOf      struct{ Header nethttp.Header }
	kiotaHeaders   map[string][]string
	headersOfKiota struct{ ResponseHeaders *kiotaHeaders }
	waitSeconds    struct{ RetryAfter int }
	waitQdrant     struct{ RetryAfterS int }
	waitDuration   struct{ RetryAfter *time.Duration }
	waitText       struct{ RetryAfter string }
	inField        struct{ Err error }
	wrappedErrors  []error
	listOfErrors   []*numberCode
	manyErrors     struct{ all []error }
	causer         struct{ err error }
	rfc            string
	mongoCodes     []int
	serviceCodes   []int
	statusLine     string
	getters        struct{ status int }
	typed          string
	statusOf       int
	expecting      struct {
		Expected []int
		Actual   int
	}
	measured       struct{ Expected, Actual int }
	label          string
	conventions    struct{ retryable, canceled, connection bool }
	exited         int
	delayed        time.Duration
	fieldsOfServer map[byte]string
	fault          int
	limited        struct {
		StatusCode int
		Code       string
		RetryAfter int
	}
)

func (statusText) Error() string                { return "x" }
func (statusPointer) Error() string             { return "x" }
func (*numberCode) Error() string               { return "x" }
func (textCode) Error() string                  { return "x" }
func (pointerCode) Error() string               { return "x" }
func (anyCode) Error() string                   { return "x" }
func (problem) Error() string                   { return "x" }
func (*responseOf) Error() string               { return "x" }
func (*embedded) Error() string                 { return "x" }
func (headersOf) Error() string                 { return "x" }
func (h *kiotaHeaders) Get(key string) []string { return (*h)[key] }
func (headersOfKiota) Error() string            { return "x" }
func (waitSeconds) Error() string               { return "x" }
func (waitQdrant) Error() string                { return "x" }
func (waitDuration) Error() string              { return "x" }
func (waitText) Error() string                  { return "x" }
func (inField) Error() string                   { return "x" }
func (wrappedErrors) Error() string             { return "x" }
func (w wrappedErrors) Unwrap() error           { return nil }
func (w wrappedErrors) WrappedErrors() []error  { return w }
func (listOfErrors) Error() string              { return "x" }
func (manyErrors) Error() string                { return "x" }
func (m manyErrors) Errors() []error            { return m.all }
func (causer) Error() string                    { return "x" }
func (c causer) Cause() error                   { return c.err }
func (rfc) Error() string                       { return "x" }
func (r rfc) RFCCode() rfc                      { return r }
func (mongoCodes) Error() string                { return "x" }
func (m mongoCodes) ErrorCodes() []int          { return m }
func (mongoCodes) HasErrorLabel(string) bool    { return false }
func (serviceCodes) Error() string              { return "x" }
func (s serviceCodes) ErrorCodes() []int        { return s }
func (s statusLine) Error() string              { return string(s) }
func (statusLine) Body() []byte                 { return nil }
func (statusLine) Model() any                   { return nil }
func (getters) Error() string                   { return "x" }
func (g getters) GetHTTPStatusCode() int        { return g.status }
func (getters) GetCode() string                 { return "NotAuthorizedOrNotFound" }
func (typed) Error() string                     { return "x" }
func (t typed) Type() typed                     { return t }
func (statusOf) Error() string                  { return "x" }
func (s statusOf) Status() int                  { return int(s) }
func (expecting) Error() string                 { return "x" }
func (measured) Error() string                  { return "x" }
func (label) Error() string                     { return "x" }
func (l label) HasErrorLabel(s string) bool     { return s == string(l) }
func (conventions) Error() string               { return "x" }
func (c conventions) RetryableError() bool      { return c.retryable }
func (c conventions) CanceledError() bool       { return c.canceled }
func (c conventions) ConnectionError() bool     { return c.connection }
func (exited) Error() string                    { return "x" }
func (e exited) ExitStatus() int                { return int(e) }
func (delayed) Error() string                   { return "x" }
func (d delayed) NextRetryDelay() time.Duration { return time.Duration(d) }
func (fieldsOfServer) Error() string            { return "x" }
func (f fieldsOfServer) Field(k byte) string    { return f[k] }
func (fault) Error() string                     { return "x" }
func (f fault) ErrorFault() fault               { return f }
func (limited) Error() string                   { return "x" }

func TestOfReadsFieldsAndMethods(t *testing.T) {
	status, code, minute := int32(404), "Throttling.User", time.Minute
	answered := func(status int, header ...string) *nethttp.Response {
		r := &nethttp.Response{StatusCode: status, Header: nethttp.Header{}}
		for i := 0; i < len(header); i += 2 {
			r.Header.Set(header[i], header[i+1])
		}
		return r
	}
	for _, c := range []struct {
		name string
		err  error
		want string // fault, retry, code, after
	}{
		{"a status with its text", statusText{"503 Service Unavailable"}, "DEPENDENCY / retryable / 503 / 0s"},
		{"a status that is a word", statusText{"exited"}, "- / - / - / 0s"},
		{"a pointer to a status", statusPointer{&status}, "USER / terminal / 404 / 0s"},
		{"no status", statusPointer{}, "- / - / - / 0s"},
		{"a code that is a status", &numberCode{404}, "USER / terminal / 404 / 0s"},
		{"a code that is none", &numberCode{9}, "- / - / 9 / 0s"},
		{"a code of JSON-RPC", &numberCode{-32602}, "USER / terminal / -32602 / 0s"},
		{"a code of a cloud", textCode{"AccessDenied"}, "DEPENDENCY / terminal / AccessDenied / 0s"},
		{"a code that is not known", textCode{"E7"}, "- / - / E7 / 0s"},
		{"a pointer to a code with a dot", pointerCode{&code}, "DEPENDENCY / retryable / Throttling.User / 0s"},
		{"a code of any type", anyCode{"insufficient_quota"}, "DEPENDENCY / terminal / insufficient_quota / 0s"},
		{"no code", anyCode{}, "- / - / - / 0s"},
		{"a problem type", problem{"urn:ietf:params:acme:error:rateLimited"}, "DEPENDENCY / retryable / urn:ietf:params:acme:error:rateLimited / 0s"},
		{"a response", &responseOf{answered(429, "Retry-After", "76")}, "DEPENDENCY / retryable / 429 / 1m16s"},
		{"no response", &responseOf{}, "- / - / - / 0s"},
		{"a response in a response", &embedded{struct{ *nethttp.Response }{answered(503, "Retry-After-Ms", "1500")}}, "DEPENDENCY / retryable / 503 / 1.5s"},
		{"a wait with a 403", &responseOf{answered(403, "Retry-After", "9")}, "DEPENDENCY / retryable / 403 / 9s"},
		{"headers", headersOf{nethttp.Header{"Retry-After": {"3600"}}}, "DEPENDENCY / retryable / - / 1h0m0s"},
		{"headers that ask for no wait", headersOf{nethttp.Header{"Retry-After": {"soon"}}}, "- / - / - / 0s"},
		{"headers behind a method", headersOfKiota{&kiotaHeaders{"Retry-After": {"120"}}}, "DEPENDENCY / retryable / - / 2m0s"},
		{"no headers behind a method", headersOfKiota{}, "- / - / - / 0s"},
		{"seconds of Qdrant", waitQdrant{29}, "DEPENDENCY / retryable / - / 29s"},
		{"seconds", waitSeconds{30}, "DEPENDENCY / retryable / - / 30s"},
		{"a duration", waitDuration{&minute}, "DEPENDENCY / retryable / - / 1m0s"},
		{"a wait as a text", waitText{"2s"}, "DEPENDENCY / retryable / - / 2s"},
		{"a code that stays, with a wait", limited{429, "insufficient_quota", 5}, "DEPENDENCY / terminal / insufficient_quota / 5s"},
		{"a code that passes, with a status that stays", limited{400, "ThrottlingException", 0}, "DEPENDENCY / retryable / ThrottlingException / 0s"},

		{"an error in a field", inField{http(503)}, "DEPENDENCY / retryable / 503 / 0s"},
		{"no error in a field", inField{}, "- / - / - / 0s"},
		{"WrappedErrors before Unwrap", wrappedErrors{errors.New("x"), http(503)}, "DEPENDENCY / retryable / 503 / 0s"},
		{"a list of errors", listOfErrors{{9}, {404}}, "USER / terminal / 404 / 0s"},
		{"a method Errors", manyErrors{[]error{nil, http(404)}}, "USER / terminal / 404 / 0s"},
		{"a method Cause", fmt.Errorf("a: %w", causer{http(404)}), "USER / terminal / 404 / 0s"},
		{"no cause", causer{}, "- / - / - / 0s"},

		{"a code of TiDB", rfc("kv:9007"), "DEPENDENCY / retryable / kv:9007 / 0s"},
		{"a code of a component of TiDB", rfc("DM:E7"), "- / - / DM:E7 / 0s"},
		{"codes of MongoDB", mongoCodes{11000}, "USER / terminal / 11000 / 0s"},
		{"codes of another service", serviceCodes{11000}, "- / - / - / 0s"},
		{"methods of Oracle's cloud", getters{404}, "DEPENDENCY / terminal / NotAuthorizedOrNotFound / 0s"},
		{"an error of a generated client", statusLine("429 "), "DEPENDENCY / retryable / 429 / 0s"},
		{"another one", statusLine("undefined response type"), "- / - / - / 0s"},
		{"a method Type", typed("overloaded_error"), "DEPENDENCY / retryable / overloaded_error / 0s"},
		{"a type of one word", typed("required"), "- / - / - / 0s"},
		{"a status behind a method", statusOf(503), "DEPENDENCY / retryable / 503 / 0s"},
		{"a status among others that were expected", expecting{[]int{200}, 503}, "DEPENDENCY / retryable / 503 / 0s"},
		{"a number that is no status", measured{500, 503}, "- / - / - / 0s"},
		{"a label of MongoDB", label("TransientTransactionError"), "DEPENDENCY / retryable / - / 0s"},
		{"another label", label("NoWritesPerformed"), "- / - / - / 0s"},
		{"a retryable error of AWS", conventions{retryable: true}, "- / retryable / - / 0s"},
		{"a cancelled one", conventions{canceled: true}, "CANCELLED / terminal / - / 0s"},
		{"one of a connection", conventions{retryable: true, connection: true}, "DEPENDENCY / retryable / - / 0s"},
		{"a fault of a server of AWS", fault(1), "DEPENDENCY / retryable / - / 0s"},
		{"an exit status", exited(137), "SYSTEM / retryable / SIGKILL / 0s"},
		{"no exit status", exited(-1), "- / - / - / 0s"},
		{"a delay of Temporal", delayed(time.Minute), "- / retryable / - / 1m0s"},
		{"a field of the protocol of PostgreSQL", fieldsOfServer{'C': "53300"}, "DEPENDENCY / retryable / 53300 / 0s"},
		{"a plan that is prepared anew", fieldsOfServer{'C': "0A000", 'M': "cached plan must not change result type"}, "DEPENDENCY / retryable / 0A000 / 0s"},

		{"a cancelled request", errors.New("net/http: request canceled"), "CANCELLED / unknown / - / 0s"},
		{"a closed connection", net.ErrClosed, "DEPENDENCY / retryable / - / 0s"},
		{"the same, wrapped", &net.OpError{Op: "read", Err: net.ErrClosed}, "DEPENDENCY / retryable / - / 0s"},
		{"a name that does not exist", &net.DNSError{IsNotFound: true}, "DEPENDENCY / retryable / - / 0s"},
		{"a sentinel of a client", errors.New("zk: session has been expired by the server"), "DEPENDENCY / retryable / - / 0s"},
		{"a status alone", errors.New("404 Not Found"), "USER / terminal / 404 / 0s"},
		{"a number with another text", errors.New("404 rows"), "- / - / - / 0s"},
		{"a wait for a limiter", errors.New("rate: Wait(n=20) would exceed context deadline"), "DEPENDENCY / retryable / - / 0s"},
		{"a limiter that never allows it", errors.New("rate: Wait(n=20) exceeds limiter's burst 5"), "SYSTEM / terminal / - / 0s"},
		{"a branch that has moved on", errors.New("non-fast-forward update: refs/heads/main"), "DEPENDENCY / unknown / - / 0s"},
		{"a proxy that wants credentials", &url.Error{Op: "Get", Err: errors.New("Proxy Authentication Required")}, "SYSTEM / terminal / 407 / 0s"},
		{"a text with it", errors.New("no: zk: session has been expired by the server"), "- / - / - / 0s"},
		{"a word of a job queue", fmt.Errorf("%w: %w", &numberCode{503}, errors.New("skip retry for the task")), "DEPENDENCY / terminal / 503 / 0s"},
		{"a cancelled context in a list", wrappedErrors{context.Canceled}, "CANCELLED / unknown / - / 0s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			v := evidence.Of(c.err)
			assert.Equal(t, c.want, fmt.Sprintf("%s / %s / %s / %v", cmp.Or(v.Fault.Fault, "-"), cmp.Or(v.Retry.Retry, "-"), cmp.Or(v.Code.Code, "-"), v.After))
		})
	}
}
