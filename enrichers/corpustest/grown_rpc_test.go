//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"testing"

	"connectrpc.com/connect"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
)

// grpcFailures are those of calls that ended with a status.
var grpcFailures = []provocation{
	grpcCode(codes.InvalidArgument),
	grpcCode(codes.NotFound),
	grpcCode(codes.AlreadyExists),
	grpcCode(codes.PermissionDenied),
	grpcCode(codes.Unauthenticated),
	grpcCode(codes.ResourceExhausted),
	grpcCode(codes.FailedPrecondition),
	grpcCode(codes.Aborted),
	grpcCode(codes.OutOfRange),
	grpcCode(codes.Unimplemented),
	grpcCode(codes.Internal),
	grpcCode(codes.Unavailable),
	grpcCode(codes.DataLoss),
	grpcCode(codes.Unknown),
	{"grpc server not there", func(t *testing.T) error { return callGRPC(t, t.Context(), refusing(t)) }},
	{"grpc deadline of the call", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		return callGRPC(t, ctx, serveGRPC(t, func(ctx context.Context) error { <-ctx.Done(); return ctx.Err() }))
	}},
	{"grpc call of a job that was cancelled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		return callGRPC(t, ctx, serveGRPC(t, func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }))
	}},
}

func grpcCode(code codes.Code) provocation {
	return provocation{"grpc " + code.String(), func(t *testing.T) error {
		return callGRPC(t, t.Context(), serveGRPC(t, func(context.Context) error { return status.Error(code, "no") }))
	}}
}

func callGRPC(t *testing.T, ctx context.Context, addr string) error {
	return fmt.Errorf("reserve slot: %w", invoke(t, ctx, addr))
}

// connectFailures are those of calls that ended with a code.
var connectFailures = []provocation{
	connectCode(connect.CodeInvalidArgument),
	connectCode(connect.CodeNotFound),
	connectCode(connect.CodeUnauthenticated),
	connectCode(connect.CodePermissionDenied),
	connectCode(connect.CodeResourceExhausted),
	connectCode(connect.CodeAborted),
	connectCode(connect.CodeInternal),
	connectCode(connect.CodeUnavailable),
	{"connect server not there", func(t *testing.T) error {
		return callConnect(t, t.Context(), "http://"+refusing(t))
	}},
	{"connect deadline of the call", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		return callConnect(t, ctx, "http://"+serve(t, silent))
	}},
	{"connect call of a job that was cancelled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		return callConnect(t, ctx, serveConnect(t, func(ctx context.Context) error { cancel(); <-ctx.Done(); return ctx.Err() }))
	}},
}

func connectCode(code connect.Code) provocation {
	return provocation{"connect " + code.String(), func(t *testing.T) error {
		url := serveConnect(t, func(context.Context) error { return connect.NewError(code, errors.New("no")) })
		return callConnect(t, t.Context(), url)
	}}
}

func callConnect(t *testing.T, ctx context.Context, url string) error {
	return fmt.Errorf("reserve slot: %w", invokeConnect(t, ctx, url))
}

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
