package enrichertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/failure-enrichers/enricher"
)

// AssertLabels enriches cause with e and reports an error unless the labels are exactly
// want; nil is no labels. The error shows what differs, and which enrichers were not
// ok, or were rejected when e was made.
func AssertLabels(t testing.TB, e *enricher.Enricher, cause error, want enricher.Labels) {
	t.Helper()
	res := e.EnrichContext(t.Context(), cause, enricher.FailureContext{})
	var rejected strings.Builder
	for _, r := range e.Rejected() {
		fmt.Fprintf(&rejected, "\tenricher %q: rejected: %s\n", r.Name, text(r.Err))
	}
	if diff := diff(res, want); diff != "" {
		t.Error(diff + rejected.String())
	}
}

// AssertResult is like [AssertLabels] for a given result: of a failure with a context,
// of a [enricher.Future], or of a [Recorder].
func AssertResult(t testing.TB, res enricher.Result, want enricher.Labels) {
	t.Helper()
	if diff := diff(res, want); diff != "" {
		t.Error(diff)
	}
}

// diff returns "" if the labels are as they must be, or a line for each difference, in
// the order of the keys, and for each enricher that is not ok and each label that was
// dropped or cut.
func diff(res enricher.Result, want enricher.Labels) string {
	var b strings.Builder
	keys := append(res.Labels.Keys(), want.Keys()...)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		g, got := res.Labels[key]
		w, wanted := want[key]
		switch {
		case !got:
			fmt.Fprintf(&b, "\tmissing     %s = %q\n", key, w)
		case !wanted:
			fmt.Fprintf(&b, "\tunexpected  %s = %q\n", key, g)
		case g != w:
			fmt.Fprintf(&b, "\tdifferent   %s = %q, must be %q\n", key, g, w)
		}
	}
	if b.Len() == 0 {
		return ""
	}
	for _, o := range res.Outcomes {
		if o.Status != enricher.StatusOK {
			fmt.Fprintf(&b, "\tenricher %q: %s: %s\n", o.Enricher, o.Status, text(o.Err))
		}
		for _, issue := range o.Issues {
			fmt.Fprintf(&b, "\tenricher %q: label %q: %s\n", o.Enricher, issue.Key, text(issue.Err))
		}
	}
	return "the labels differ:\n" + b.String()
}
