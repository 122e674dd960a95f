//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"connectrpc.com/connect"
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

func callConnect(t *testing.T, ctx context.Context, url string) error {
	return fmt.Errorf("reserve slot: %w", invokeConnect(t, ctx, url))
}
