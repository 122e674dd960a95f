//go:build linux

package corpustest

import (
	"context"
	"fmt"
	"testing"

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
