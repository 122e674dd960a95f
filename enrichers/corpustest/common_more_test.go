//go:build linux

package corpustest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"strconv"
	"syscall"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"google.golang.org/api/googleapi"
)

// commonMore were written down after the enrichers had been improved for the others of
// the set common.
var commonMore = []provocation{
	{"text/pgx-as-text", func(*testing.T) error {
		return fmt.Errorf("save order: %v", &pgconn.PgError{Severity: "ERROR", Code: "23505", Message: `duplicate key value violates unique constraint "orders_pkey"`})
	}},
	{"text/mysql-as-text", func(*testing.T) error {
		return fmt.Errorf("claim job: %v", &mysql.MySQLError{Number: 1213, SQLState: [5]byte([]byte("40001")), Message: "Deadlock found when trying to get lock; try restarting transaction"})
	}},
	{"text/aws-throttling-as-text", func(*testing.T) error {
		answer := &smithyhttp.ResponseError{Response: &smithyhttp.Response{Response: &http.Response{StatusCode: 400}}, Err: &smithy.GenericAPIError{Code: "ThrottlingException", Message: "Rate exceeded"}}
		return fmt.Errorf("put parameter: %v", &smithy.OperationError{ServiceID: "SSM", OperationName: "PutParameter", Err: answer})
	}},
	{"text/googleapi-as-text", func(*testing.T) error {
		return fmt.Errorf("list files: %v", &googleapi.Error{Code: 403, Message: "Rate Limit Exceeded", Errors: []googleapi.ErrorItem{{Reason: "rateLimitExceeded", Message: "Rate Limit Exceeded"}}})
	}},
	{"text/gomail-450", func(*testing.T) error {
		return fmt.Errorf("gomail: could not send email %d: %v", 1, &textproto.Error{Code: 450, Msg: "4.2.1 mailbox busy"})
	}},
	{"text/not-found", func(*testing.T) error { return fmt.Errorf("read profile 7: %w", errors.New("not found")) }},
	{"text/already-exists", func(*testing.T) error { return fmt.Errorf("save profile 7: %w", errors.New("already exists")) }},
	{"text/internal-server-error", func(*testing.T) error { return fmt.Errorf("quote: %w", errors.New("internal server error")) }},
	{"text/operation-timed-out", func(*testing.T) error { return fmt.Errorf("quote: %w", errors.New("operation timed out")) }},
	{"oops/code", func(*testing.T) error { return fmt.Errorf("quote: %w", oopsError{"not_found"}) }},
	{"own/status-of-string", func(*testing.T) error { return fmt.Errorf("quote: %w", lineError("503 Service Unavailable")) }},
	{"own/is-timeout", func(*testing.T) error { return fmt.Errorf("quote: %w", slowError{}) }},
	{"own/is-not-found", func(*testing.T) error { return fmt.Errorf("quote: %w", absentError{}) }},
	{"own/kind-conflict", func(*testing.T) error { return fmt.Errorf("save: %w", &kindError{"conflict", "version 3 is older"}) }},
	{"own/kind-rate-limited", func(*testing.T) error { return fmt.Errorf("save: %w", &kindError{"rate_limited", "slow down"}) }},
	{"own/nested-answer", func(*testing.T) error {
		e := &nestedError{StatusCode: 429}
		e.Body.Error.Code, e.Body.Error.Message = "L17", "slow down"
		return fmt.Errorf("save: %w", e)
	}},
	{"own/response-with-wait", func(*testing.T) error {
		return fmt.Errorf("save: %w", &answeredError{&http.Response{StatusCode: 503, Header: http.Header{"Retry-After": {"20"}}}})
	}},
	{"text/dns-timeout", func(*testing.T) error {
		return fmt.Errorf("call partner: %v", &net.DNSError{Err: "i/o timeout", Name: "partner.example", Server: "10.0.0.2:53", IsTimeout: true})
	}},
	{"text/certificate-expired", func(*testing.T) error {
		return fmt.Errorf("call partner: %s", `Get "https://partner.example/": tls: failed to verify certificate: x509: certificate has expired or is not yet valid: current time 2026-11-30T00:00:00Z is after 2026-11-01T00:00:00Z`)
	}},
	{"text/json-syntax", func(*testing.T) error {
		return fmt.Errorf("decode parameters: %v", json.Unmarshal([]byte("x"), new(any)))
	}},
	{"text/number-syntax", func(*testing.T) error {
		_, err := strconv.Atoi("12x")
		return fmt.Errorf("row 7: %v", err)
	}},
	{"context/lease-lost", func(t *testing.T) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("lease is lost"))
		return fmt.Errorf("%w: %w", ctx.Err(), context.Cause(ctx))
	}},
	{"text/eof-of-request", func(*testing.T) error { return fmt.Errorf("Post %q: %v", "https://partner.example/orders", io.EOF) }},
	{"text/connection-reset", func(*testing.T) error {
		return fmt.Errorf("read tcp 10.0.0.1:50312->10.0.0.2:443: read: %s", syscall.ECONNRESET)
	}},
	{"text/cannot-allocate-memory", func(*testing.T) error { return fmt.Errorf("fork/exec /bin/sh: %s", syscall.ENOMEM) }},
	{"text/command-not-found", func(*testing.T) error { return fmt.Errorf("%v: %s", "exit status 127", "sh: 1: jq: not found") }},
	{"text/container-oom", func(*testing.T) error { return errors.New("container exited with code 137 (OOMKilled)") }},
	{"text/probe-503", func(*testing.T) error {
		return errors.New("readiness probe failed: HTTP probe failed with statuscode: 503")
	}},
	{"text/vault-sealed", func(*testing.T) error {
		return errors.New("read secret: Error making API request.\n\nURL: GET https://vault:8200/v1/secret/data/job\nCode: 503. Errors:\n\n* Vault is sealed")
	}},
	{"text/elastic-429", func(*testing.T) error { return fmt.Errorf("index: %s", "elastic: Error 429 (Too Many Requests)") }},
	{"text/echo-503", func(*testing.T) error { return fmt.Errorf("callback: %v", &HTTPError{Code: 503, Message: "try later"}) }},
	{"text/number-of-a-version", func(*testing.T) error { return errors.New("schema version 503 is newer than 412") }},
	{"text/number-of-a-port", func(*testing.T) error { return errors.New("listen on port 443 failed for tenant 404") }},
	{"text/number-of-rows", func(*testing.T) error { return errors.New("HTTP batches hold 500 rows at most, response has 404 rows") }},
}

type (
	oopsError     struct{ code any } // of github.com/samber/oops
	lineError     string
	slowError     struct{}
	absentError   struct{}
	kindError     struct{ Kind, Message string }
	answeredError struct{ Response *http.Response }
	nestedError   struct {
		StatusCode int
		Body       struct {
			Error struct{ Code, Message string }
		}
	}
)

func (e oopsError) Error() string      { return "no such product" }
func (e oopsError) Code() any          { return e.code }
func (e lineError) Error() string      { return "quote failed" }
func (e lineError) Status() string     { return string(e) }
func (slowError) Error() string        { return "quote failed" }
func (slowError) IsTimeout() bool      { return true }
func (absentError) Error() string      { return "quote failed" }
func (absentError) IsNotFound() bool   { return true }
func (e *kindError) Error() string     { return e.Message }
func (e *answeredError) Error() string { return "save failed" }
func (e *nestedError) Error() string   { return e.Body.Error.Message }
