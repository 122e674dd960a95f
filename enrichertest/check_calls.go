package enrichertest

import (
	"context"
	"sync"
	"time"
)

const (
	contractContext       = "ProcessFailure returns when its ctx ends: one that does not is abandoned, its labels are lost, and after a few times it is left alone"
	contractConcurrency   = "ProcessFailure is called from several goroutines at once"
	contractDeterministic = "the author says that labels depend on nothing but the failure and its context"
)

func checkContext(s *suite, r *report) {
	p := s.passOf(r)
	for _, rec := range p.records {
		if rec.end.hung && !rec.endless {
			r.addf(rec.failure.name, "ProcessFailure has not returned %v after its ctx had ended%s", s.margin, rec.inContext())
		}
	}
	if p.late {
		r.addf("", "ProcessFailure returned late: over %d failures, %v in all after its ctx had ended", len(p.records), p.overrun.Round(time.Millisecond))
	}
	if len(r.findings) > 0 {
		return
	}
	in, ok := s.instance(r)
	if !ok {
		return
	}
	defer in.close()
	for _, input := range p.sample(4) {
		for _, how := range endings {
			ctx, cancel := how.ctx()
			rec := in.askWithin(ctx, endsSoon+s.margin, in.processFailure, input.failure, input.in)
			cancel()
			switch {
			case rec.end.hung:
				r.addf(rec.failure.name, "ProcessFailure has not returned %v after its ctx had ended: it %s", s.margin, how.name)
				return // the enricher may wait for itself from now on
			case !rec.end.ok():
				r.addf(rec.failure.name, "ProcessFailure %v, when its ctx %s", rec.end, how.name)
				return
			}
		}
	}
}

// endsSoon is how long a ctx lasts that ends during the call.
const endsSoon = 5 * time.Millisecond

// endings are the ways in which a ctx ends.
var endings = []struct {
	name string
	ctx  func() (context.Context, context.CancelFunc)
}{
	{"was cancelled before the call", func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		return ctx, cancel
	}},
	{"had a deadline before the call", func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), -time.Second)
	}},
	{"reached its deadline during the call", func() (context.Context, context.CancelFunc) {
		return context.WithTimeout(context.Background(), endsSoon)
	}},
	{"was cancelled during the call", func() (context.Context, context.CancelFunc) {
		ctx, cancel := context.WithCancel(context.Background())
		time.AfterFunc(endsSoon, cancel)
		return ctx, cancel
	}},
}

// How much is done at once.
const (
	workers = 8
	rounds  = 3
)

func checkConcurrency(s *suite, r *report) {
	p := s.passOf(r)
	if p.keeps() {
		r.skip("the enricher keeps maps that it has returned: see ownership")
		return
	}
	in, ok := s.instance(r)
	if !ok {
		return
	}
	defer in.close()
	inputs := p.sample(24)
	for i := range inputs {
		cause := inputs[i].failure.make(nil)
		inputs[i].failure.make = func(*odometer) error { return cause } // all get the very same
	}
	alone := in.several(inputs)
	var records [workers][]*record
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { records[w] = in.work(inputs, w) })
	}
	all.Wait()
	after := in.several(inputs)
	for _, own := range records {
		for _, rec := range own {
			judgeConcurrent(r, rec, alone[rec.failure.name+rec.in.name], after[rec.failure.name+rec.in.name])
		}
	}
}

// several returns for each input two records of calls that were alone, by names.
func (in *instance) several(inputs []input) map[string][]*record {
	all := map[string][]*record{}
	for range 2 {
		for _, input := range inputs {
			rec := in.process(input.failure, input.in)
			all[rec.failure.name+rec.in.name] = append(all[rec.failure.name+rec.in.name], rec)
			if !rec.end.ok() {
				return all
			}
		}
	}
	return all
}

// work is what one of several goroutines does: each begins with another failure.
func (in *instance) work(inputs []input, worker int) (records []*record) {
	budget := in.s.budget()
	for i := range len(inputs) * rounds {
		input := inputs[(i+worker*len(inputs)/workers)%len(inputs)]
		ctx, cancel := context.WithTimeout(context.Background(), budget)
		rec := in.askWithin(ctx, budget+in.s.margin, in.processFailure, input.failure, input.in)
		cancel()
		records = append(records, rec)
		if !rec.end.ok() {
			break
		}
	}
	return records
}

// judgeConcurrent reports a call that went wrong although those that were alone,
// before and after, went well. Labels that others depend on, such as a count of
// failures, differ among these already.
func judgeConcurrent(r *report, rec *record, before, after []*record) {
	if !rec.end.ok() {
		r.addf(rec.name(), "ProcessFailure %v, when others were under way", rec.end)
		return
	}
	if !rec.good() {
		return
	}
	alone := append(before[:len(before):len(before)], after...)
	for _, other := range alone {
		if !other.good() || !other.same(alone[0]) {
			return
		}
	}
	if len(alone) > 0 && !rec.same(alone[0]) {
		r.addf(rec.name(), "the labels were %.200q when others were under way, and %.200q otherwise", rec.was, alone[0].was)
	}
}

func checkDeterministic(s *suite, r *report) {
	if !s.deterministic {
		r.skip("the author does not say that the enricher is: see Deterministic")
		return
	}
	one, ok := s.instance(r)
	if !ok {
		return
	}
	defer one.close()
	other, ok := s.instance(r)
	if !ok {
		return
	}
	defer other.close()
	for _, input := range s.passOf(r).sample(64) {
		first := one.process(input.failure, input.in)
		for _, again := range []struct {
			in   *instance
			what string
		}{{one, "the same enricher"}, {one, "the same enricher"}, {one, "the same enricher"}, {other, "another enricher of the same options"}} {
			rec := again.in.process(input.failure, input.in)
			if !rec.end.ok() || rec.over || !first.end.ok() || first.over {
				continue
			}
			if rec.good() != first.good() {
				r.addf(rec.name(), "%s returned labels and an error for it", again.what)
			} else if rec.good() && !rec.same(first) {
				r.addf(rec.name(), "the labels were %.200q, and then those of %s %.200q", first.was, again.what, rec.was)
			}
		}
	}
}
