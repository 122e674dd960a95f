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
		if failed++; rec.over {
			late++
		}
		if first == nil || first.over && !rec.over {
			first = rec // that time was up explains itself
		}
	}
	if failed > 0 {
		of := fmt.Sprintf("%d of %d", failed, len(p.records))
		why := fmt.Sprintf("%q, after %v: %s", first.name(), first.took.Round(time.Millisecond), text(first.err))
		if failed == len(p.records) {
			r.addf("", "ProcessFailure returned an error for %s failures, such as for %s", of, why)
			return
		}
		r.notef("ProcessFailure returned an error, and so no labels, for %s failures, such as for %s", of, why)
	}
	if late > 0 || p.overdrawn {
		r.notef("there was no time left for %d failures: for more, use WithPatience", late+p.left)
	}
}
