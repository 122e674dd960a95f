//go:build linux

package corpustest

import (
	"fmt"
	"net/http"
	"testing"
)

// batchLater were written after the enrichers had been improved with the others of batch.
var batchLater = append([]provocation{
	{"pagerduty/rate-limited", func(*testing.T) error {
		return fmt.Errorf("page: %w", pagerAPIError{StatusCode: 429, message: "HTTP response with status code 429 does not contain an API error"})
	}},
	{"weaviate/not-ready", func(*testing.T) error {
		return &WeaviateClientError{true, 503, `{"error":[{"message":"not ready"}]}`, nil}
	}},
	{"typesense/lagging", func(*testing.T) error {
		return fmt.Errorf("index: %w", &typesenseHTTPError{503, []byte(`{"message": "Not Ready or Lagging"}`)})
	}},
	{"auth0/rate-limited", func(*testing.T) error {
		return fmt.Errorf("sync users: %w", &managementError{429, "Too Many Requests", "Global limit has been reached"})
	}},
	{"okta/rate-limited", func(*testing.T) error {
		return fmt.Errorf("sync users: %w", &oktaError{ErrorCode: "E0000047", ErrorSummary: "API call exceeded rate limit due to too many requests."})
	}},
	{"mattermost/unavailable", func(*testing.T) error {
		return &AppError{Id: "api.context.503.app_error", Message: "The server is unavailable.", StatusCode: 503, Where: "doPost"}
	}},
	{"matrix/limit-exceeded", func(*testing.T) error {
		return fmt.Errorf("notify: %w", matrixHTTPError{Response: &http.Response{StatusCode: 429}, RespError: &RespError{ErrCode: "M_LIMIT_EXCEEDED", Err: "Too Many Requests"}})
	}},
	{"arangodb/write-conflict", func(*testing.T) error {
		return fmt.Errorf("save: %w", ArangoError{true, 409, 1200, "write-write conflict; key: 4711"})
	}},
	{"tarantool/duplicate", func(*testing.T) error {
		return fmt.Errorf("insert: %w", tarantoolError{3, `Duplicate key exists in unique index "primary" in space "jobs"`})
	}},
	{"linode/busy", func(*testing.T) error {
		return fmt.Errorf("resize disk: %w", linodeError{Code: 400, Message: "Linode busy."})
	}},
	{"keycloak/conflict", func(*testing.T) error {
		return fmt.Errorf("create user: %w", &cloakAPIError{409, "409 Conflict: User exists with same username", "unknown"})
	}},
	{"firebase/unavailable", func(*testing.T) error {
		return &FirebaseError{"UNAVAILABLE", "The service is currently unavailable.", &http.Response{StatusCode: 503}, map[string]any{}}
	}},
	{"azure/autorest-conflict", func(*testing.T) error {
		return fmt.Errorf("update: %w", &RequestErrorOfAzure{DetailedError{nil, "network.VirtualNetworksClient", "CreateOrUpdate", 409, "Failure sending request"}, &azureServiceError{"AnotherOperationInProgress", "Another operation on this resource is in progress."}})
	}},
}, texts(map[string]string{
	"dapr/stop":                      "error invoking service billing: rpc error: code = Canceled desc = grpc: the client connection is closing",
	"dgraph/aborted":                 "Transaction has been aborted. Please retry",
	"ydb/overloaded":                 "operation/OVERLOADED (code = 400060, address = ydb:2136, issues = [{'Rejecting data TxId due to tablet overload'}])",
	"duckdb/file-locked":             `IO Error: Could not set lock on file "/data/a.db": Conflicting lock is held in python (PID 7)`,
	"text/vsphere-permission":        "Error calling vm.vm.Clone task: ServerFaultCode: Permission to perform this operation was denied.",
	"text/databricks-authentication": "Authentication is temporarily unavailable. Please try again later. [TraceId: -]",
	"text/databricks-launch":         "cannot create sql endpoint: failed waiting for warehouse to start: timed out: Clusters are failing to launch. Cluster launch will be retried.",
	"text/databricks-exists":         "cannot create sql endpoint: failed creating warehouse: SQL warehouse with name `nightly` already exists",
	"text/argocd-timeout":            "error getting cached app resource tree: ComparisonError: rpc error: code = Internal desc = Failed to fetch default: `git fetch origin --tags --force --prune` failed timeout after 1m30s",
	"text/argocd-no-username":        "Error during fetching repo: `git fetch origin --tags --force` failed exit status 128: fatal: could not read Username for 'https://gitlab.example.com': No such device or address",
	"text/kopia-short-blob":          "error opening repository: error connecting: unable to create shared content manager: error loading indexes: error decrypting BLOB xn3_cb5c-sbf30-c1: ciphertext too short: 0",
	"text/kopia-no-terminal":         "unable to open repository: get password: password prompt error: inappropriate ioctl for device",
	"text/loki-out-of-order":         `server returned HTTP status 400 Bad Request (400): entry with timestamp 2019-10-24 20:18:33.8265 +0000 UTC ignored, reason: 'entry out of order' for stream: {unit="loki.service"},`,
	"text/csi-already-exists":        `MountVolume.MountDevice failed for volume "pvc-44a6185b" : rpc error: code = Aborted desc = An operation with the given Volume ID pvc-44a6185b already exists`,
	"text/kubelet-volumes":           "Unable to attach or mount volumes: unmounted volumes=[storage], unattached volumes=[token storage]: timed out waiting for the condition",
	"text/doctl-invalid":             "POST https://api.digitalocean.com/v2/droplets: 422 Invalid volume allocations",
	"text/asynq-not-found":           "could not move task to archive: INTERNAL_ERROR: redis eval error: NOT FOUND",
	"text/restic-invalid-lock":       "Fatal: unable to create lock in backend: load <lock/44825f7067>: invalid data returned",
	"text/nomad-create-timeout":      "Failed to create container from image quay.io/acme/php: Post http://unix.sock/containers/create?name=server-737f: net/http: request canceled (Client.Timeout exceeded while awaiting headers)",
	"text/milvus-rate":               "/milvus.proto.milvus.MilvusService/ShowCollections is rejected by grpc RateLimiter middleware, please retry later.",
	"text/milvus-memory":             "show collection failed: load segment failed, OOM if load, maxSegmentSize = 273.5058546066284 MB, concurrency = 1, memUsage = 8080.96875 MB",
	"text/tidb-no-table":             "collect local duplicate rows failed: insert data conflict error record failed: Error 1146: Table 'lightning_task_info.conflict_error_v1' doesn't exist",
	"text/tidb-import-mode":          "[schema:8258] Table t2 is in mode Import",
	"text/tikv-no-leader":            "import engine 7: write to tikv with no leader returned, region 812",
	"text/crossplane-module":         "cannot initialize Terraform configuration: unreadable module directory",
	"text/proxmox-lock":              "500 can't lock file '/var/lock/qemu-server/lock-100.conf' - got timeout",
	"text/helm-name-in-use":          "INSTALLATION FAILED: cannot re-use a name that is still in use",
	"text/pdfcpu-password":           "optimize report.pdf: pdfcpu: please provide the correct password",
})...)

