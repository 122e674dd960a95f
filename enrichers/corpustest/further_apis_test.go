//go:build linux

package corpustest

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/aws/smithy-go"
	"github.com/cloudflare/cloudflare-go"
	nomad "github.com/hashicorp/nomad/api"
	"github.com/minio/minio-go/v7"
	prometheus "github.com/prometheus/client_golang/api/prometheus/v1"
	"github.com/sourcegraph/jsonrpc2"
	"github.com/stretchr/testify/require"
	tencent "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
)

var furtherAPIs = []provocation{
	{"oci/out-of-capacity", func(*testing.T) error { return ociError{500, "InternalError", "Out of host capacity."} }},
	{"oci/not-authorized-or-not-found", func(*testing.T) error {
		return ociError{404, "NotAuthorizedOrNotFound", "Authorization failed or requested resource not found."}
	}},
	{"oci/incorrect-state", func(*testing.T) error {
		return ociError{409, "IncorrectState", "The resource is in a state that prevents the request."}
	}},
	{"tencent/resource-busy", func(*testing.T) error {
		return fmt.Errorf("delete disk: %w", tencent.NewTencentCloudSDKError("ResourceBusy", "ins-ruv3rbzm is busy, please retry later", "0afe54a64aa6"))
	}},
	{"minio/bucket-quota", func(*testing.T) error {
		return fmt.Errorf("store backup: %w", minio.ErrorResponse{StatusCode: 400, Code: "XMinioAdminBucketQuotaExceeded", Message: "Bucket quota exceeded"})
	}},
	{"gcs/object-not-exist", func(*testing.T) error {
		return fmt.Errorf("read export: %w", errors.New("storage: object doesn't exist"))
	}},
	{"cosmos/retry-with", func(*testing.T) error {
		return fmt.Errorf("patch order: %w", &azcore.ResponseError{StatusCode: 449, ErrorCode: "449"})
	}},
	{"cosmos/partition-gone", func(*testing.T) error {
		return fmt.Errorf("read order: %w", &azcore.ResponseError{StatusCode: 410, ErrorCode: "Gone"})
	}},
	{"glue/concurrent-runs", func(*testing.T) error {
		return amazonError("Glue", "StartJobRun", "ConcurrentRunsExceededException", smithy.FaultClient)
	}},
	{"kinesis/expired-iterator", func(*testing.T) error {
		return amazonError("Kinesis", "GetRecords", "ExpiredIteratorException", smithy.FaultClient)
	}},
	{"anthropic/overloaded", func(*testing.T) error { return claudeError(529, "overloaded_error") }},
	{"anthropic/rate-limited", func(*testing.T) error { return claudeError(429, "rate_limit_error", "Retry-After", "12") }},
	{"anthropic/too-large", func(*testing.T) error { return claudeError(413, "request_too_large") }},
	{"cloudflare/record-exists", func(t *testing.T) error {
		return createRecord(t, 400, `{"success":false,"errors":[{"code":81057,"message":"The record already exists."}]}`)
	}},
	{"cloudflare/authentication", func(t *testing.T) error {
		return createRecord(t, 403, `{"success":false,"errors":[{"code":10000,"message":"Authentication error"}]}`)
	}},
	{"cloudflare/rate-limited", func(t *testing.T) error {
		return createRecord(t, 429, `{"success":false,"errors":[{"code":10100,"message":"Rate limit reached"}]}`)
	}},
	{"gitlab/not-found", func(*testing.T) error { return fmt.Errorf("read project: %w", errors.New("404 Not Found")) }},
	{"prometheus/timeout", func(*testing.T) error {
		return fmt.Errorf("evaluate objective: %w", &prometheus.Error{Type: prometheus.ErrTimeout, Msg: "query timed out in expression evaluation"})
	}},
	{"prometheus/bad-data", func(*testing.T) error {
		return fmt.Errorf("evaluate objective: %w", &prometheus.Error{Type: prometheus.ErrBadData, Msg: `invalid parameter "query": 1:4: parse error`})
	}},
	{"nomad/no-leader", func(t *testing.T) error {
		client, err := nomad.NewClient(&nomad.Config{Address: answering(t, 500, "No cluster leader")})
		require.NoError(t, err)
		_, _, err = client.Jobs().Info("etl", nil)
		return fmt.Errorf("dispatch: %w", err)
	}},
	{"tfe/workspace-locked", func(*testing.T) error { return fmt.Errorf("lock: %w", errors.New("workspace already locked")) }},
	{"tfe/state-pending", func(*testing.T) error {
		return fmt.Errorf("unlock: %w", errors.New("unable to unlock workspace while state version upload is still pending"))
	}},
	{"tfe/unauthorized", func(*testing.T) error { return fmt.Errorf("read workspace: %w", errors.New("unauthorized")) }},
	{"openapi/too-many-requests", func(*testing.T) error {
		return fmt.Errorf("list users: %w", &GenericOpenAPIError{error: "429 Too Many Requests", body: []byte("{}")})
	}},
	{"openapi/not-found", func(*testing.T) error {
		return fmt.Errorf("read user: %w", GenericSwaggerError{error: "404 Not Found"})
	}},
	{"shopify/rate-limited", func(*testing.T) error {
		return fmt.Errorf("sync product: %w", shopifyLimit{shopifyError{Status: 429, Message: "Exceeded 2 calls per second for api client."}, 2})
	}},
	{"mailgun/unavailable", func(*testing.T) error {
		return fmt.Errorf("send invoice: %w", &mailgunError{Expected: []int{200, 202, 204}, Actual: 503, URL: "https://api.mailgun.net/v3/x/messages"})
	}},
	{"solana/block-not-available", func(*testing.T) error {
		return fmt.Errorf("index slot: %w", &jsonrpc2.Error{Code: -32004, Message: "Block not available for slot 133354927"})
	}},
	{"lsp/server-cancelled", func(*testing.T) error {
		return fmt.Errorf("diagnose: %w", &jsonrpc2.Error{Code: -32802, Message: "server cancelled the request"})
	}},
	{"lsp/request-cancelled", func(*testing.T) error {
		return fmt.Errorf("diagnose: %w", &jsonrpc2.Error{Code: -32800, Message: "request cancelled"})
	}},
}

