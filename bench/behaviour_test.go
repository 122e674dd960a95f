package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// TestMain lets the test binary be a probe, as the program can.
func TestMain(m *testing.M) {
	beProbeIfAsked()
	os.Exit(m.Run())
}

// outcomesByContender are in the order of misbehaviours.
var outcomesByContender = map[*contender][]string{
	library: {
		"kept, reported", "kept, reported", "kept, reported", "kept, reported",
		"rejected at load, named", "dropped, reported", "dropped, reported",
	},
	handWritten: {
		"kept, reported", "kept, reported", "kept, reported", "kept, reported",
		"one wins, silently", "passed on, silently", "passed on, silently",
	},
	failsafeGo: {
		outcomeHangs, outcomeDies, "kept, reported", outcomeHangs,
		"one wins, silently", "passed on, silently", "passed on, silently",
	},
	failsafeInFan: {
		"kept, reported", "kept, reported", "kept, reported", "kept, reported",
		"one wins, silently", "passed on, silently", "passed on, silently",
	},
	sentryGo: {
		outcomeHangs, outcomeDies, "kept, silently", "caller's goroutine exits",
		"one wins, silently", "passed on, silently", "passed on, silently",
	},
	bareLoop: {
		outcomeHangs, outcomeDies, "kept, reported", "caller's goroutine exits",
		"one wins, silently", "passed on, silently", "passed on, silently",
	},
}

func TestBehaviour(t *testing.T) {
	t.Parallel()
	for c, outcomes := range outcomesByContender {
		require.Len(t, outcomes, len(misbehaviours))
		for i, m := range misbehaviours {
			t.Run(c.name+": "+m.what, func(t *testing.T) {
				t.Parallel()
				// failsafe-go leaves a goroutine behind, which a bubble does not allow.
				if outcomes[i] == outcomeDies || c == failsafeGo && outcomes[i] == outcomeHangs {
					got, err := observe(c, m)
					require.NoError(t, err)
					assert.Equal(t, outcomes[i], got)
					return
				}
				synctest.Test(t, func(t *testing.T) { assert.Equal(t, outcomes[i], m.probe(c)) })
			})
		}
	}
}

func TestBehaviourInWords(t *testing.T) {
	t.Parallel()
	errNamed := errors.New(`enricher "misbehaving": boom`)
	for want, test := range map[string]call{
		"caller hangs":             {},
		"caller's goroutine exits": {ending: exited, err: errNamed},
		"kept, reported":           {ending: returned, err: errNamed},
		"kept, silently":           {ending: returned, err: errors.New("an enricher failed: misbehaving")},
		"kept, reported, late":     {ending: returned, err: errNamed, took: time.Second},
	} {
		assert.Equal(t, want, test.outcome("kept", misbehaving))
	}

	labels := func(value string) enricher.Labels {
		return enricher.Labels{misbehaving: value, "key-of-enricher-01": "", "key-of-enricher-02": "", "key-of-enricher-03": ""}
	}
	dropped := labels("")
	delete(dropped, misbehaving)
	for want, got := range map[string]enricher.Labels{
		"passed on, silently":   labels("caf\xe9"),
		"dropped, silently":     dropped,
		"others lost, silently": {misbehaving: "caf\xe9"},
	} {
		assert.Equal(t, want, outcomeOfLabel(misbehaving, "caf\xe9")(answering(got)))
	}
	kept := outcomeOf(func(<-chan struct{}) (enricher.Labels, error) { return nil, nil })
	assert.Equal(t, "lost, silently", kept(answering(nil)))
}

// answering returns a contender whose labels are always these.
func answering(labels enricher.Labels) *contender {
	return &contender{"answering", func([]namedEnricher, time.Duration) (peer, error) {
		return answer(labels), nil
	}}
}

type answer enricher.Labels

func (a answer) enrich(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	return enricher.Labels(a), nil
}

func TestProbeRejectsUnknownNames(t *testing.T) {
	t.Parallel()
	for _, asked := range []string{"unknown: panics", "library: sings", "library"} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitMisuse, beProbe(asked, &stdout, &stderr))
		assert.Empty(t, stdout.String())
		assert.Contains(t, stderr.String(), "must be a contender, a colon, a space and a misbehaviour")
	}
	_, err := observe(&contender{name: "unknown"}, misbehaviours[0])
	require.ErrorContains(t, err, `probe of unknown, "hangs and ignores its context": exit status 1: ENRICHER_BENCH_PROBE=`)
}
