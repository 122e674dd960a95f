//go:build linux

package corpustest

import (
	"context"
	"fmt"
	"net"
	"testing"

	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

func unseenInventoryUnreachable(t *testing.T) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	err = unseenInvoke(t.Context(), t, listener.Addr().String())
	return fmt.Errorf("reserve stock: %w", err)
}

func unseenLabelInvalid(t *testing.T) error {
	addr := unseenGRPCServer(t, func(any, grpc.ServerStream) error {
		return status.Error(codes.InvalidArgument, "parcel.weight: must be positive")
	})
	err := unseenInvoke(t.Context(), t, addr)
	return fmt.Errorf("order 5: %w", fmt.Errorf("print label: %w", err))
}

func unseenCallAbandoned(t *testing.T) error {
	ctx, cancel := context.WithCancel(t.Context())
	addr := unseenGRPCServer(t, func(_ any, stream grpc.ServerStream) error {
		cancel() // the operator stops the job while the call is under way
		<-stream.Context().Done()
		return stream.Context().Err()
	})
	return fmt.Errorf("score customers: %w", unseenInvoke(ctx, t, addr))
}

// unseenGRPCServer answers every method with handle.
func unseenGRPCServer(t *testing.T, handle grpc.StreamHandler) string {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	server := grpc.NewServer(grpc.UnknownServiceHandler(handle))
	go func() { _ = server.Serve(listener) }()
	t.Cleanup(server.Stop)
	return listener.Addr().String()
}

func unseenInvoke(ctx context.Context, t *testing.T, addr string) error {
	conn, err := grpc.NewClient("passthrough:///"+addr,
		grpc.WithTransportCredentials(insecure.NewCredentials()), grpc.WithNoProxy())
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.Invoke(ctx, "/fulfilment.v1.Fulfilment/Do", &emptypb.Empty{}, &emptypb.Empty{})
}
