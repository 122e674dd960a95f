package evidence

import (
	"slices"
	"time"

	"github.com/failure-enrichers/enricher/internal/foreign"
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
	v.consider(k, err)
	f.Wait = v.After
	if k.hides(err) {
		f.Hides = true
		f.Inner, _ = k.unwrap(err)
	}
	return f
}

// recall adds what was found of an error of another process.
func (v *Verdict) recall(f *foreign.Facts) {
	for _, e := range f.Evidence {
		v.add(Evidence{Weight(max(0, slices.Index(weights, e.Weight))), Fault(e.Fault), Retry(e.Retry), Kind(e.Kind), e.Code, e.Why})
	}
	if v.After == 0 {
		v.After = f.Wait
	}
}

// weights are the names of weights outside of this process, in ascending order.
var weights = []string{"", "text", "deadline", "generic", "typed", "coded", "specific", "author", "word"}

// String returns the name of w.
func (w Weight) String() string { return weights[w] }
