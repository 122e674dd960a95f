//go:build linux

package corpustest

import (
	"context"
	"fmt"
	"net"
	"testing"

	"golang.org/x/net/dns/dnsmessage"
)

// dnsFailures are those of names.
var dnsFailures = []provocation{
	{"name not found", func(t *testing.T) error {
		return lookUp(t.Context(), resolver(t, dnsmessage.RCodeNameError))
	}},
	{"name server fails", func(t *testing.T) error {
		return lookUp(t.Context(), resolver(t, dnsmessage.RCodeServerFailure))
	}},
	{"name server silent", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		return lookUp(ctx, resolverOf(newNameServer(t)))
	}},
	{"name impossible", func(t *testing.T) error {
		_, err := net.DefaultResolver.LookupHost(t.Context(), "bad..name")
		return fmt.Errorf("resolve broker: %w", err)
	}},
}

// lookUp connects to a host by its name.
func lookUp(ctx context.Context, resolver *net.Resolver) error {
	_, err := (&net.Dialer{Resolver: resolver}).DialContext(ctx, "tcp", "broker.example.org.:9092")
	return fmt.Errorf("connect to broker: %w", err)
}
