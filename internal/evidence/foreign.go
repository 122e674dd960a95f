package evidence

import (
	"slices"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
)

// Found is what err itself tells, without what it wraps, for a process that decodes
// the error.
type Found struct {
	Evidence []Evidence
	Wait     time.Duration // before a retry; 0: it says nothing

	// Inner is what is judged in place of what Unwrap returns, if Hides.
	Inner []error
	Hides bool
}

// Find returns what err itself tells.
func Find(err error) Found {
	var f Found
	k := kindOf(err)
	v := Verdict{each: &f.Evidence}
	many, _ := v.examine(k, err)
	f.Wait = v.After
	if k.hides(err) {
		f.Hides, f.Inner = true, many
	}
	return f
}

// recall adds what was found of err in another process, or if nothing judged it there,
// what its methods tell. Words that are not known here are ignored.
func (v *Verdict) recall(err error, f *foreign.Facts) {
	if !f.Judged {
		for _, m := range slices.Concat(exitMethods, methods) {
			if m.has(err) {
				v.apply(m.judge, err)
			}
		}
		if i := slices.IndexFunc(errnos, func(row errnoRow) bool { return row.name == f.Errno }); i >= 0 {
			v.add(errnos[i].evidence())
		}
		return
	}
	for _, e := range f.Evidence {
		known := Evidence{Kind: Kind(e.Kind), Code: e.Code, Why: e.Why}
		known.Weight = Weight(max(0, slices.Index(weights, e.Weight)))
		if slices.Contains([]Fault{User, System, Dependency, Cancelled, Unknown}, Fault(e.Fault)) {
			known.Fault = Fault(e.Fault)
		}
		if slices.Contains([]Retry{Retryable, Terminal, Undecided}, Retry(e.Retry)) {
			known.Retry = Retry(e.Retry)
		}
		v.add(known)
	}
	if v.After == 0 {
		v.After = f.Wait
	}
}

// weights are the names of weights outside of this process, in ascending order.
var weights = []string{"", "text", "deadline", "generic", "typed", "coded", "specific", "author", "word"}

// String returns the name of w.
func (w Weight) String() string { return weights[w] }
