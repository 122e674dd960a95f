//go:build linux

package corpustest

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
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

// serveGRPC has a server answer every call with handle.
func serveGRPC(t *testing.T, handle func(ctx context.Context) error) (addr string) {
	l := listen(t)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return handle(stream.Context())
	}))
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return l.Addr().String()
}

func callGRPC(t *testing.T, ctx context.Context, addr string) error {
	conn, err := grpc.NewClient(addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	err = conn.Invoke(ctx, "/slots.v1.Slots/Reserve", &emptypb.Empty{}, &emptypb.Empty{})
	return fmt.Errorf("reserve slot: %w", err)
}
