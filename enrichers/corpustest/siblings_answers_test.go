//go:build linux

package corpustest

import (
	"errors"
	"fmt"
	"net/http"
	"testing"

	azruntime "github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/alibabacloud-go/tea/tea"
	tgbotapi "github.com/go-telegram-bot-api/telegram-bot-api/v5"
	"github.com/gotd/td/tgerr"
	influxhttp "github.com/influxdata/influxdb-client-go/v2/api/http"
	"github.com/minio/minio-go/v7"
	olivere "github.com/olivere/elastic/v7"
	goopenai "github.com/sashabaranov/go-openai"
	"github.com/stripe/stripe-go/v82"
	tencent "github.com/tencentcloud/tencentcloud-sdk-go/tencentcloud/common/errors"
	"golang.org/x/crypto/acme"
	"google.golang.org/api/googleapi"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// siblingsAnswered are answers of services, in the types of their clients.
var siblingsAnswered = append([]provocation{
	{"google/invalid-query", func(t *testing.T) error {
		return googleAnswer(t, 400, "invalidQuery", "Unrecognized name: totl at [1:8]")
	}},
	{"google/no-billing", func(t *testing.T) error {
		return googleAnswer(t, 403, "billingNotEnabled", "Billing has not been enabled for this project.")
	}},
	{"azure/lease-present", func(t *testing.T) error {
		return azureAnswer(t, 409, "LeaseAlreadyPresent", "There is already a lease present.")
	}},
	{"azure/in-progress", func(t *testing.T) error {
		return azureAnswer(t, 409, "StorageAccountOperationInProgress", "An operation is currently performing on this storage account that requires exclusive access.")
	}},
	{"azure/authorization", func(t *testing.T) error {
		return azureAnswer(t, 403, "AuthorizationFailed", "The client 'jobs' with object id '1' does not have authorization to perform action 'Microsoft.KeyVault/vaults/write' over scope '/subscriptions/1' or the scope is invalid. If access was recently granted, please refresh your credentials.")
	}},
}, values(map[string]error{
	"minio/not-initialized": minio.ErrorResponse{Code: "XMinioServerNotInitialized", Message: "Server not initialized yet, please try again.", StatusCode: 503},
	"alicloud/status":       tea.NewSDKError(map[string]any{"code": "IncorrectInstanceStatus", "message": "The current status of the resource does not support this operation.", "data": map[string]any{"statusCode": 403}}),
	"tencent/limit":         tencent.NewTencentCloudSDKError("RequestLimitExceeded", "Your current request times equals to `21` in a second, which exceeds the frequency limit `20` for a second. Please reduce the frequency of calls.", "1"),
	"go-openai/invalid-key": &goopenai.APIError{Code: "invalid_api_key", Message: "Incorrect API key provided.", Type: "invalid_request_error", HTTPStatusCode: 401},
	"stripe/card-declined":  &stripe.Error{Code: stripe.ErrorCodeCardDeclined, DeclineCode: "insufficient_funds", HTTPStatusCode: 402, Type: stripe.ErrorTypeCard, Msg: "Your card has insufficient funds."},
	"stripe/key-in-use":     &stripe.Error{Code: stripe.ErrorCodeIdempotencyKeyInUse, HTTPStatusCode: 409, Type: stripe.ErrorTypeIdempotency, Msg: "There is currently another in-progress request using this Idempotent Key. Please try again later."},
	"influx/field-conflict": &influxhttp.Error{StatusCode: 422, Code: "unprocessable entity", Message: `failure writing points to database: partial write: field type conflict: input field "v" on measurement "m" is type string, already exists as type float dropped=1`},
	"acme/bad-nonce":        &acme.Error{StatusCode: 400, ProblemType: "urn:ietf:params:acme:error:badNonce", Detail: `JWS has an invalid anti-replay nonce: "0102"`},
	"telegram/retry-after":  &tgbotapi.Error{Code: 429, Message: "Too Many Requests: retry after 35", ResponseParameters: tgbotapi.ResponseParameters{RetryAfter: 35}},
	"telegram/blocked":      &tgbotapi.Error{Code: 403, Message: "Forbidden: bot was blocked by the user"},
	"gotd/flood-wait":       tgerr.New(420, "FLOOD_WAIT_30"),
	"olivere/conflict":      &olivere.Error{Status: 409, Details: &olivere.ErrorDetails{Type: "version_conflict_engine_exception", Reason: "[1]: version conflict, current version [2] is different than the one provided [1]"}},
	"k8s/quota":             apierrors.NewForbidden(schema.GroupResource{Resource: "pods"}, "job-test-4-9zfnl", errors.New("exceeded quota: default, requested: pods=1, used: pods=9, limited: pods=9")),
	"k8s/webhook":           apierrors.NewInternalError(errors.New(`failed calling webhook "webhook.cert-manager.io": failed to call webhook: Post "https://cert-manager-webhook.cert-manager.svc:443/mutate?timeout=10s": context deadline exceeded`)),
	"k8s/server-timeout":    apierrors.NewServerTimeout(schema.GroupResource{Resource: "pods"}, "create", 2),
	"k8s/continue-too-old":  apierrors.NewResourceExpired("The provided continue parameter is too old to display a consistent list result."),
})...)

func googleAnswer(t *testing.T, status int, reason, message string) error {
	res := answer(t, status, fmt.Sprintf(`{"error":{"code":%d,"message":%q,"errors":[{"domain":"global","reason":%q,"message":%q}]}}`, status, message, reason, message))
	return fmt.Errorf("start query job: %w", googleapi.CheckResponse(res))
}

func azureAnswer(t *testing.T, status int, code, message string) error {
	res := answer(t, status, fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message))
	res.Header.Set("X-Ms-Error-Code", code)
	res.Request, _ = http.NewRequest("PUT", "https://example.com/x", nil)
	return fmt.Errorf("create: %w", azruntime.NewResponseError(res))
}

