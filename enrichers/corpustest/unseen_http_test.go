//go:build linux

package corpustest

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
)

func unseenGeocoderDown(t *testing.T) error {
	res := unseenAnswer(t, http.StatusServiceUnavailable, "upstream connect error")
	err := &unseenAPIError{Service: "geocoder", StatusCode: res.StatusCode, Body: unseenBody(t, res)}
	return fmt.Errorf("plan tours: %w", fmt.Errorf("address 3 of 90: %w", err))
}

// unseenAPIError is a service's own error with its facts in fields.
type unseenAPIError struct {
	Service    string
	StatusCode int
	Body       string
}

func (e *unseenAPIError) Error() string {
	return fmt.Sprintf("%s answered %d: %s", e.Service, e.StatusCode, e.Body)
}

func unseenTaxProblem(t *testing.T) error {
	res := unseenAnswer(t, http.StatusUnprocessableEntity,
		`{"type":"https://tax.example/vat-id","title":"VAT ID is malformed","status":422}`)
	var problem unseenProblem
	require.NoError(t, json.NewDecoder(res.Body).Decode(&problem))
	return fmt.Errorf("invoice 2024-118: %w", problem)
}

// unseenProblem is an RFC 9457 problem, returned by value.
type unseenProblem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (p unseenProblem) Error() string { return p.Title }

func unseenContactGone(t *testing.T) error {
	err := &unseenCRMError{unseenAnswer(t, http.StatusNotFound, "no such contact")}
	return &unseenStepError{"merge-contacts", 4, fmt.Errorf("contact 88: %w", err)}
}

// unseenCRMError is a client library's error with nothing but methods.
type unseenCRMError struct{ res *http.Response }

func (e *unseenCRMError) Error() string   { return "crm: " + e.res.Status }
func (e *unseenCRMError) StatusCode() int { return e.res.StatusCode }

func unseenBillingThrottled(t *testing.T) error {
	res := unseenAnswer(t, http.StatusTooManyRequests, "slow down")
	return errors.Join(
		fmt.Errorf("usage upload: %w", &unseenThrottled{res.StatusCode, 30 * time.Second}),
		errors.New("usage upload: 412 records are left in the spool"),
	)
}

type unseenThrottled struct {
	status int
	after  time.Duration
}

func (e *unseenThrottled) Error() string             { return fmt.Sprintf("throttled for %v", e.after) }
func (e *unseenThrottled) HTTPStatusCode() int       { return e.status }
func (e *unseenThrottled) RetryAfter() time.Duration { return e.after }

func unseenUploadOverLimit(*testing.T) error {
	body := io.NopCloser(strings.NewReader(strings.Repeat("x", 2048)))
	_, err := io.ReadAll(http.MaxBytesReader(httptest.NewRecorder(), body, 1024))
	return fmt.Errorf("store avatar: %w", err)
}

func unseenCallbackScheme(t *testing.T) error {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "ftp://customer.example/in", nil)
	require.NoError(t, err)
	_, err = new(http.Client).Do(req)
	return fmt.Errorf("notify: %w", err)
}

func unseenObjectStoreSlowDown(t *testing.T) error {
	res := unseenAnswer(t, http.StatusServiceUnavailable, "<Error><Code>SlowDown</Code></Error>")
	return fmt.Errorf("back up shard 12: %w", &smithy.OperationError{
		ServiceID:     "S3",
		OperationName: "UploadPart",
		Err: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: res},
			Err:      &smithy.GenericAPIError{Code: "SlowDown", Message: "Please reduce your request rate.", Fault: smithy.FaultServer},
		},
	})
}

// unseenAnswer returns what a server answers.
func unseenAnswer(t *testing.T, status int, body string) *http.Response {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}))
	t.Cleanup(server.Close)
	res, err := server.Client().Get(server.URL)
	require.NoError(t, err)
	t.Cleanup(func() { res.Body.Close() })
	require.Equal(t, status, res.StatusCode)
	return res
}

func unseenBody(t *testing.T, res *http.Response) string {
	body, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return string(body)
}
