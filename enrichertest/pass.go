package enrichertest

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// A pass is what came of giving an enricher all failures, one after another. Most
// checks are judgements on it.
type pass struct {
	records   []*record
	left      int           // failures that have not been tried
	overdrawn bool          // for want of time
	shared    [][2]*record  // those that have the same map
	keys      []string      // that the enricher declares, if
	keysKnown bool          // it says
	fine      []input       // those that it has returned from, without a panic
	answered  []input       // of these, before its ctx had ended
	average   time.Duration // that it takes for those
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

// maxOverdraft is how many times the patience, and some margin, an enricher may take
// for the pass that returns too late for its ctx, but too early to be found to be
// late.
const maxOverdraft = 4

// passOf returns the pass, which is made once, and has a patience of its own.
func (s *suite) passOf(r *report) *pass {
	s.passed.Do(func() {
		before := s.remaining
		s.remaining = s.patience
		s.makePass(r)
		s.remaining = before
	})
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
	inputs := s.inputs(in.reads)
	for _, input := range inputs {
		if rec := p.process(in, input); !rec.end.ok() {
			in.close()
			if in, ok = s.instance(r); !ok {
				break
			}
		}
		if p.isLate(s) || p.hung == maxHung {
			p.fine, p.answered = nil, nil // whatever else is tried would take as long
			break
		}
		if p.overdrawn = p.lasted > maxOverdraft*s.patience+3*s.margin; p.overdrawn {
			break
		}
	}
	if ok {
		in.close()
	}
	p.left = len(inputs) - len(p.records)
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
	if rec.end.ok() && !rec.endless {
		p.fine = append(p.fine, i)
	}
	if rec.inTime() {
		n := time.Duration(len(p.answered))
		p.average = (p.average*n + rec.took) / (n + 1)
		p.answered = append(p.answered, i)
	}
	return rec
}

// isLate reports whether there has been time enough to see that calls return late. It
// goes by the average: on a busy machine all calls end a little late.
func (p *pass) isLate(s *suite) bool {
	p.late = p.lasted > s.patience+3*s.margin && p.overrun > time.Duration(len(p.records))*s.margin/5
	return p.late
}

// keeps reports whether the enricher keeps maps that it has returned. These must
// not be read while it is called.
func (p *pass) keeps() bool {
	return len(p.shared) > 0 || slices.ContainsFunc(p.records, (*record).changed)
}

// silent reports whether no call has returned labels, or that there are none.
func (p *pass) silent() bool { return !slices.ContainsFunc(p.records, (*record).good) }

// returned reports whether a call has returned, in time or not.
func (p *pass) returned() bool {
	return slices.ContainsFunc(p.records, func(rec *record) bool { return rec.end.ok() })
}

// nothing says why a check is skipped that needs calls which return labels in time, and
// where to look for what they did.
func (p *pass) nothing() string {
	if len(p.records) == 0 {
		return "one more enricher of the same options cannot be made, so there is nothing to judge"
	}
	var see []string
	for _, rec := range p.records {
		if check := rec.trouble(); check != "" && !slices.Contains(see, check) {
			see = append(see, check)
		}
	}
	if p.late && !slices.Contains(see, "context") {
		see = append(see, "context")
	}
	why := "no call has returned labels in time, so there is nothing to judge"
	if len(see) == 0 {
		return why + ": for more time, use WithPatience"
	}
	return why + ": see " + strings.Join(see, " and ")
}

// sample returns at most n of the inputs that the enricher has answered in time, and
// fewer where there is no time to make so many calls for each.
func (s *suite) sample(r *report, n, calls int) []input {
	p := s.passOf(r)
	if each := p.average * time.Duration(calls); each > 0 {
		most := max(1, int(s.remaining*9/10/each))
		if most < min(n, 8) {
			r.notef("a call takes %v, on average, so this was done with few failures: for more, use %s", p.average.Round(time.Millisecond), s.patienceFor(n*calls))
		}
		n = min(n, most)
	}
	return spread(p.answered, n)
}

// patienceFor names the option with which there is time for so many calls, and some.
func (s *suite) patienceFor(calls int) string {
	if s.pass.average == 0 {
		return "WithPatience"
	}
	enough := s.pass.average * time.Duration(calls) * 5 / 4
	return fmt.Sprintf("WithPatience(%v)", max(2*s.patience, enough.Truncate(time.Second)+time.Second))
}

// spread returns n inputs that can be used from several goroutines at once and do
// not take long, spread evenly, as similar ones are neighbours. Each failure of the
// author is there, and up to half of the others are the author's in other contexts.
func spread(inputs []input, n int) (some []input) {
	var own, others []input
	seen := map[string]bool{}
	for _, in := range inputs {
		switch {
		case in.failure.heavy:
		case !in.failure.own:
			others = append(others, in)
		case seen[in.failure.name]:
			own = append(own, in)
		default:
			seen[in.failure.name] = true
			some = append(some, in)
		}
	}
	some = append(some, evenly(own, (n-len(some))/2)...)
	return append(some, evenly(others, n-len(some))...)
}

// evenly returns n of the inputs, or all.
func evenly(inputs []input, n int) (some []input) {
	n = min(n, len(inputs))
	for i := range max(0, n) {
		some = append(some, inputs[i*len(inputs)/n])
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
