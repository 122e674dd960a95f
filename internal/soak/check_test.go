package soak_test

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A failure is what is known of one failure that was handed in.
type failure struct {
	async     bool
	explained bool // by Explain, of which no observer was called
	settled   bool
	observed  int             // how often the observer was called for it
	seen      enricher.Result // what it got, until the failure is settled
	outcomes  []enricher.Status
}

// failure returns what is known of a failure, with mu held.
func (g *generation) failure(id uint64) *failure {
	f := g.failures[id]
	if f == nil {
		f = &failure{}
		g.failures[id] = f
	}
	return f
}

// begin notes that a failure is handed in.
func (g *generation) begin(rep *report, async bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.reported++
	g.failure(rep.id).async = async
}

// resultOf returns what the observer was called for a failure.
func (g *generation) resultOf(id uint64) (res enricher.Result, observed bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	f := g.failure(id)
	res = f.seen
	res.Labels = res.Labels.Clone()
	return res, f.observed > 0
}

// rejection returns the Result of a failure that is rejected.
func (g *generation) rejection(why error) enricher.Result {
	res := enricher.Result{Labels: enricher.Labels{}}
	for _, m := range g.members {
		res.Outcomes = append(res.Outcomes, enricher.Outcome{Enricher: m.name, Status: enricher.StatusSkipped, Err: why})
	}
	return res
}

// rejectedBy returns why all enrichers were skipped, nil if they were not.
func rejectedBy(res enricher.Result) error {
	for _, why := range []error{enricher.ErrShutdown, enricher.ErrOverloaded} {
		if len(res.Outcomes) > 0 && !slices.ContainsFunc(res.Outcomes, func(o enricher.Outcome) bool {
			return o.Status != enricher.StatusSkipped || !errors.Is(o.Err, why)
		}) {
			return why
		}
	}
	return nil
}

// settle checks the Result of a failure, spoils it, and counts what it says.
func (g *generation) settle(rep *report, res enricher.Result, took time.Duration) {
	g.mu.Lock()
	f := g.failure(rep.id)
	seen, observed := f.seen, f.observed > 0
	f.seen, f.settled = enricher.Result{}, true
	g.mu.Unlock()
	if res.Labels == nil {
		g.faultf("failure %d: the labels are nil", rep.id)
	}
	names := func(o enricher.Outcome, m *member) bool { return o.Enricher == m.name }
	if !slices.EqualFunc(res.Outcomes, g.members, names) {
		g.faultf("failure %d: the outcomes %v are not one for each enricher, in order", rep.id, res.Outcomes)
		return
	}
	switch why := rejectedBy(res); {
	case observed:
		g.checkSeen(rep.id, res, seen)
		g.checkResult(rep, res, took)
	case f.explained && why == nil:
		g.checkResult(rep, res, took)
	default:
		g.checkRejected(rep.id, res, why)
	}
	g.count(rep, f, res)
	before := res.Labels.Clone()
	for i, o := range res.Outcomes {
		if o.Status == enricher.StatusOK {
			g.members[i].spoilKept(rep.id)
		}
	}
	if !maps.Equal(before, res.Labels) {
		g.faultf("failure %d: an enricher has changed labels that were returned", rep.id)
	}
	spoilAll(enricher.FailureContext{}, res)
}

// count adds the outcomes of a failure to those of its generation.
func (g *generation) count(rep *report, f *failure, res enricher.Result) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.r.figures.failures.Add(1)
	for i, o := range res.Outcomes {
		f.outcomes = append(f.outcomes, o.Status)
		g.all[i][o.Status]++
		if !f.explained {
			g.counts[i][o.Status]++
			g.issues[i] += uint64(min(len(o.Issues), 1))
		}
		g.r.figures.outcomes[o.Status].Add(1)
	}
}

