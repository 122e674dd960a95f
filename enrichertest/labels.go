package enrichertest

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/failure-enrichers/enricher"
)

// Labels hands cause to e and reports an error unless the labels are exactly want:
// no more, no fewer, no others. The error shows what differs, and which enrichers
// have not done their work, or were refused when e was made. It goes by nothing but the
// labels: a nil want is none. A nil cause is no failure, and has none.
func Labels(t testing.TB, e *enricher.Enricher, cause error, want enricher.Labels) {
	t.Helper()
	also := refusals(e)
	if cause == nil {
		also = "\tthe cause is nil, so nothing was asked\n" + also
	}
	compare(t, e.EnrichContext(t.Context(), cause, enricher.FailureContext{}), want, also)
}

// Result is [Labels] for a result that is there: of a failure with a context, of a
// [enricher.Future], or of a [Recorder].
func Result(t testing.TB, res enricher.Result, want enricher.Labels) {
	t.Helper()
	compare(t, res, want, "")
}

// compare reports an error, and what else there is to say then, unless the labels are
// as wanted.
func compare(t testing.TB, res enricher.Result, want enricher.Labels, also string) {
	t.Helper()
	if diff := diff(res.Labels, want); diff != "" {
		t.Errorf("labels are not as wanted:\n%s%s%s", diff, troubles(res), also)
	}
}

// diff has a line for each label that is missing, different or not wanted, in the
// order of their keys.
func diff(got, want enricher.Labels) string {
	var b strings.Builder
	keys := append(got.Keys(), want.Keys()...)
	slices.Sort(keys)
	for _, key := range slices.Compact(keys) {
		g, isThere := got[key]
		w, isWanted := want[key]
		switch {
		case !isThere:
			fmt.Fprintf(&b, "\tmissing     %s = %q\n", key, w)
		case !isWanted:
			fmt.Fprintf(&b, "\tnot wanted  %s = %q\n", key, g)
		case g != w:
			fmt.Fprintf(&b, "\tdifferent   %s = %q, want %q\n", key, g, w)
		}
	}
	return b.String()
}

// refusals has a line for each enricher that was refused when e was made.
func refusals(e *enricher.Enricher) string {
	var b strings.Builder
	for _, refused := range e.Rejected() {
		fmt.Fprintf(&b, "\tenricher %q: refused: %s\n", refused.Name, text(refused.Err))
	}
	return b.String()
}

// troubles has a line for each enricher that is not ok, and each label that was
// dropped or cut.
func troubles(res enricher.Result) string {
	var b strings.Builder
	for _, o := range res.Outcomes {
		if o.Status != enricher.StatusOK {
			fmt.Fprintf(&b, "\tenricher %q: %s: %s\n", o.Enricher, o.Status, text(o.Err))
		}
		for _, issue := range o.Issues {
			fmt.Fprintf(&b, "\tenricher %q: label %q: %s\n", o.Enricher, issue.Key, text(issue.Err))
		}
	}
	return b.String()
}
