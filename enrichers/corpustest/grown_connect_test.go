//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"testing"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/types/known/emptypb"
)

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

type empties = connect.Response[emptypb.Empty]

// serveConnect has a server answer every call with handle.
func serveConnect(t *testing.T, handle func(ctx context.Context) error) (url string) {
	server := httptest.NewServer(connect.NewUnaryHandler("/slots.v1.Slots/Reserve",
		func(ctx context.Context, _ *connect.Request[emptypb.Empty]) (*empties, error) {
			return nil, handle(ctx)
		}))
	t.Cleanup(server.Close)
	return server.URL
}

func callConnect(t *testing.T, ctx context.Context, url string) error {
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](newClient(t), url+"/slots.v1.Slots/Reserve")
	_, err := client.CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
	return fmt.Errorf("reserve slot: %w", err)
}
