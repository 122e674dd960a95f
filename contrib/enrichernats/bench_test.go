package enrichernats_test

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichernats"
	"github.com/failure-enrichers/enricher/enrichers/owner"
)

// BenchmarkOwner is the cost of a failure for the enricher owner, compiled in and over
// NATS. Server, service and client are in one process, and connected over loopback TCP.
func BenchmarkOwner(b *testing.B) {
	fe, err := owner.New(owner.Options{Rules: []string{"* platform", "job:import-* data-eng"}})
	require.NoError(b, err)
	s := start(b)
	serve(b, s, fe, enrichernats.Options{})
	cause := fmt.Errorf("pushing the rates: %w", &url.Error{Op: "Get", URL: "http://127.0.0.1:1/rates", Err: &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}})
	fc := enricher.FailureContext{JobID: "job-1", JobName: "import-april", Attempt: 1, MaxAttempts: 3}
	for _, c := range []struct {
		name string
		fe   enricher.FailureEnricher
	}{
		{"compiled-in", fe},
		{"nats", client(b, connect(b, s), nil)},
		{"nats-unmasked", client(b, connect(b, s), options{"redact": false})},
		{"nats-coalesced", client(b, connect(b, s), options{"coalesce": "1h"})},
	} {
		run := func(b *testing.B, n int) {
			for range n {
				if l, err := c.fe.ProcessFailure(context.Background(), cause, fc); err != nil || l["team"] != "data-eng" {
					b.Fatal(l, err)
				}
			}
		}
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			run(b, b.N)
		})
		b.Run(c.name+"/64 at once", func(b *testing.B) {
			b.SetParallelism(32)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					run(b, 1)
				}
			})
		})
	}
}
