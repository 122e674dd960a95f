//go:build linux

package corpustest

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/emptypb"
)

func grpcUnavailable(t *testing.T) error {
	err := grpcCall(t, t.Context(), refusingAddr(t))
	return fmt.Errorf("job 12: %w", fmt.Errorf("reserve: %w", err))
}

func grpcInvalidArgument(t *testing.T) error {
	err := grpcCall(t, t.Context(), grpcServer(t, func(grpc.ServerStream) error {
		return status.Error(codes.InvalidArgument, `order id "abc" is not a number`)
	}))
	return fmt.Errorf("reserve: %w", err)
}

func grpcTimeout(t *testing.T) error {
	call, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	err := grpcCall(t, call, grpcServer(t, func(s grpc.ServerStream) error {
		<-s.Context().Done()
		return s.Context().Err()
	}))
	return fmt.Errorf("stock service did not answer within 50ms: %w", err)
}

func grpcCancelled(t *testing.T) error {
	job, cancel := context.WithCancel(t.Context())
	err := grpcCall(t, job, grpcServer(t, func(s grpc.ServerStream) error {
		cancel() // somebody stops the job while it waits for the answer
		<-s.Context().Done()
		return nil
	}))
	return fmt.Errorf("job 12: %w", fmt.Errorf("reserve: %w", err))
}

// grpcServer returns the address of a server that handles every method in this
// way.
func grpcServer(t *testing.T, handle func(grpc.ServerStream) error) string {
	srv := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, s grpc.ServerStream) error { return handle(s) }))
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	go srv.Serve(l)
	t.Cleanup(srv.Stop)
	return l.Addr().String()
}

func grpcCall(t *testing.T, ctx context.Context, addr string) error {
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close() })
	return conn.Invoke(ctx, "/shop.Orders/Reserve", &emptypb.Empty{}, &emptypb.Empty{})
}

func connectExhausted(t *testing.T) error {
	const procedure = "/shop.Orders/Reserve"
	srv := connect.NewUnaryHandler(procedure,
		func(context.Context, *connect.Request[emptypb.Empty]) (*connect.Response[emptypb.Empty], error) {
			return nil, connect.NewError(connect.CodeResourceExhausted, errors.New("100 requests per second are allowed"))
		})
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](httpClient(t), httpServer(t, srv.ServeHTTP)+procedure)
	_, err := client.CallUnary(t.Context(), connect.NewRequest(&emptypb.Empty{}))
	return fmt.Errorf("reserve: %w", err)
}

// smithyNoSuchKey does what the generated clients of AWS do with an error in XML.
func smithyNoSuchKey(t *testing.T) error {
	url := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		io.WriteString(w, "<Error><Code>NoSuchKey</Code><Message>The specified key does not exist.</Message></Error>")
	})
	resp, err := httpClient(t).Get(url + "/inbox/orders.csv")
	require.NoError(t, err)
	defer resp.Body.Close()
	var answer struct{ Code, Message string }
	require.NoError(t, xml.NewDecoder(resp.Body).Decode(&answer))
	err = &smithy.OperationError{
		ServiceID:     "S3",
		OperationName: "GetObject",
		Err: &smithyhttp.ResponseError{
			Response: &smithyhttp.Response{Response: resp},
			Err:      &smithy.GenericAPIError{Code: answer.Code, Message: answer.Message, Fault: smithy.FaultClient},
		},
	}
	return fmt.Errorf("parameter %q: %w", "input", err)
}