// checkRejected checks the Result of a failure for which no observer was called.
func (g *generation) checkRejected(id uint64, res enricher.Result, why error) {
	if why == nil && len(res.Outcomes) > 0 {
		g.faultf("failure %d: no observer was called, though the outcomes are %v", id, res.Outcomes)
	}
	if len(res.Labels) > 0 {
		g.faultf("failure %d: it was rejected, and has the labels %v", id, res.Labels)
	}
	if why == enricher.ErrShutdown && !g.shutting.Load() {
		g.faultf("failure %d: rejected, before Shutdown was called", id)
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	if f := g.failure(id); !f.explained && why != nil {
		g.rejected[why]++
	} else if f.explained && why == enricher.ErrOverloaded {
		g.faultf("failure %d: Explain is overloaded", id)
	}
}

// checkSeen checks that the observer and the caller got the same.
func (g *generation) checkSeen(id uint64, res, seen enricher.Result) {
	same := func(a, b enricher.Outcome) bool {
		return a.Enricher == b.Enricher && a.Status == b.Status && a.Duration == b.Duration && len(a.Issues) == len(b.Issues)
	}
	if !maps.Equal(res.Labels, seen.Labels) || !slices.EqualFunc(res.Outcomes, seen.Outcomes, same) {
		g.faultf("failure %d: the caller gets %v, and the observer %v", id, res, seen)
	}
}

// checkResult checks what a failure that was accepted has come to. Labels are
// there if, and only if, their enricher's status is OK; and then they are
// exactly those of the model.
func (g *generation) checkResult(rep *report, res enricher.Result, took time.Duration) {
	want := enricher.Labels{}
	for i, o := range res.Outcomes {
		m := g.members[i]
		sc := m.script(rep.id)
		g.checkOutcome(m, rep, sc, o)
		if o.Status == enricher.StatusTimedOut && took < m.limit() {
			g.faultf("failure %d: %s timed out before its %v were over, after %v", rep.id, m.name, m.limit(), took)
		}
		if o.Status != enricher.StatusOK {
			if len(o.Issues) > 0 {
				g.faultf("failure %d: %s is %v, and has the issues %v", rep.id, m.name, o.Status, o.Issues)
			}
			continue
		}
		kept, issues := keep(m.says(rep.id, sc, m.inputs(res.Labels)), m.keys, g.limits)
		maps.Copy(want, kept)
		g.checkIssues(m, rep.id, o.Issues, issues)
	}
	if !maps.Equal(want, res.Labels) {
		g.faultf("failure %d: the labels are\n\t%.2000q, want\n\t%.2000q", rep.id, res.Labels, want)
	}
	if budget := g.cfg.Timeout + g.delay; took > g.r.atMost(budget) {
		g.faultf("failure %d: held up for %v, the budget and the observers make %v", rep.id, took, budget)
	}
}

// inputs returns the labels that m has found, if labels are what all have set.
func (m *member) inputs(labels enricher.Labels) enricher.Labels {
	found := enricher.Labels{}
	for _, key := range m.mayRead() {
		if value, ok := labels[key]; ok {
			found[key] = value
		}
	}
	return found
}

func (g *generation) checkIssues(m *member, id uint64, got []enricher.LabelIssue, want []issue) {
	if !slices.EqualFunc(got, want, func(got enricher.LabelIssue, want issue) bool {
		return got.Key == want.key && errors.Is(got.Err, want.err)
	}) {
		g.faultf("failure %d: %s has the issues %v, must be %v", id, m.name, got, want)
	}
}

// checkOutcome checks that an enricher's script could come to this outcome.
func (g *generation) checkOutcome(m *member, rep *report, sc script, o enricher.Outcome) {
	possible, cut := g.explain(m, rep.id, sc, o)
	if cut {
		g.cutShort.Store(true)
	}
	if !possible || g.r.virtual && o.Duration > m.limit() {
		g.faultf("failure %d: %s has the outcome %+v of at most %v, and the script was %+v", rep.id, m.name, o, m.limit(), sc)
	}
}

// explain reports whether an outcome is possible, and whether only a Shutdown that
// was forced explains it: then cut is true.
func (g *generation) explain(m *member, id uint64, sc script, o enricher.Outcome) (possible, cut bool) {
	inTime := o.Duration < m.limit() // whatever comes later is too late
	played := inTime && o.Duration >= sc.takes
	switch o.Status {
	case enricher.StatusOK:
		return o.Err == nil && played && (sc.end == answers || sc.end == hangs || sc.end == obeys), false
	case enricher.StatusFailed:
		if own, ok := enricher.AsType[*scriptedError](o.Err); ok {
			return own.id == id && played && sc.end == fails, false
		}
		return errors.Is(o.Err, context.Canceled) && inTime && sc.givesUp(), true
	case enricher.StatusPanicked:
		p, ok := o.Err.(*enricher.PanicError)
		return ok && played && (sc.end == panics && p.Value == id && p.Stack() != "" || sc.end == exits && p.Value != id), false
	case enricher.StatusTimedOut:
		return errors.Is(o.Err, context.DeadlineExceeded) &&
			(!g.r.virtual || !sc.atOnce() && g.mayTimeOut(m, o.Duration)), false
	case enricher.StatusSaturated:
		return errors.Is(o.Err, enricher.ErrSaturated) && (!g.r.virtual || o.Duration == 0 || g.mayTimeOut(m, o.Duration)), false
	case enricher.StatusCircuitOpen:
		return errors.Is(o.Err, enricher.ErrCircuitOpen) && m.policy.BreakerThreshold > 0, false
	case enricher.StatusSkipped:
		return errors.Is(o.Err, enricher.ErrShutdown), true
	}
	return false, false
}

// patience is how long, in fake time, a call may wait for others before it begins.
const patience = 100 * time.Microsecond

// mayTimeOut reports whether, in fake time, the time could be up after took. An
// enricher that waits for no other has exactly as much as it is given.
func (g *generation) mayTimeOut(m *member, took time.Duration) bool {
	share := g.cfg.Timeout / time.Duration(g.deepest)
	switch {
	case m.depth > 1:
		return took > 0
	case m.policy.Timeout > 0 && m.policy.Timeout <= share-patience:
		return took == m.policy.Timeout
	}
	return took >= min(share-patience, m.limit())
}
