package storetest

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// testLayers passes failures to a history several times, as layers of a service do that
// know nothing of each other, and checks that it keeps each once.
func testLayers(s *store) {
	ctx := s.t.Context()
	h := exceptions.NewHistory(exceptions.Options{Store: s.Store})
	defer func() { s.ok(h.Close(ctx)) }()
	open := func(cfg enricher.Config, opts ...enricher.Option) *enricher.Enricher {
		e, err := enricher.New(cfg, append(opts, enricher.WithLogger(slog.New(slog.DiscardHandler)))...)
		s.ok(err)
		return e
	}
	hold, held := make(chan struct{}), make(chan struct{})
	defer close(hold)
	labeling := enricher.WithEnricher("e", enricher.Func([]string{"k"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
		if fc.JobID == "holds" {
			close(held)
			<-hold
		}
		return enricher.Labels{"k": fc.JobID}, nil
	}))
	e, observed := open(enricher.Config{}, labeling), open(enricher.Config{}, labeling, enricher.WithObserver(h), enricher.WithObserver(h))
	none, down, full := open(enricher.Config{}), open(enricher.Config{}, labeling), open(enricher.Config{MaxPending: 1, Timeout: time.Minute}, labeling, enricher.WithObserver(h))
	s.ok(down.Shutdown(ctx))
	boom := errors.New("boom")
	full.EnrichAsync(ctx, boom, enricher.FailureContext{JobID: "holds"})
	<-held
	type facts = enricher.FailureContext
	want := facts{JobName: "Nightly", TaskName: "map", Type: enricher.FailureTypeTask, Attempt: 2, MaxAttempts: 3, Time: start, Attributes: map[string]string{"queue": "q"}}
	carry := enricher.WithResult
	alone := func(e *enricher.Enricher, fc facts) error { return carry(boom, e.EnrichContext(ctx, boom, fc)) }
	later := func(e *enricher.Enricher, fc facts) error { return carry(boom, e.EnrichAsync(ctx, boom, fc).Result()) }
	kept := func(e *enricher.Enricher, fc facts) error { return carry(boom, h.Enrich(ctx, e, boom, fc)) }
	keptLater := func(e *enricher.Enricher, fc facts) error {
		return carry(boom, h.EnrichAsync(ctx, e, boom, fc).Result())
	}
	told := func(e *enricher.Enricher, fc facts) error {
		res := e.EnrichAsync(ctx, boom, fc).Result()
		h.ObserveFailure(ctx, boom, fc, res)
		return carry(boom, res)
	}
	both := func(first func(*enricher.Enricher, facts) error) func(*enricher.Enricher, facts) error {
		return func(e *enricher.Enricher, fc facts) error {
			err := first(e, fc)
			return carry(err, e.EnrichContext(ctx, err, facts{JobID: fc.JobID}))
		}
	}
	for job, c := range map[string]struct {
		first func(*enricher.Enricher, facts) error
		e     *enricher.Enricher
		bare  bool // it is never labeled
	}{
		"an Enricher":                   {alone, e, false},
		"an Enricher, later":            {later, e, false},
		"an observing history":          {alone, observed, false},
		"an observing history, later":   {later, observed, false},
		"a history":                     {kept, e, false},
		"a history, later":              {keptLater, e, false},
		"a history in both ways":        {kept, observed, false},
		"no enrichers":                  {kept, none, true},
		"no enrichers, and an Enricher": {both(kept), none, true},
		"no Enricher":                   {kept, nil, true},
		"shut down":                     {kept, down, true},
		"shut down, and an Enricher":    {both(kept), down, true},
		"shut down before":              {alone, down, true},
		"overloaded":                    {keptLater, full, false},
		"overloaded, and observed":      {both(keptLater), full, false},
		"overloaded before":             {later, full, false},
		"overloaded, and told so":       {both(told), full, false},
	} {
		fc := want
		fc.JobID, fc.Attributes = job, maps.Clone(want.Attributes)
		err := c.first(c.e, fc)
		fc.Attributes["queue"] = "changed"
		for _, again := range []facts{{}, {JobID: job}, {Time: start.Add(time.Hour), Attempt: 2}} {
			err = carry(fmt.Errorf("again: %w", err), h.For(c.e).EnrichContext(ctx, err, again))
			h.EnrichAsync(ctx, c.e, err, again).Result()
		}
		s.ok(h.Flush(ctx))
		q := exceptions.Query{JobIDs: []string{job}, By: "k"}
		kept := s.all(q)
		s.same(job+": how often the failure is kept", len(kept), 1)
		if len(kept) != 1 {
			continue
		}
		k := kept[0]
		s.same(job+": the failure", facts{
			JobID: k.JobID, JobName: k.JobName, TaskName: k.TaskName, Type: k.Type, Attempt: k.Attempt, MaxAttempts: k.MaxAttempts,
			Time: k.Time.UTC(), Attributes: k.Attributes,
		}, facts{
			JobID: job, JobName: "Nightly", TaskName: "map", Type: enricher.FailureTypeTask, Attempt: 2, MaxAttempts: 3,
			Time: start, Attributes: want.Attributes,
		})
		labels, state := enricher.Labels{"k": job}, exceptions.GroupNew
		if c.bare {
			labels, state = enricher.Labels{}, exceptions.GroupOngoing
		}
		s.same(job+": its labels", k.Labels, labels)
		s.same(job+": its group", s.groups(q)[0].State, state)
	}
	for range 2 { // failures with one ID are still two
		err := carry(boom, e.EnrichContext(ctx, boom, facts{ID: "id", JobID: "same"}))
		h.Enrich(ctx, e, err, facts{})
		h.Enrich(ctx, e, err, facts{})
	}
	h.Enrich(ctx, e, carry(boom, e.EnrichContext(ctx, boom, facts{JobID: "child"})), facts{JobID: "same"})
	s.ok(h.Flush(ctx))
	s.same("failures with one ID, and that of a parent", len(s.all(exceptions.Query{JobIDs: []string{"same"}})), 3)
}
