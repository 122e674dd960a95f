package enrichertest

import (
	"context"
	"io"

	"github.com/failure-enrichers/enricher"
)

func checkClose(s *suite, r *report, in *instance) {
	if _, ok := in.fe.(io.Closer); !ok {
		r.skipped = "the enricher is no io.Closer"
		return
	}
	crash, err := in.close()
	if crash != nil {
		r.addf("", "Close of an enricher that has seen no failure %v", crash)
		return
	}
	if err != nil {
		r.addf("", "Close of an enricher that has seen no failure returned: %s", text(err))
	}
	if crash, _ := in.close(); crash != nil {
		r.addf("", "a second Close %v", crash)
	}
	// What a select chooses among several ready cases is up to chance.
	for n := 0; n < 3 && len(r.findings) == 0; n++ {
		closeBusy(s, r)
	}
}

// closeBusy closes an enricher as a Shutdown does that does not wait any longer.
func closeBusy(s *suite, r *report) {
	in, ok := s.another(r)
	if !ok {
		return
	}
	inputs := sample(s.passOf(r).returned, 8)
	ctx, cancel := context.WithCancel(context.Background())
	records := make(chan *record, len(inputs))
	for _, i := range inputs {
		go func() { records <- in.processWithin(ctx, enricher.DefaultTimeout, i) }()
	}
	cancel()
	if crash, _ := in.close(); crash != nil {
		r.addf("", "Close during calls %v", crash)
	}
	for range inputs {
		if rec := <-records; rec.crash != nil {
			r.addf(rec.name(), "ProcessFailure %v, when Close was called meanwhile", rec.crash)
		}
	}
}

func checkGoroutines(s *suite, r *report, in *instance) {
	p := s.passOf(r)
	hangs := false
	for _, i := range sample(p.answered, 24) {
		hangs = hangs || in.process(i).hangs()
	}
	// A call that ends with its ctx often leaves a goroutine that has an answer and
	// no receiver for it.
	for _, i := range sample(p.returned, 4) {
		for _, how := range endings {
			hangs = hangs || in.processEnding(i, how).hangs()
		}
	}
	if hangs {
		r.skipped = "a call of the enricher has not returned: see context"
		return
	}
	when := "after Close"
	if _, ok := in.fe.(io.Closer); !ok {
		when = "after the last failure, and there is no Close"
	}
	if crash, _ := in.close(); crash != nil && crash.hangs {
		r.skipped = "the enricher cannot be closed: see close"
		return
	}
	for _, place := range left(in.label) {
		r.addf("", "left %s: %s", when, place)
	}
}
