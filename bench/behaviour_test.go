package main

import (
	"errors"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
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
}