type (
	pagerAPIError struct {
		StatusCode int `json:"-"`
		message    string
	}
	WeaviateClientError struct {
		IsUnexpectedStatusCode bool
		StatusCode             int
		Msg                    string
		DerivedFromError       error
	}
	typesenseHTTPError struct {
		Status int
		Body   []byte
	}
	managementError struct {
		StatusCode   int
		Err, Message string
	}
	oktaError struct {
		ErrorMessage, ErrorSummary, ErrorCode, ErrorLink, ErrorId string
		ErrorCauses                                               []map[string]any
	}
	AppError struct {
		Id, Message, DetailedError, RequestId string
		StatusCode                            int
		Where                                 string
	}
	RespError struct {
		ErrCode, Err string
		ExtraData    map[string]any
	}
	matrixHTTPError struct {
		Request      *http.Request
		Response     *http.Response
		ResponseBody string
		WrappedError error
		RespError    *RespError
	}
	ArangoError struct {
		HasError       bool
		Code, ErrorNum int
		ErrorMessage   string
	}
	tarantoolError struct {
		Code uint32
		Msg  string
	}
	linodeError struct {
		Response *http.Response
		Code     int
		Message  string
	}
	cloakAPIError struct {
		Code          int
		Message, Type string
	}
	FirebaseError struct {
		ErrorCode, String string
		Response          *http.Response
		Ext               map[string]any
	}
	DetailedError struct {
		Original            error
		PackageType, Method string
		StatusCode          any
		Message             string
	}
	azureServiceError   struct{ Code, Message string }
	RequestErrorOfAzure struct {
		DetailedError
		ServiceError *azureServiceError
	}
)

func (e pagerAPIError) Error() string {
	return fmt.Sprintf("HTTP response failed with status code %d and no JSON error object was present", e.StatusCode)
}

func (e *WeaviateClientError) Error() string {
	return fmt.Sprintf("status code: %d, error: %s", e.StatusCode, e.Msg)
}
func (e *WeaviateClientError) Unwrap() error { return e.DerivedFromError }
func (e *typesenseHTTPError) Error() string {
	return fmt.Sprintf("status: %v response: %s", e.Status, e.Body)
}

func (e *managementError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.StatusCode, e.Err, e.Message)
}
func (e *managementError) Status() int { return e.StatusCode }
func (e *oktaError) Error() string     { return "the API returned an error: " + e.ErrorSummary }
func (e *AppError) Error() string      { return e.Where + ": " + e.Message }
func (e matrixHTTPError) Error() string {
	return e.RespError.ErrCode + " (HTTP 429): " + e.RespError.Err
}

func (e matrixHTTPError) Unwrap() error {
	if e.WrappedError != nil {
		return e.WrappedError
	}
	return e.RespError
}
func (e *RespError) Error() string     { return e.ErrCode + ": " + e.Err }
func (e ArangoError) Error() string    { return e.ErrorMessage }
func (e tarantoolError) Error() string { return fmt.Sprintf("%s (0x%x)", e.Msg, e.Code) }
func (e linodeError) Error() string    { return fmt.Sprintf("[%03d] %s", e.Code, e.Message) }
func (e linodeError) StatusCode() int  { return e.Code }
func (e *cloakAPIError) Error() string { return e.Message }
func (e *FirebaseError) Error() string { return e.String }
func (e DetailedError) Error() string {
	return fmt.Sprintf("%s#%s: %s: StatusCode=%v", e.PackageType, e.Method, e.Message, e.StatusCode)
}

func (e *RequestErrorOfAzure) Error() string {
	return e.DetailedError.Error() + ` -- Original Error: Code="` + e.ServiceError.Code + `"`
}
