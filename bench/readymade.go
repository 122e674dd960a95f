package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

// errReadyMade is the failure of the ready-made enrichers: a job that wraps a
// refused connection. It carries a label.
var errReadyMade = enricher.WithLabels(
	fmt.Errorf("fetch prices: %w", &net.OpError{
		Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 4, 17), Port: 443},
		Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
	}), enricher.Labels{"queue": "prices"})

// readyMade are the ready-made enrichers that need no network, by name, with their
// options.
var readyMade = []struct {
	name    string
	options map[string]any
}{
	{"type", nil},
	{"error", nil},
	{"fingerprint", nil},
	{"restart", nil},
	{"owner", map[string]any{"rules": []any{"* platform", "label:type=DEPENDENCY integrations"}}},
	{"rules", map[string]any{"rules": []any{map[string]any{"name": "prices", "message": "fetch (prices|rates)", "set": map[string]any{"reason": "market"}}}}},
	{"attached", map[string]any{"keys": []any{"queue"}}},
	{"static", map[string]any{"labels": map[string]any{"region": "eu"}}},
}

// runReadyMade measures the ready-made enrichers, called without an Enricher.
func runReadyMade(opts options, rep *report, progress io.Writer) error {
	fmt.Fprintf(progress, "Measuring %d ready-made enrichers in %d rounds.\n", len(readyMade), opts.rounds)
	var all []*contestant
	for _, r := range readyMade {
		c, err := newReadyMade(r.name, r.options)
		if err != nil {
			return err
		}
		all = append(all, c)
	}
	if err := calibrate(all, opts.time); err != nil {
		return err
	}
	for range opts.rounds {
		if err := measureInTurn(all); err != nil {
			return err
		}
	}
	t := &table{columns: []column{{title: "enricher"}, {title: "time", right: true}, {title: "allocations", right: true}}}
	for _, c := range all {
		s := c.typical()
		t.add("`"+c.by+"`", inUnits(s.nanoseconds), fmt.Sprintf("%.0f", s.allocs))
	}
	rep.add("Ready-made enrichers", "One call of each, for an error that wraps a refused connection. `owner` and `rules` have two lines and one rule; their time grows with these.", t)
	return nil
}

// newReadyMade returns a contestant that calls one ready-made enricher.
func newReadyMade(name string, options map[string]any) (*contestant, error) {
	factory, ok := enricher.DefaultRegistry().Factory(name)
	if !ok {
		return nil, fmt.Errorf("%w: %q", enricher.ErrUnknownEnricher, name)
	}
	fe, err := factory.CreateFailureEnricher(enricher.NewFactoryConfig(name, options))
	if err != nil {
		return nil, err
	}
	fc := failureContext
	fc.Labels = enricher.Labels{"type": "DEPENDENCY"}
	labels, err := fe.ProcessFailure(context.Background(), errReadyMade, fc)
	if err != nil || len(labels) == 0 {
		return nil, fmt.Errorf("enricher %q: got labels %v: %w", name, labels, err)
	}
	return &contestant{
		by: name, work: "ready-made", enrichers: 1, labels: len(labels), callers: 1, failure: fc,
		enrich: func(ctx context.Context, fc enricher.FailureContext) enricher.Labels {
			labels, _ := fe.ProcessFailure(ctx, errReadyMade, fc)
			return labels
		},
	}, nil
}
