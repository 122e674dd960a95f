package enrichertest

import "context"

const (
	contractPanics  = "the cause may be any error, also one whose methods panic or that is a typed nil: a panic costs the enricher its labels for this failure"
	contractEndless = "errors may wrap each other in circles: enricher.Chain ends with them, errors.Is, errors.As and a loop over Unwrap do not"
	contractErrors  = "an error that ProcessFailure returns is one that can be printed, and nil where there is none: a nil pointer in an error is none"
)

func checkPanics(s *suite, r *report) {
	for _, rec := range s.passOf(r).records {
		if crash := rec.end.crash(); crash != "" {
			r.addf(rec.failure.name, "ProcessFailure %s%s", crash, rec.inContext())
		}
	}
}

func checkEndless(s *suite, r *report) {
	for _, rec := range s.passOf(r).records {
		if rec.endless {
			r.addf(rec.failure.name, "ProcessFailure has followed a tree of errors that does not end for very long, and would go on had it not been cut")
		}
	}
}

func checkErrors(s *suite, r *report) {
	p := s.passOf(r)
	if !p.returned() {
		r.skip(p.nothing())
		return
	}
	for _, rec := range p.records {
		if rec.err == nil {
			continue
		}
		if isNil(rec.err) {
			r.addf(rec.failure.name, "ProcessFailure returned a nil %T%s", rec.err, rec.inContext())
			continue
		}
		_, e := call(context.Background(), "", s.margin, func(context.Context) string { return rec.err.Error() })
		if !e.ok() {
			r.addf(rec.failure.name, "the Error method of the %T that ProcessFailure returned %v%s", rec.err, e, rec.inContext())
		}
	}
}

// inContext names the context for a finding that names the failure only.
func (r *record) inContext() string { return " (context " + r.in.name + ")" }