// siblingsCopied have copies of types of clients that this module does not import.
var siblingsCopied = values(map[string]error{
	"pgdriver/serialization": pgdriverError{map[byte]string{'S': "ERROR", 'C': "40001", 'M': "could not serialize access due to concurrent update"}},
	"mattn/locked":           sqlite3Error{5, 5, 0, "database is locked"},
	"aws/v1-limit":           &requestFailure{v1Error{"RequestLimitExceeded", "Request limit exceeded."}, 503, "1"},
	"elastic/rejected":       &ElasticsearchError{ErrorCause{"es_rejected_execution_exception", ptr("rejected execution of coordinating operation")}, 429},
	"databricks/unavailable": &DatabricksError{ErrorCode: "TEMPORARILY_UNAVAILABLE", Message: "The service at /api/2.1/jobs/runs/get is temporarily unavailable. Please try again later.", StatusCode: 503},
	"containerd/503":         ErrUnexpectedStatus{Status: "503 Service Unavailable", StatusCode: 503, RequestURL: "https://registry.example.com/v2/app/blobs/uploads/", RequestMethod: "POST"},
})

type (
	pgdriverError   struct{ m map[byte]string }
	sqlite3ErrNo    int
	sqlite3ErrNoExt int
	sqlite3Error    struct {
		Code         sqlite3ErrNo
		ExtendedCode sqlite3ErrNoExt
		SystemErrno  int
		err          string
	}
	v1Error        struct{ code, message string }
	requestFailure struct {
		v1Error
		statusCode int
		requestID  string
	}
	ErrorCause struct {
		Type   string
		Reason *string
	}
	ElasticsearchError struct {
		ErrorCause ErrorCause
		Status     int
	}
	DatabricksError struct {
		ErrorCode, Message string
		StatusCode         int
	}
	ErrUnexpectedStatus struct {
		Status                    string
		StatusCode                int
		Body                      []byte
		RequestURL, RequestMethod string
	}
)

func ptr[T any](v T) *T { return &v }

func (e pgdriverError) Field(k byte) string { return e.m[k] }
func (e pgdriverError) Error() string {
	return fmt.Sprintf("%s: %s (SQLSTATE=%s)", e.Field('S'), e.Field('M'), e.Field('C'))
}
func (e sqlite3Error) Error() string        { return e.err }
func (e v1Error) Code() string              { return e.code }
func (e v1Error) Message() string           { return e.message }
func (e v1Error) OrigErr() error            { return nil }
func (e *requestFailure) StatusCode() int   { return e.statusCode }
func (e *requestFailure) RequestID() string { return e.requestID }
func (e *requestFailure) Error() string {
	return fmt.Sprintf("%s: %s\n\tstatus code: %d, request id: %s", e.code, e.message, e.statusCode, e.requestID)
}

func (e *ElasticsearchError) Error() string {
	return fmt.Sprintf("status: %d, failed: [%s], reason: %s", e.Status, e.ErrorCause.Type, *e.ErrorCause.Reason)
}
func (e *DatabricksError) Error() string { return e.Message }
func (e ErrUnexpectedStatus) Error() string {
	return fmt.Sprintf("unexpected status from %s request to %s: %s", e.RequestMethod, e.RequestURL, e.Status)
}
