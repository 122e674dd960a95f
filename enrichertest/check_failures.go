package enrichertest

import (
	"context"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
)

func checkPanics(s *suite, r *report, in *instance) {
	for _, rec := range s.passOf(r).records {
		if rec.crash != nil && !rec.crash.hangs {
			r.addf(rec.failure.name, "ProcessFailure %v (context %s)", rec.crash, rec.in.name)
		}
	}
}

func checkEndless(s *suite, r *report, in *instance) {
	for _, rec := range s.passOf(r).records {
		if rec.endless {
			r.addf(rec.failure.name, "ProcessFailure follows errors that have no end: it was stopped after very many")
		}
	}
}

func checkErrors(s *suite, r *report, in *instance) {
	for _, rec := range s.passOf(r).records {
		if rec.err == nil {
			continue
		} else if isNil(rec.err) {
			r.addf(rec.failure.name, "ProcessFailure returned a nil %T (context %s)", rec.err, rec.in.name)
		} else if _, crash := call(context.Background(), "", timeout, func(context.Context) string { return rec.err.Error() }); crash != nil {
			r.addf(rec.failure.name, "the Error method of the %T that ProcessFailure returned %v (context %s)", rec.err, crash, rec.in.name)
		}
	}
}

func checkAnswers(s *suite, r *report, in *instance) {
	p := s.passOf(r)
	var failed []*record
	for _, rec := range p.records {
		if rec.crash == nil && !isNil(rec.err) {
			failed = append(failed, rec)
		}
	}
	if len(failed) == 0 {
		return
	}
	what := fmt.Sprintf("ProcessFailure returned an error, and so no labels, for %d of %d failures, such as %q: %s",
		len(failed), len(p.records), failed[0].name(), text(failed[0].err))
	if len(failed) < len(p.records) {
		r.notes = append(r.notes, what)
	} else {
		r.addf("", "%s", what)
	}
}

func checkContext(s *suite, r *report, in *instance) {
	p := s.passOf(r)
	for _, rec := range p.records {
		switch {
		case rec.crash != nil && rec.crash.hangs:
			r.addf(rec.failure.name, "ProcessFailure %v, %v after its ctx had ended (context %s)", rec.crash, timeout, rec.in.name)
		case rec.returned() && !rec.late && !rec.failure.heavy &&
			enricher.Is(rec.err, context.Canceled) && !enricher.Is(rec.failure.make(nil), context.Canceled):
			r.addf(rec.failure.name, "ProcessFailure returned %q, although its ctx had not ended: that of an earlier call may have been kept (context %s)", text(rec.err), rec.in.name)
		}
	}
	if len(r.findings) > 0 {
		return
	}
	for _, i := range sample(p.returned, 4) {
		for _, how := range endings {
			if rec := in.processEnding(i, how); rec.crash != nil {
				r.addf(rec.failure.name, "ProcessFailure %v; its ctx %s", rec.crash, how.name)
				return // the enricher may wait for itself from now on
			}
		}
	}
}

// endsSoon is how long a ctx lasts that ends during the call.
const endsSoon = 5 * time.Millisecond

// An ending is a way in which a ctx ends.
type ending struct {
	name     string
	after    time.Duration // 0: before the call
	deadline bool
}

var endings = []ending{
	{"was cancelled before the call", 0, false},
	{"had a deadline before the call", 0, true},
	{"was cancelled during the call", endsSoon, false},
	{"reached its deadline during the call", endsSoon, true},
}

// processEnding gives the enricher a failure with a ctx that ends soon.
func (in *instance) processEnding(i input, how ending) *record {
	ctx, cancel := context.WithCancel(context.Background())
	if how.deadline {
		ctx, cancel = context.WithTimeout(context.Background(), how.after)
	} else if how.after == 0 {
		cancel()
	} else {
		time.AfterFunc(how.after, cancel)
	}
	defer cancel()
	return in.processWithin(ctx, endsSoon, i)
}
