//go:build linux

package corpustest

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime/multipart"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws/ratelimit"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/google/go-github/v74/github"
	"github.com/jackc/pgx/v5"
	goopenai "github.com/sashabaranov/go-openai"
	"github.com/slack-go/slack"
	"golang.org/x/crypto/bcrypt"
	"k8s.io/apimachinery/pkg/api/resource"
	"k8s.io/apimachinery/pkg/util/validation/field"
)

var commonClients = []provocation{
	{"openai/context-length", func(*testing.T) error {
		return fmt.Errorf("summarize ticket 8: %w", &goopenai.APIError{Code: "context_length_exceeded", Type: "invalid_request_error", HTTPStatus: "400 Bad Request", HTTPStatusCode: 400, Message: "This model's maximum context length is 128000 tokens."})
	}},
	{"openai/bad-gateway", func(*testing.T) error {
		return fmt.Errorf("summarize ticket 8: %w", &goopenai.RequestError{HTTPStatus: "502 Bad Gateway", HTTPStatusCode: 502, Err: json.Unmarshal([]byte("<html>"), new(any)), Body: []byte("<html>")})
	}},
	{"openai/quota", func(*testing.T) error {
		return fmt.Errorf("summarize ticket 8: %w", &goopenai.APIError{Code: "insufficient_quota", Type: "insufficient_quota", HTTPStatus: "429 Too Many Requests", HTTPStatusCode: 429})
	}},
	{"slack/unavailable", func(*testing.T) error {
		return fmt.Errorf("notify: %w", slack.StatusCodeError{Code: 503, Status: "503 Service Unavailable"})
	}},
	{"github/accepted", func(*testing.T) error { return fmt.Errorf("read statistics: %w", &github.AcceptedError{}) }},
	{"github/secondary-limit", func(*testing.T) error {
		wait := time.Minute
		return fmt.Errorf("comment: %w", &github.AbuseRateLimitError{Response: githubAnswer(403), Message: "You have exceeded a secondary rate limit.", RetryAfter: &wait})
	}},
	{"github/not-found", func(*testing.T) error {
		return fmt.Errorf("comment: %w", &github.ErrorResponse{Response: githubAnswer(404), Message: "Not Found"})
	}},
	{"aws/retry-quota", func(*testing.T) error {
		return &smithy.OperationError{ServiceID: "SSM", OperationName: "PutParameter", Err: fmt.Errorf("failed to get rate limit token, %w", ratelimit.QuotaExceededError{Available: 3, Requested: 5})}
	}},
	{"aws/waiter", func(*testing.T) error {
		return fmt.Errorf("start worker: %w", fmt.Errorf("exceeded max wait time for InstanceRunning waiter"))
	}},
	{"aws/no-credentials", func(t *testing.T) error {
		_, err := newClient(t).Get("http://127.0.0.1:1/latest/meta-data")
		imds := &smithy.OperationError{ServiceID: "ec2imds", OperationName: "GetMetadata", Err: &smithyhttp.RequestSendError{Err: err}}
		return &smithy.OperationError{ServiceID: "S3", OperationName: "PutObject", Err: fmt.Errorf("get identity: get credentials: failed to refresh cached credentials, %w", fmt.Errorf("no EC2 IMDS role found, %w", imds))}
	}},
	{"google/no-credentials", func(*testing.T) error {
		return fmt.Errorf("storage.NewClient: dialing: %w", errors.New("google: could not find default credentials. See https://cloud.google.com/docs/authentication/external/set-up-adc for more information"))
	}},
	{"pgx/null-into-string", func(*testing.T) error {
		return fmt.Errorf("read customer: %w", pgx.ScanArgError{ColumnIndex: 2, FieldName: "email", Err: errors.New("cannot scan NULL into *string")})
	}},
	{"pgx/commit-rollback", func(*testing.T) error { return fmt.Errorf("book: %w", pgx.ErrTxCommitRollback) }},
	{"pgx/tx-closed", func(*testing.T) error { return fmt.Errorf("book: %w", pgx.ErrTxClosed) }},
	{"pgx/tls-refused", func(*testing.T) error { return fmt.Errorf("connect: %w", errors.New("server refused TLS connection")) }},
	{"redsync/taken", func(*testing.T) error { return fmt.Errorf("lock nightly: %w", &errTaken{Nodes: []int{0}}) }},
	{"redsync/failed", func(*testing.T) error {
		return fmt.Errorf("lock nightly: %w", errors.New("redsync: failed to acquire lock"))
	}},
	{"etcd/locked", func(*testing.T) error {
		return fmt.Errorf("lock nightly: %w", errors.New("mutex: Locked by another session"))
	}},
	{"badger/conflict", func(*testing.T) error {
		return fmt.Errorf("count: %w", errors.New("Transaction Conflict. Please retry"))
	}},
	{"badger/key-not-found", func(*testing.T) error { return fmt.Errorf("count: %w", errors.New("Key not found")) }},
	{"leveldb/not-found", func(*testing.T) error { return fmt.Errorf("count: %w", errors.New("leveldb: not found")) }},
	{"fasthttp/no-free-connections", func(*testing.T) error {
		return fmt.Errorf("post event: %w", errors.New("no free connections available to host"))
	}},
	{"fasthttp/closed-early", func(*testing.T) error {
		return fmt.Errorf("post event: %w", errors.New("the server closed connection before returning the first response byte. Make sure the server returns 'Connection: close' response header before closing the connection"))
	}},
	{"fasthttp/dial-timeout", func(*testing.T) error {
		return fmt.Errorf("post event: %w", errors.New("dialing to the given TCP address timed out"))
	}},
	{"ants/overload", func(*testing.T) error {
		return fmt.Errorf("submit: %w", errors.New("too many goroutines blocked on submit or Nonblocking is set"))
	}},
	{"jira/not-found", func(*testing.T) error {
		return fmt.Errorf("comment: %w", &jiraError{
			HTTPError:     fmt.Errorf("request failed. Please analyze the request body for more details. Status code: %d", 404),
			ErrorMessages: []string{"Issue does not exist or you do not have permission to see it."},
		})
	}},
	{"chromedp/name-not-resolved", func(*testing.T) error {
		return fmt.Errorf("render: %w", fmt.Errorf("page load error %s", "net::ERR_NAME_NOT_RESOLVED"))
	}},
	{"bigquery/row-invalid", func(*testing.T) error {
		return fmt.Errorf("load events: %w", putMultiError{{InsertID: "a", RowIndex: 3, Errors: multiError{&bigqueryError{"amount", "Cannot convert value to integer.", "invalid"}}}})
	}},
	{"docker/daemon-down", func(*testing.T) error {
		return fmt.Errorf("start container: %w", errConnectionFailed{errors.New("Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?")})
	}},
	{"kubernetes/quantity", func(*testing.T) error {
		_, err := resource.ParseQuantity("2 GB")
		return fmt.Errorf("read limits: %w", err)
	}},
	{"kubernetes/field-invalid", func(*testing.T) error {
		return fmt.Errorf("check job: %w", field.ErrorList{field.Invalid(field.NewPath("spec", "parallelism"), -1, "must be greater than or equal to 0")}.ToAggregate())
	}},
	{"bcrypt/mismatch", func(*testing.T) error {
		hash, err := bcrypt.GenerateFromPassword([]byte("one"), bcrypt.MinCost)
		if err != nil {
			return err
		}
		return fmt.Errorf("unlock archive: %w", bcrypt.CompareHashAndPassword(hash, []byte("two")))
	}},
	{"multipart/too-large", func(*testing.T) error { return fmt.Errorf("read upload: %w", multipart.ErrMessageTooLarge) }},
	{"uuid/invalid-length", func(*testing.T) error { return fmt.Errorf("read customer: %w", invalidLengthError{5}) }},
	{"ent/not-found", func(*testing.T) error { return fmt.Errorf("read customer: %w", &NotFoundError{"customer"}) }},
	{"trace/connection-problem", func(*testing.T) error {
		return fmt.Errorf("join cluster: %w", &ConnectionProblemError{"auth service is not reachable", nil})
	}},
}

