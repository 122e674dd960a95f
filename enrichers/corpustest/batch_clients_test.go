//go:build linux

package corpustest

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
	"github.com/aws/smithy-go"
	"github.com/go-sql-driver/mysql"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/apimachinery/pkg/api/meta"
	"k8s.io/apimachinery/pkg/runtime/schema"
)

// batchClients are answers of the services that such systems depend on.
var batchClients = []provocation{
	{"telebot/flood", func(*testing.T) error {
		return fmt.Errorf("notify: %w", FloodError{&botError{429, "Too Many Requests: retry after 234", ""}, 234})
	}},
	{"ibmmq/connection-broken", func(*testing.T) error {
		return &MQReturn{2, 2009, "MQCONNX", "MQRC_CONNECTION_BROKEN"}
	}},
	{"ibmmq/no-message", func(*testing.T) error {
		return fmt.Errorf("read order: %w", &MQReturn{2, 2033, "MQGET", "MQRC_NO_MSG_AVAILABLE"})
	}},
	{"mimir/ingestion-rate", func(*testing.T) error {
		return fmt.Errorf("push: %w", status.Error(codes.Code(429), "the request has been rejected because the tenant exceeded the ingestion rate limit, set to 13333 items/s with a maximum allowed burst of 3333"))
	}},
	{"genai/quota-wait", func(*testing.T) error {
		return fmt.Errorf("summarize: %w", GenAPIError{429, "You exceeded your current quota... Please retry in 53.016342224s.", "RESOURCE_EXHAUSTED", []map[string]any{
			{"@type": "type.googleapis.com/google.rpc.Help"},
			{"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "53s"},
		}})
	}},
	{"postmark/inactive-recipient", func(*testing.T) error {
		return fmt.Errorf("send receipt: %w", APIError{406, "You tried to send to recipient(s) that have been marked as inactive."})
	}},
	{"prometheus/remote-write", func(*testing.T) error {
		return RemoteRecoverableError{errors.New("server returned HTTP status 429 Too Many Requests (429): entry ignored, reason: 'stream rate limit exceeded'"), 5e9}
	}},
	{"cadence/no-peer", func(*testing.T) error {
		return fmt.Errorf("fetch tasks: %w", &yarpcStatus{14, errors.New(`"round-robin" peer list has 2 peers but none are responsive, timed out waiting for a connection to open: context deadline exceeded`)})
	}},
	{"velero/csi-timeout", func(*testing.T) error {
		return fmt.Errorf("error executing custom action (groupResource=persistentvolumeclaims): %w", status.Error(codes.Unknown, "timed out waiting for the condition"))
	}},
	{"juju/contention", func(*testing.T) error {
		return fmt.Errorf("set status: %w", &RequestError{"state changing too quickly; try again soon", "excessive contention", nil})
	}},
	{"tidb/write-conflict", func(*testing.T) error {
		return fmt.Errorf("restore table `db_286`.`t` failed: commit transaction failed: %w", &mysql.MySQLError{
			Number: 9007, SQLState: [5]byte([]byte("HY000")),
			Message: "Write conflict, txnStartTS=446572304660693005, reason=Optimistic [try again later]",
		})
	}},
	{"odbc/login-timeout", func(*testing.T) error {
		return fmt.Errorf("open: %w", &odbcError{"SQLDriverConnect", []DiagRecord{{"HYT00", 0, "[unixODBC][Microsoft][ODBC Driver 17 for SQL Server]Login timeout expired"}}})
	}},
	{"kubernetes/no-kind-match", func(*testing.T) error {
		return fmt.Errorf("reconcile: %w", &meta.NoKindMatchError{GroupKind: schema.GroupKind{Group: "operator.tigera.io", Kind: "Installation"}, SearchedVersions: []string{"v1"}})
	}},
	{"terraform/state-locked", func(*testing.T) error {
		message := "The conditional request failed"
		return &LockError{nil, &smithy.OperationError{ServiceID: "DynamoDB", OperationName: "PutItem", Err: &types.ConditionalCheckFailedException{Message: &message}}, false}
	}},
	{"terraform/timeout", func(*testing.T) error {
		return fmt.Errorf("create image: %w", &TimeoutError{nil, "PROVISIONING", 5 * time.Minute, []string{"AVAILABLE"}})
	}},
	{"terraform/unexpected-state", func(*testing.T) error {
		return fmt.Errorf("error waiting for cluster to be created: %w", &UnexpectedStateError{nil, "AVAILABLE", []string{"ACTIVE"}})
	}},
}

// batchClouds are answers of clouds and hypervisors.
var batchClouds = []provocation{
	{"godo/pending-event", func(*testing.T) error {
		to, _ := url.Parse("https://api.digitalocean.com/v2/volumes/46583b84/actions")
		return fmt.Errorf("attach: %w", &ErrorResponse{Response: &http.Response{StatusCode: 422, Request: &http.Request{Method: "POST", URL: to}}, Message: "Droplet already has a pending event."})
	}},
	{"gophercloud/node-locked", func(*testing.T) error {
		return fmt.Errorf("power on: %w", ErrUnexpectedResponseCode{URL: "https://ironic:6385/v1/nodes/n1/states/power", Method: "PUT", Expected: []int{202}, Actual: 409, Body: []byte("Node n1 is locked by host c2, please retry after the current operation is completed.")})
	}},
	{"scaleway/precondition", func(*testing.T) error {
		return fmt.Errorf("delete project: %w", &PreconditionFailedError{Precondition: "resource_not_usable", HelpMessage: `an unexpected error happened when checking if project "18edeb00" has resources, please retry later`})
	}},
	{"scaleway/transient-state", func(*testing.T) error {
		return fmt.Errorf("attach network: %w", &TransientStateError{Resource: "gateway", ResourceID: "9b7c", CurrentState: "configuring"})
	}},
	{"terraform/gcp-stockout", func(*testing.T) error {
		return fmt.Errorf("Error waiting for instance to create: %w", &ComputeOperationError{Errors: []*operationErrorErrors{{Code: "ZONE_RESOURCE_POOL_EXHAUSTED", Message: "The zone 'projects/p/zones/us-west1-c' does not have enough resources available to fulfill the request.  Try a different zone, or try again later."}}})
	}},
	{"govmomi/not-authenticated", func(*testing.T) error {
		return fmt.Errorf("list hosts: %w", soapFaultError{&soapFault{"ServerFaultCode", "The session is not authenticated.", NotAuthenticated{}}})
	}},
	{"govmomi/invalid-state", func(*testing.T) error {
		return fmt.Errorf("create appliance: %w", taskError{&LocalizedMethodFault{&InvalidState{}, "The operation is not allowed in the current state."}})
	}},
	{"libvirt/state-lock", func(*testing.T) error {
		return fmt.Errorf("failed to get DomainBlockStats: %w", libvirtError{68, "Timed out during operation: cannot acquire state change lock (held by monitor=remoteDispatchDomainMigratePrepare3Params)"})
	}},
	{"incus/busy", func(*testing.T) error {
		return fmt.Errorf("stop: %w", StatusError{400, `Instance is busy running a "migrate" operation`})
	}},
}

type (
	botError struct {
		Code                 int
		Description, Message string
	}
	FloodError struct {
		err        *botError
		RetryAfter int
	}
	MQReturn struct {
		MQCC, MQRC int32
		verb, name string
	}
	GenAPIError struct {
		Code            int
		Message, Status string
		Details         []map[string]any
	}
	APIError struct {
		ErrorCode int64
		Message   string
	}
	RemoteRecoverableError struct {
		error
		retryAfter int64
	}
	yarpcCode   int
	yarpcStatus struct {
		code yarpcCode
		err  error
	}
	RequestError struct {
		Message, Code string
		Info          map[string]any
	}
	DiagRecord struct {
		State       string
		NativeError int
		Message     string
	}
	odbcError struct {
		APIName string
		Diag    []DiagRecord
	}
	LockError struct {
		Info             *struct{ ID string }
		Err              error
		InconsistentRead bool
	}
	TimeoutError struct {
		LastError     error
		LastState     string
		Timeout       time.Duration
		ExpectedState []string
	}
	UnexpectedStateError struct {
		LastError     error
		State         string
		ExpectedState []string
	}
	ErrorResponse struct {
		Response           *http.Response
		Message, RequestID string
		Attempts           int
	}
	ErrUnexpectedResponseCode struct {
		URL, Method    string
		Expected       []int
		Actual         int
		Body           []byte
		ResponseHeader http.Header
	}
	PreconditionFailedError struct {
		Precondition, HelpMessage string
		RawBody                   json.RawMessage
	}
	TransientStateError struct {
		Resource, ResourceID, CurrentState string
		RawBody                            json.RawMessage
	}
	operationErrorErrors  struct{ Code, Location, Message string }
	ComputeOperationError struct{ Errors []*operationErrorErrors }
	NotAuthenticated      struct{ PrivilegeID string }
	InvalidState          struct{ FaultCause any }
	soapFault             struct {
		Code, String string
		Detail       any
	}
	soapFaultError       struct{ fault *soapFault }
	LocalizedMethodFault struct {
		Fault            any
		LocalizedMessage string
	}
	taskError    struct{ *LocalizedMethodFault }
	libvirtError struct {
		Code    uint32
		Message string
	}
	StatusError struct {
		status int
		msg    string
	}
)

func (e *botError) Error() string  { return fmt.Sprintf("telegram: %s (%d)", e.Description, e.Code) }
func (e FloodError) Error() string { return e.err.Error() }
func (e *MQReturn) Error() string {
	return fmt.Sprintf("%s: MQCC = MQCC_FAILED [%d] MQRC = %s [%d]", e.verb, e.MQCC, e.name, e.MQRC)
}

func (e GenAPIError) Error() string {
	return fmt.Sprintf("Error %d, Message: %s, Status: %s, Details: %v", e.Code, e.Message, e.Status, e.Details)
}
func (e APIError) Error() string { return e.Message }
func (c yarpcCode) String() string {
	return map[yarpcCode]string{14: "unavailable"}[c]
}
func (e *yarpcStatus) Code() yarpcCode    { return e.code }
func (e *yarpcStatus) Message() string    { return e.err.Error() }
func (e *yarpcStatus) Unwrap() error      { return errors.Unwrap(e.err) }
func (e *yarpcStatus) Error() string      { return fmt.Sprintf("code:%v message:%v", e.code, e.err) }
func (e *RequestError) Error() string     { return e.Message + " (" + e.Code + ")" }
func (e *RequestError) ErrorCode() string { return e.Code }
func (e *odbcError) Error() string {
	return fmt.Sprintf("%s: {%s} %s", e.APIName, e.Diag[0].State, e.Diag[0].Message)
}
func (e *LockError) Error() string { return e.Err.Error() }
func (e *TimeoutError) Error() string {
	return fmt.Sprintf("timeout while waiting for state to become '%s' (last state: '%s', timeout: %s)", e.ExpectedState[0], e.LastState, e.Timeout)
}
func (e *TimeoutError) Unwrap() error { return e.LastError }
func (e *UnexpectedStateError) Error() string {
	return fmt.Sprintf("unexpected state '%s', wanted target '%s'. last error: %%!s(<nil>)", e.State, e.ExpectedState[0])
}
func (e *UnexpectedStateError) Unwrap() error { return e.LastError }
func (e *ErrorResponse) Error() string {
	return fmt.Sprintf("%v %v: %d %v", e.Response.Request.Method, e.Response.Request.URL, e.Response.StatusCode, e.Message)
}

func (e ErrUnexpectedResponseCode) Error() string {
	return fmt.Sprintf("Expected HTTP response code %v when accessing [%s %s], but got %d instead: %s", e.Expected, e.Method, e.URL, e.Actual, e.Body)
}
func (e ErrUnexpectedResponseCode) GetStatusCode() int { return e.Actual }
func (e PreconditionFailedError) Error() string {
	return "scaleway-sdk-go: precondition failed: , " + e.HelpMessage
}

func (e *TransientStateError) Error() string {
	return fmt.Sprintf("scaleway-sdk-go: resource %s with ID %s is in a transient state: %s", e.Resource, e.ResourceID, e.CurrentState)
}
func (e *ComputeOperationError) Error() string { return e.Errors[0].Message }
func (e soapFaultError) Error() string         { return e.fault.Code + ": " + e.fault.String }
func (e soapFaultError) Fault() any            { return e.fault.Detail }
func (e taskError) Error() string              { return e.LocalizedMessage }
func (e libvirtError) Error() string           { return e.Message }
func (e StatusError) Error() string            { return e.msg }
func (e StatusError) Status() int              { return e.status }
