package webhook_test

import (
	"errors"
	"strconv"
	"testing"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func BenchmarkProcessFailure(b *testing.B) {
	fc := full
	process := func(b *testing.B, e *webhook.Enricher, cause error) {
		if _, err := e.ProcessFailure(b.Context(), cause, fc); err != nil {
			b.Fatal(err)
		}
	}
	b.Run("not-matched", func(b *testing.B) {
		opts := to(newServer(b))
		opts.When = map[string][]string{"type": {"USER"}}
		e := newWebhook(b, opts)
		b.ReportAllocs()
		for b.Loop() {
			process(b, e, errJob)
		}
	})
	b.Run("held-back", func(b *testing.B) {
		e := newWebhook(b, to(newServer(b)))
		process(b, e, errJob)
		b.ReportAllocs()
		for b.Loop() {
			process(b, e, errJob)
		}
	})
	b.Run("held-back-by-fingerprint", func(b *testing.B) {
		e := newWebhook(b, to(newServer(b)))
		fc := fc
		fc.Labels = enricher.Labels{"fingerprint": "5f1d", "type": "SYSTEM"}
		b.ReportAllocs()
		for b.Loop() {
			if _, err := e.ProcessFailure(b.Context(), errJob, fc); err != nil {
				b.Fatal(err)
			}
		}
	})
	for _, preset := range []string{"json", "slack", "pagerduty"} {
		b.Run("sent-"+preset, func(b *testing.B) {
			opts := to(newServer(b))
			opts.Preset = preset
			if preset == "pagerduty" {
				opts.RoutingKey.Value = "R0123456789"
			}
			opts.RateLimit = -1
			e := newWebhook(b, opts)
			n := 0
			b.ReportAllocs()
			for b.Loop() {
				n++
				process(b, e, errors.New(strconv.Itoa(n)))
			}
			if sent := e.Stats().Sent; sent != uint64(n) {
				b.Fatalf("%d of %d were sent", sent, n)
			}
		})
	}
}
