package enrichertest

import (
	"fmt"
	"time"
)

const contractAnswers = "an enricher under test has what it needs, such as a test server or WithOptions, and a failure that it knows, WithFailure: one that returns nothing but errors proves nothing; where that cannot be helped, Skip(\"answers\", why)"

func checkAnswers(s *suite, r *report) {
	p := s.passOf(r)
	if !p.returned() {
		r.skip(p.nothing())
		return
	}
	var first *record
	failed, late := 0, 0
	for _, rec := range p.records {
		if !rec.end.ok() || isNil(rec.err) { // see panics, context and errors
			continue
		}
		if rec.over { // an error for want of time
			late++
		} else {
			failed++
		}
		if first == nil || first.over && !rec.over {
			first = rec // that time was up explains itself
		}
	}
	all := len(p.records)
	why := func() string {
		return fmt.Sprintf("such as for %q, after %v: %s", first.name(), first.took.Round(time.Millisecond), text(first.err))
	}
	if failed+late == all {
		r.addf("", "ProcessFailure returned an error for %d of %d failures, %s", all, all, why())
		return
	}
	if failed > 0 {
		r.notef("ProcessFailure returned an error, and so no labels, for %d of %d failures, %s", failed, all, why())
	}
	if late > 0 || p.overdrawn {
		r.notef("there was no time left for %d of %d failures: for all, use %s", late+p.left, all+p.left, s.patienceFor(all+p.left))
	}
}
