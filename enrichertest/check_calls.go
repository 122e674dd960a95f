package enrichertest

import (
	"context"
	"sync"
	"time"
)

const (
	contractConcurrency   = "ProcessFailure is called from several goroutines at once"
	contractDeterministic = "the author says that labels depend on nothing but the failure and its context"
)

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
	inputs := s.sample(r, 24, 4)
	if len(inputs) == 0 {
		r.skip(p.nothing())
		return
	}
	for i := range inputs {
		cause := inputs[i].failure.make(nil)
		inputs[i].failure.make = func(*odometer) error { return cause } // all get the very same
	}
	alone := in.several(inputs, nil)
	var records [workers][]*record
	var all sync.WaitGroup
	for w := range workers {
		all.Go(func() { records[w] = in.work(inputs, w) })
	}
	all.Wait()
	alone = in.several(inputs, alone)
	for _, own := range records {
		for _, rec := range own {
			judgeConcurrent(r, rec, alone[rec.failure.name+rec.in.name])
		}
	}
	settled := 0
	for _, records := range alone {
		if agree(records) {
			settled++
		}
	}
	noteCompared(r, settled, len(inputs))
}

// several adds to the records of calls that were alone, by names, two for each
// input.
func (in *instance) several(inputs []input, alone map[string][]*record) map[string][]*record {
	if alone == nil {
		alone = map[string][]*record{}
	}
	for range 2 {
		for _, input := range inputs {
			rec := in.process(input.failure, input.in)
			alone[rec.failure.name+rec.in.name] = append(alone[rec.failure.name+rec.in.name], rec)
			if !rec.end.ok() {
				return alone
			}
		}
	}
	return alone
}

// work is what one of several goroutines does: each begins with another failure. An
// enricher that deals with one at a time would take very long, so patience ends
// it.
func (in *instance) work(inputs []input, worker int) (records []*record) {
	budget := in.s.budget()
	deadline := time.Now().Add(in.s.patience)
	for i := range len(inputs) * rounds {
		input := inputs[(i+worker*len(inputs)/workers)%len(inputs)]
		ctx, cancel := context.WithTimeout(context.Background(), budget)
		rec := in.askWithin(ctx, budget+in.s.margin, in.processFailure, input.failure, input.in)
		cancel()
		records = append(records, rec)
		if !rec.end.ok() || time.Now().After(deadline) {
			break
		}
	}
	return records
}

// judgeConcurrent reports a call that went wrong although those that were alone,
// before and after, went well. Labels that others depend on, such as a count of
// failures, differ among these already.
func judgeConcurrent(r *report, rec *record, alone []*record) {
	switch {
	case !rec.end.ok():
		r.addf(rec.name(), "ProcessFailure %v, when others were under way", rec.end)
	case rec.comparable() && agree(alone) && !rec.same(alone[0]):
		r.addf(rec.name(), "the labels were %.200q when others were under way, and %.200q otherwise", rec.was, alone[0].was)
	}
}

// agree reports whether there are records, which all have the same labels.
func agree(records []*record) bool {
	for _, rec := range records {
		if !rec.comparable() || !rec.same(records[0]) {
			return false
		}
	}
	return len(records) > 0
}

// noteCompared says where labels could be compared for few failures, or none.
func noteCompared(r *report, n, of int) {
	if n < of {
		r.notef("labels were compared for %d of %d failures: for the others, calls that were alone returned an error, different labels, or nothing in time", n, of)
	}
}

func checkDeterministic(s *suite, r *report) {
	if !s.deterministic {
		r.skip("not checked unless Deterministic is given")
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
	inputs, compared := s.sample(r, 64, 5), 0
	for _, input := range inputs {
		first, all := one.process(input.failure, input.in), true
		for _, again := range []struct {
			in   *instance
			what string
		}{{one, "the same enricher"}, {one, "the same enricher"}, {one, "the same enricher"}, {other, "another enricher of the same options"}} {
			rec := again.in.process(input.failure, input.in)
			all = all && first.comparable() && rec.comparable()
			if !rec.inTime() || !first.inTime() {
				continue
			}
			if rec.good() != first.good() {
				r.addf(rec.name(), "%s returned labels and an error for it", again.what)
			} else if rec.good() && !rec.same(first) {
				r.addf(rec.name(), "the labels were %.200q, and then those of %s %.200q", first.was, again.what, rec.was)
			}
		}
		if all {
			compared++
		}
	}
	switch {
	case len(r.findings) > 0:
	case compared == 0:
		r.skip(s.passOf(r).nothing())
	default:
		noteCompared(r, compared, len(inputs))
	}
}
