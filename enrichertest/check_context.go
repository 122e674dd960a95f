package enrichertest

import (
	"context"
	"time"

	"github.com/failure-enrichers/enricher"
)

const contractContext = "ProcessFailure goes by the ctx of its own call, and returns when that ends: one that does not is abandoned, its labels are lost, and after a few times it is left alone"

func checkContext(s *suite, r *report) {
	p := s.passOf(r)
	for _, rec := range p.records {
		if rec.end.hung && !rec.endless {
			r.addf(rec.failure.name, "ProcessFailure has not returned %v after its ctx had ended%s%s", s.margin, rec.inContext(), rec.end.at)
		}
	}
	if p.late {
		r.addf("", "ProcessFailure returned late: over %d failures, %v in all after its ctx had ended", len(p.records), p.overrun.Round(time.Millisecond))
	}
	for _, rec := range p.records {
		if keptContext(rec) {
			r.addf(rec.failure.name, "ProcessFailure returned %q, although its ctx had not ended: that of an earlier call may have been kept%s", text(rec.err), rec.inContext())
		}
	}
	if len(r.findings) > 0 {
		return
	}
	noteSlow(r, p)
	in, ok := s.instance(r)
	if !ok {
		return
	}
	defer in.close()
	for _, input := range spread(p.fine, 4) {
		for _, how := range endings {
			rec := in.processEnding(input, how)
			switch {
			case rec.end.hung:
				r.addf(rec.failure.name, "ProcessFailure has not returned %v after its ctx had ended: it %s%s", s.margin, how.name, rec.end.at)
				return // the enricher may wait for itself from now on
			case !rec.end.ok():
				r.addf(rec.failure.name, "ProcessFailure %v, when its ctx %s", rec.end, how.name)
				return
			}
		}
	}
}

// keptContext reports whether the enricher says that a context was cancelled which is
// not that of the call. Where the failure itself is one, it may just return it.
func keptContext(rec *record) bool {
	return rec.inTime() && !rec.failure.heavy && cancelled(rec.err) && !cancelled(rec.failure.make(nil))
}

// cancelled is errors.Is for strangers' errors.
func cancelled(err error) bool {
	for err := range enricher.Chain(err) {
		if err == context.Canceled {
			return true
		}
	}
	return false
}

// noteSlow says where calls go on for a while after their ctx has ended. Within the
// margin it is no fault, as they may on a busy machine, but the author should know.
func noteSlow(r *report, p *pass) {
	var after time.Duration
	n := time.Duration(0)
	for _, rec := range p.records {
		if rec.over && rec.took > rec.budget {
			after += rec.took - rec.budget
			n++
		}
	}
	if n > 0 && after/n > 5*time.Millisecond {
		r.notef("%d calls whose ctx ended went on for %v, on average: where a service gives the enricher less time than it takes, its labels are lost; to make this a fault, see WithMargin", n, (after / n).Round(time.Millisecond))
	}
}

// endsSoon is how long a ctx lasts that ends during the call.
const endsSoon = 5 * time.Millisecond

// An ending is a way in which a ctx ends.
type ending struct {
	name string
	ctx  func() (context.Context, context.CancelFunc)
}

var endings = []ending{
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

// processEnding gives the enricher a failure with a ctx that ends before it is done.
func (in *instance) processEnding(i input, how ending) *record {
	ctx, cancel := how.ctx()
	defer cancel()
	return in.askWithin(ctx, endsSoon+in.s.margin, in.processFailure, i.failure, i.in)
}
