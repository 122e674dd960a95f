//go:build linux

package corpustest

import (
	"fmt"
	"io"
	"net/http"
	"testing"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
)

// smithyFailures are those that the clients of AWS report.
var smithyFailures = []provocation{
	smithyCode(http.StatusBadRequest, "ThrottlingException"),
	smithyCode(http.StatusBadRequest, "ValidationException"),
	smithyCode(http.StatusForbidden, "AccessDenied"),
	smithyCode(http.StatusNotFound, "NoSuchKey"),
	smithyCode(http.StatusInternalServerError, "InternalError"),
	smithyCode(http.StatusServiceUnavailable, "SlowDown"),
	{"aws not there", func(t *testing.T) error { return callSmithy(t, "http://"+refusing(t)) }},
}

// smithyCode is a call that a server answers with a code.
func smithyCode(status int, code string) provocation {
	return provocation{"aws " + code, func(t *testing.T) error {
		return callSmithy(t, newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = io.WriteString(w, code)
		}))
	}}
}

// callSmithy fails the way that a generated client does.
func callSmithy(t *testing.T, url string) error {
	res, err := newClient(t).Get(url)
	if err != nil {
		err = &smithy.OperationError{ServiceID: "S3", OperationName: "GetObject", Err: &smithyhttp.RequestSendError{Err: err}}
		return fmt.Errorf("load model: %w", err)
	}
	defer res.Body.Close()
	code, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return fmt.Errorf("load model: %w", s3Error(res, "GetObject", string(code)))
}
