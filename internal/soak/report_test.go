package soak_test

import (
	"context"
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"strconv"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

// A report is a failure on its way to a generation.
type report struct {
	id    uint64
	cause error
	ctx   context.Context
	fc    enricher.FailureContext
	began time.Time
}

type idKey struct{}

// withValue is the JobID of a failure whose context has its number.
const withValue = "with value"

// newReport returns a report of a new failure.
func (r *round) newReport(random *rand.Rand) *report {
	id := r.ids.Add(1)
	text := strconv.FormatUint(id, 10)
	rep := &report{
		id:    id,
		cause: newCause(random),
		fc: enricher.FailureContext{
			ID:         text,
			Attributes: map[string]string{"id": text},
			Labels:     enricher.Labels{"forged": "x"}, // ignored
		},
	}
	if random.IntN(4) > 0 {
		rep.ctx = context.WithValue(context.Background(), idKey{}, id)
		rep.fc.JobID = withValue
	}
	if rep.ctx != nil && random.IntN(2) == 0 {
		ctx, cancel := context.WithCancel(rep.ctx)
		cancel()
		rep.ctx = ctx
	}
	rep.began = time.Now()
	return rep
}

// report hands one failure, or a few, to the current generation in a random way.
func (r *round) report(random *rand.Rand) {
	g := r.current.Load()
	switch random.IntN(16) {
	case 0, 1, 2:
		r.enrich(g, r.newReport(random))
	case 3, 4, 5:
		r.enrichContext(g, r.newReport(random))
	case 6, 7, 8, 9:
		r.enrichAndResult(g, r.newReport(random))
	case 10, 11, 12:
		r.enrichAndWait(g, r.newReport(random), random)
	case 13:
		r.burst(g, random)
	default:
		r.explain(g, r.newReport(random))
	}
}

func (r *round) enrich(g *generation, rep *report) {
	g.begin(rep, false)
	rep.fc = enricher.FailureContext{}
	rep.cause = numbered(rep.id)
	labels := g.e.Enrich(rep.cause)
	took := time.Since(rep.began)
	res, observed := g.resultOf(rep.id)
	if !observed {
		res = g.rejection(enricher.ErrShutdown)
	}
	if labels == nil || !maps.Equal(labels, res.Labels) {
		g.faultf("failure %d: Enrich returns the labels %v, and observers got %v", rep.id, labels, res.Labels)
	}
	g.settle(rep, res, took)
}

func (r *round) enrichContext(g *generation, rep *report) {
	g.begin(rep, false)
	res := g.e.EnrichContext(rep.ctx, rep.cause, rep.fc)
	g.settle(rep, res, time.Since(rep.began))
}

func (r *round) enrichAndResult(g *generation, rep *report) {
	f := g.enrichAsync(rep)
	res := f.Result()
	took := time.Since(rep.began)
	spoilAll(enricher.FailureContext{}, f.Result()) // a copy for each
	g.settle(rep, res, took)
}

// enrichAndWait leaves early, and comes back for the result.
func (r *round) enrichAndWait(g *generation, rep *report, random *rand.Rand) {
	ctx, cancel := context.WithTimeoutCause(context.Background(), upTo(random, r.budget), errImpatient)
	defer cancel()
	f := g.enrichAsync(rep)
	res, err := f.Wait(ctx)
	took := time.Since(rep.began)
	if err != nil {
		if !errors.Is(err, errImpatient) || res.Labels == nil || len(res.Labels)+len(res.Outcomes) > 0 {
			g.faultf("failure %d: Wait returns %v and %v", rep.id, res, err)
		}
		res, err = f.Wait(never)
		took = time.Since(rep.began)
	}
	if err != nil {
		g.faultf("failure %d: Wait returns %v, without a reason", rep.id, err)
	}
	g.settle(rep, res, took)
}

var (
	errImpatient = errors.New("no time to wait")
	never        context.Context // a nil one never ends
)

// burst reports as many failures at once as MaxPending may allow, or more.
func (r *round) burst(g *generation, random *rand.Rand) {
	reports := make([]*report, 1+random.IntN(r.bursts))
	futures := make([]*enricher.Future, len(reports))
	for i := range reports {
		reports[i] = r.newReport(random)
		futures[i] = g.enrichAsync(reports[i])
	}
	for i, f := range futures {
		<-f.Done()
		took := time.Since(reports[i].began)
		g.settle(reports[i], f.Result(), took)
	}
}

func (g *generation) enrichAsync(rep *report) *enricher.Future {
	g.begin(rep, true)
	f := g.e.EnrichAsync(rep.ctx, rep.cause, rep.fc)
	spoil(rep.fc.Attributes) // they have been copied
	return f
}

// explain asks for an explanation, which has to agree with the model like a Result.
func (r *round) explain(g *generation, rep *report) {
	g.mu.Lock()
	f := g.failure(rep.id)
	f.explained = true
	g.mu.Unlock()
	x := g.e.Explain(rep.ctx, rep.cause, rep.fc)
	took := time.Since(rep.began)
	res := enricher.Result{Labels: x.Labels}
	for _, m := range g.members {
		i := slices.IndexFunc(x.Answers, func(a enricher.ExplainedAnswer) bool { return a.Outcome.Enricher == m.name })
		if i < 0 || len(x.Answers) != len(g.members) {
			g.faultf("failure %d: Explain has %d answers, %q at %d", rep.id, len(x.Answers), m.name, i)
			return
		}
		if x.Answers[i].Wave != m.depth {
			g.faultf("failure %d: Explain asks %s in wave %d, must be %d", rep.id, m.name, x.Answers[i].Wave, m.depth)
		}
		res.Outcomes = append(res.Outcomes, x.Answers[i].Outcome)
	}
	g.settle(rep, res, took)
}

// numberOf returns the number of a failure, by which its enrichers know it: that of its
// cause, or else its ID.
func numberOf(why error, fc enricher.FailureContext) uint64 {
	if c, ok := why.(numbered); ok {
		return uint64(c)
	}
	n, _ := strconv.ParseUint(fc.ID, 10, 64)
	return n
}

// A numbered failure can be enriched without an ID.
type numbered uint64

func (numbered) Error() string { return "the job has failed" }

// newCause returns an ordinary cause, or one that cannot be printed, is cyclic, cannot
// be compared or is a nil pointer.
func newCause(random *rand.Rand) error {
	switch random.IntN(8) {
	case 0:
		return hostile.Panics{}
	case 1:
		return hostile.Cycle(nil, 1)
	case 2:
		return hostile.Join(nil, errors.New("a thing"), hostile.PanicsWithItself{}, hostile.Slice{})
	case 3:
		all := hostile.Errors()
		return all[random.IntN(len(all))].Err
	}
	return errors.New("the job has failed")
}
