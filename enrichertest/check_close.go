package enrichertest

import "context"

const (
	contractClose      = "Close is there to be called once, by Shutdown: also while calls are under way whose ctx has ended. It returns soon, and an enricher that has done nothing has nothing to complain of; a second call does no harm, whatever it returns"
	contractGoroutines = "what an enricher has started ends with Close, or by itself"
)

func checkClose(s *suite, r *report) {
	in, ok := s.instance(r)
	if !ok {
		return
	}
	if !in.closable() {
		in.close()
		r.skip("the enricher is no io.Closer")
		return
	}
	switch e, err := in.closeWithin(s.margin); {
	case !e.ok():
		r.addf("", "Close of an enricher that has seen no failure %v", e)
		return
	case err != nil:
		r.addf("", "Close of an enricher that has seen no failure returned: %s", text(err))
	}
	if e, _ := in.closeWithin(s.margin); !e.ok() {
		r.addf("", "a second Close %v", e)
	}
	// What the runtime chooses among what it can do is up to chance.
	for range 3 {
		if closeBusy(s, r); len(r.findings) > 0 {
			return
		}
	}
}

// closeBusy closes an enricher as a Shutdown does that does not wait any longer.
func closeBusy(s *suite, r *report) {
	in, ok := s.instance(r)
	if !ok {
		return
	}
	inputs := spread(s.passOf(r).fine, 8)
	ctx, cancel := context.WithTimeout(context.Background(), s.budget())
	defer cancel()
	records := make(chan *record, len(inputs))
	for _, input := range inputs {
		go func() {
			records <- in.askWithin(ctx, s.budget()+s.margin, in.processFailure, input.failure, input.in)
		}()
	}
	cancel()
	if e, _ := in.closeWithin(s.margin); !e.ok() {
		r.addf("", "Close while calls were under way %v", e)
	}
	for range inputs {
		if rec := <-records; !rec.end.ok() {
			r.addf(rec.name(), "ProcessFailure %v, when Close was called meanwhile", rec.end)
		}
	}
}

func checkGoroutines(s *suite, r *report) {
	in, ok := s.instance(r)
	if !ok {
		return
	}
	goesOn := func(rec *record) bool {
		if rec.end.hung {
			in.close()
			r.skip("a call of the enricher is still under way: see context")
		}
		return rec.end.hung
	}
	for _, input := range s.sample(r, 24, 1) {
		if goesOn(in.process(input.failure, input.in)) {
			return
		}
	}
	// Who leaves when its ctx ends often leaves somebody behind that has an answer
	// and nobody to give it to.
	for _, input := range spread(s.passOf(r).fine, 4) {
		for _, how := range endings {
			if goesOn(in.processEnding(input, how)) {
				return
			}
		}
	}
	after := "after Close"
	if !in.closable() {
		after = "after the last failure, and there is no Close"
	}
	if e, _ := in.closeWithin(s.margin); e.hung {
		r.skip("the enricher cannot be closed: see close")
		return
	}
	for _, goroutine := range left(in.label, s.margin) {
		r.addf("", "left %s: %s", after, goroutine)
	}
}