func githubAnswer(status int) *http.Response {
	return &http.Response{StatusCode: status, Request: &http.Request{Method: "POST", URL: &url.URL{Scheme: "https", Host: "api.github.com", Path: "/repos/a/b"}}, Header: http.Header{}}
}

// These have the names and fields of the types of github.com/go-redsync/redsync,
// github.com/andygrunwald/go-jira, cloud.google.com/go/bigquery,
// github.com/docker/docker/client, github.com/google/uuid, entgo.io/ent and
// github.com/gravitational/trace.
type (
	errTaken  struct{ Nodes []int }
	jiraError struct {
		HTTPError     error
		ErrorMessages []string          `json:"errorMessages"`
		Errors        map[string]string `json:"errors"`
	}
	putMultiError     []rowInsertionError
	rowInsertionError struct {
		InsertID string
		RowIndex int
		Errors   multiError
	}
	multiError             []error
	bigqueryError          struct{ Location, Message, Reason string }
	errConnectionFailed    struct{ error }
	invalidLengthError     struct{ len int }
	NotFoundError          struct{ label string }
	ConnectionProblemError struct {
		Message string
		Err     error
	}
)

func (e errTaken) Error() string { return fmt.Sprintf("lock already taken, locked nodes: %v", e.Nodes) }

func (e *jiraError) Error() string {
	return strings.Join(e.ErrorMessages, " ") + ": " + e.HTTPError.Error()
}

func (e putMultiError) Error() string      { return fmt.Sprintf("%v row insertions failed", len(e)) }
func (e *rowInsertionError) Error() string { return "insertion of row failed: " + e.Errors.Error() }
func (e multiError) Error() string         { return fmt.Sprintf("%v (and %d other errors)", e[0], len(e)-1) }

func (e *bigqueryError) Error() string {
	return fmt.Sprintf("{Location: %q; Message: %q; Reason: %q}", e.Location, e.Message, e.Reason)
}
func (e errConnectionFailed) Unwrap() error { return e.error }
func (e invalidLengthError) Error() string  { return fmt.Sprintf("invalid UUID length: %d", e.len) }

func (e *NotFoundError) Error() string                         { return "ent: " + e.label + " not found" }
func (e *ConnectionProblemError) Error() string                { return e.Message }
func (*ConnectionProblemError) IsConnectionProblemError() bool { return true }
