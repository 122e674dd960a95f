package enrichertest

import (
	"slices"
	"time"
)

// A pass is what came of giving an enricher all failures, one after another. Most
// checks are judgements on it.
type pass struct {
	records   []*record
	shared    [][2]*record  // those that have the same map
	keys      []string      // that the enricher declares, if
	keysKnown bool          // it says
	fine      []input       // those that it has returned from, without a panic
	lasted    time.Duration // all calls
	overrun   time.Duration // of this, after a ctx had ended
	hung      int           // calls that have not returned
	late      bool          // calls return long after their ctx has ended
}

// An input is a failure and its context.
type input struct {
	failure failure
	in      circumstances
}

// maxHung is how many calls may hang before the suite stops: it has to wait for
// each.
const maxHung = 5

// passOf returns the pass, which is made once.
func (s *suite) passOf(r *report) *pass {
	s.passed.Do(func() { s.makePass(r) })
	return &s.pass
}

// makePass gives all failures to one enricher, or after a panic or a call that
// hangs to the next: the one before may have left a lock behind.
func (s *suite) makePass(r *report) {
	p := &s.pass
	in, ok := s.instance(r)
	if !ok {
		return
	}
	keys, e := in.outputKeys()
	p.keys, p.keysKnown = slices.Clone(keys), e.ok()
	for _, input := range s.inputs(in.reads) {
		rec := p.process(in, input)
		if rec.end.ok() {
			if !rec.endless {
				p.fine = append(p.fine, input)
			}
		} else {
			in.close()
			if in, ok = s.instance(r); !ok {
				break
			}
		}
		if p.isLate(s.margin) || p.hung == maxHung {
			p.fine = nil // whatever else is tried would take as long
			break
		}
	}
	if ok {
		in.close()
	}
	p.shared = shared(p.records)
}

// process gives one failure to an enricher and keeps time.
func (p *pass) process(in *instance, i input) *record {
	budget := in.s.budget()
	rec := in.process(i.failure, i.in)
	p.lasted += rec.end.took
	p.records = append(p.records, rec)
	if rec.end.hung {
		p.hung++
	} else {
		p.overrun += max(0, rec.end.took-budget)
	}
	return rec
}

// isLate reports whether there has been time enough to see that calls return late. It
// goes by the average: on a busy machine all calls end a little late.
func (p *pass) isLate(margin time.Duration) bool {
	p.late = p.lasted > totalPatience+3*margin && p.overrun > time.Duration(len(p.records))*margin/5
	return p.late
}

// keeps reports whether the enricher keeps maps that it has returned. These must
// not be read while it is called.
func (p *pass) keeps() bool {
	return len(p.shared) > 0 || slices.ContainsFunc(p.records, (*record).changed)
}

// sample returns at most n of the inputs that the enricher deals with, those that
// can be used from several goroutines at once and do not take long. They are
// spread evenly, as similar ones are neighbours; those of the author are all
// there.
func (p *pass) sample(n int) (some []input) {
	var others []input
	for _, in := range p.fine {
		switch {
		case in.failure.heavy:
		case in.failure.own:
			some = append(some, in)
		default:
			others = append(others, in)
		}
	}
	n = max(0, n-len(some))
	step := (len(others) + n) / (n + 1)
	for i := 0; i < len(others) && n > 0; i += step + 1 {
		some = append(some, others[i])
	}
	return some
}

// inputs returns every failure in an empty and in a full context, and three
// failures in every context.
func (s *suite) inputs(reads []string) (all []input) {
	failures := append(s.failures[:len(s.failures):len(s.failures)], failures...)
	empty, full := circumstances{name: "empty"}, circumstances{"full", fullContext(reads)}
	contexts := append(s.contexts[:len(s.contexts):len(s.contexts)], contextsFor(reads, s.attributes)...)
	for _, f := range failures {
		all = append(all, input{f, empty}, input{f, full})
	}
	for _, c := range contexts {
		for _, f := range append(s.failures[:len(s.failures):len(s.failures)], plain...) {
			all = append(all, input{f, c})
		}
	}
	return all
}
