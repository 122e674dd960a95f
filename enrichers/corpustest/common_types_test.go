//go:build linux

package corpustest

import (
	"fmt"
	"strings"
	"testing"
)

// commonTypes are errors of the types that services and frameworks of services have for
// their own failures, and for what another service answered.
var commonTypes = []provocation{
	{"own/status-in-text", func(*testing.T) error {
		return fmt.Errorf("fetch rates: %w", &requestError{503, "maintenance"})
	}},
	{"own/is-transient", func(*testing.T) error { return fmt.Errorf("settle: %w", transientError{}) }},
	{"own/permanent", func(*testing.T) error { return fmt.Errorf("settle: %w", permanentError{}) }},
	{"own/should-retry", func(*testing.T) error { return fmt.Errorf("settle: %w", postponedError{}) }},
	{"own/field-retryable", func(*testing.T) error {
		return fmt.Errorf("settle: %w", &ledgerError{Code: "E1042", Message: "ledger is closing the day", Retryable: true})
	}},
	{"goa/temporary", func(*testing.T) error {
		return fmt.Errorf("read stock: %w", &ServiceError{Name: "overloaded", ID: "3F1FKVRR", Message: "try again", Temporary: true, Fault: true})
	}},
	{"own/exit-code-137", func(*testing.T) error {
		return fmt.Errorf("render: %w", &commandError{Command: "render", ExitCode: 137})
	}},
	{"own/exit-code-127", func(*testing.T) error {
		return fmt.Errorf("render: %w", &commandError{Command: "render", ExitCode: 127, Stderr: "sh: render: not found"})
	}},
	{"echo/unavailable", func(*testing.T) error {
		return fmt.Errorf("callback: %w", &HTTPError{Code: 503, Message: "try later"})
	}},
	{"problem/rate-limit", func(*testing.T) error {
		return fmt.Errorf("quote: %w", &problem{Type: "about:blank", Title: "Too Many Requests", Status: 429})
	}},
	{"problem/out-of-credit", func(*testing.T) error {
		return fmt.Errorf("quote: %w", &problem{Type: "https://example.com/probs/out-of-credit", Title: "You do not have enough credit.", Status: 403})
	}},
	{"own/code-unavailable", func(*testing.T) error {
		return fmt.Errorf("quote: %w", &appError{Code: "unavailable", Message: "pricing is down"})
	}},
	{"own/code-not-found", func(*testing.T) error {
		return fmt.Errorf("quote: %w", &appError{Code: "not_found", Message: "no such product"})
	}},
	{"own/code-invalid", func(*testing.T) error {
		return fmt.Errorf("quote: %w", &appError{Code: "invalid", Message: "quantity is negative"})
	}},
	{"own/user-not-found", func(*testing.T) error { return fmt.Errorf("greet: %w", UserNotFoundError{"u7"}) }},
	{"graphql/list-throttled", func(*testing.T) error {
		return fmt.Errorf("sync products: %w", graphErrors{{Message: "Throttled", Extensions: map[string]any{"code": "THROTTLED"}}})
	}},
	{"graphql/list-unauthenticated", func(*testing.T) error {
		answer := &graphAnswer{}
		answer.Errors = append(answer.Errors, graphEntry{Message: "not signed in"})
		answer.Errors[0].Extensions.Code = "UNAUTHENTICATED"
		return fmt.Errorf("sync products: %w", answer)
	}},
	{"kratos/unavailable", func(*testing.T) error {
		return fmt.Errorf("read stock: %w", &kratosError{kratosStatus: kratosStatus{Code: 503, Reason: "STOCK_DOWN", Message: "try later"}})
	}},
	{"openapi-runtime/too-many-requests", func(*testing.T) error {
		return fmt.Errorf("list pets: %w", &runtimeError{OperationName: "unknown error", Code: 429})
	}},
}

type (
	requestError struct {
		status int
		body   string
	}
	transientError struct{}
	permanentError struct{}
	postponedError struct{}
	ledgerError    struct {
		Code      string `json:"code"`
		Message   string `json:"message"`
		Retryable bool   `json:"retryable"`
	}
	commandError struct {
		Command  string
		ExitCode int
		Stderr   string
	}
	problem struct { // RFC 9457
		Type   string `json:"type"`
		Title  string `json:"title"`
		Status int    `json:"status"`
		Detail string `json:"detail,omitempty"`
	}
	errorCode string
	appError  struct {
		Code    errorCode
		Message string
	}
	UserNotFoundError struct{ ID string }
	graphErrors       []graphError
	graphError        struct {
		Message    string         `json:"message"`
		Path       []any          `json:"path"`
		Extensions map[string]any `json:"extensions"`
	}
	graphAnswer struct {
		Errors []graphEntry `json:"errors"`
	}
	graphEntry struct {
		Message    string `json:"message"`
		Extensions struct {
			Code string `json:"code"`
		} `json:"extensions"`
	}
)

// These have the names and fields of the types of goa.design/goa, github.com/labstack/echo,
// github.com/go-kratos/kratos and github.com/go-openapi/runtime.
type (
	ServiceError struct {
		Name, ID, Message         string
		Timeout, Temporary, Fault bool
	}
	HTTPError struct {
		Code     int
		Message  any
		Internal error
	}
	kratosStatus struct {
		Code            int32
		Reason, Message string
		Metadata        map[string]string
	}
	kratosError struct {
		kratosStatus
		cause error
	}
	runtimeError struct {
		OperationName string
		Response      any
		Code          int
	}
)

func (e *requestError) Error() string {
	return fmt.Sprintf("server responded with status %d: %s", e.status, e.body)
}
func (transientError) Error() string      { return "ledger is busy" }
func (transientError) IsTransient() bool  { return true }
func (permanentError) Error() string      { return "ledger rejects the entry" }
func (permanentError) Permanent() bool    { return true }
func (postponedError) Error() string      { return "ledger is closing" }
func (postponedError) ShouldRetry() bool  { return true }
func (e *ledgerError) Error() string      { return e.Code + ": " + e.Message }
func (e *commandError) Error() string     { return fmt.Sprintf("%s failed: %s", e.Command, e.Stderr) }
func (e *problem) Error() string          { return e.Title }
func (e *appError) Error() string         { return e.Message }
func (e UserNotFoundError) Error() string { return "no user " + e.ID }
func (e *ServiceError) Error() string     { return e.Message }
func (e *HTTPError) Error() string        { return fmt.Sprintf("code=%d, message=%v", e.Code, e.Message) }
func (e *HTTPError) Unwrap() error        { return e.Internal }
func (e *kratosError) Error() string {
	return fmt.Sprintf("error: code = %d reason = %s message = %s", e.Code, e.Reason, e.Message)
}
func (e *kratosError) Unwrap() error { return e.cause }
func (e *runtimeError) Error() string {
	return fmt.Sprintf("%s (status %d): %v", e.OperationName, e.Code, e.Response)
}

func (e graphErrors) Error() string {
	var all []string
	for _, one := range e {
		all = append(all, one.Message)
	}
	return strings.Join(all, "; ")
}

func (e *graphAnswer) Error() string { return e.Errors[0].Message }