// An ociError has the methods of the errors of github.com/oracle/oci-go-sdk, whose module
// is too large to be needed here.
type ociError struct {
	status     int
	code, text string
}

func (e ociError) GetHTTPStatusCode() int { return e.status }
func (e ociError) GetCode() string        { return e.code }
func (e ociError) GetMessage() string     { return e.text }
func (e ociError) Error() string          { return "Error returned by Core Service. " + e.text }

// An anthropicError has the fields and the method of the errors of
// github.com/anthropics/anthropic-sdk-go, which takes too long to build.
type anthropicError struct {
	StatusCode int
	Response   *http.Response
	RequestID  string

	errorType anthropicErrorType
}

type anthropicErrorType string

func (e *anthropicError) Type() anthropicErrorType { return e.errorType }
func (e *anthropicError) Error() string {
	return fmt.Sprintf("POST \"https://api.anthropic.com/v1/messages\": %d", e.StatusCode)
}

func claudeError(status int, code anthropicErrorType, header ...string) error {
	response := &http.Response{StatusCode: status, Header: http.Header{}}
	for i := 0; i < len(header); i += 2 {
		response.Header.Set(header[i], header[i+1])
	}
	return fmt.Errorf("summarize ticket 8: %w", &anthropicError{StatusCode: status, Response: response, RequestID: "req_01", errorType: code})
}

// A GenericOpenAPIError is what OpenAPI Generator puts into each client.
type GenericOpenAPIError struct {
	body  []byte
	error string
	model any
}

func (e GenericOpenAPIError) Error() string { return e.error }
func (e GenericOpenAPIError) Body() []byte  { return e.body }
func (e GenericOpenAPIError) Model() any    { return e.model }

// A GenericSwaggerError is what Swagger Codegen puts into each client.
type GenericSwaggerError GenericOpenAPIError

func (e GenericSwaggerError) Error() string { return e.error }
func (e GenericSwaggerError) Body() []byte  { return e.body }
func (e GenericSwaggerError) Model() any    { return e.model }

// A shopifyLimit has the fields of RateLimitError of github.com/bold-commerce/go-shopify.
type shopifyLimit struct {
	shopifyError
	RetryAfter int
}

type shopifyError struct {
	Status  int
	Message string
}

func (e shopifyError) Error() string { return e.Message }

// A mailgunError has the fields of UnexpectedResponseError of github.com/mailgun/mailgun-go.
type mailgunError struct {
	Expected []int
	Actual   int
	URL      string
	Data     []byte
}

func (e *mailgunError) Error() string {
	return fmt.Sprintf("UnexpectedResponseError URL=%s ExpectedOneOf=%v Got=%d", e.URL, e.Expected, e.Actual)
}

func createRecord(t *testing.T, status int, body string) error {
	client, err := cloudflare.NewWithAPIToken(strings.Repeat("x", 40), cloudflare.BaseURL(answering(t, status, body)), cloudflare.UsingRetryPolicy(0, 0, 0), cloudflare.HTTPClient(&http.Client{}))
	require.NoError(t, err)
	_, err = client.CreateDNSRecord(t.Context(), cloudflare.ZoneIdentifier("1"), cloudflare.CreateDNSRecordParams{Type: "A", Name: "job.example.com", Content: "192.0.2.1"})
	return fmt.Errorf("publish name: %w", err)
}
