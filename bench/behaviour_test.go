package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
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

// wantFates are what becomes of each misbehaviour with each contender.
var wantFates = [][]string{
	{"kept, reported", "kept, reported", "caller hangs", "kept, reported", "caller hangs", "caller hangs"},
	{"kept, reported", "kept, reported", "process dies", "kept, reported", "process dies", "process dies"},
	{"kept, reported", "kept, reported", "kept, reported", "kept, reported", "kept, silently", "kept, reported"},
	{"kept, reported", "kept, reported", "caller hangs", "kept, reported", "caller's goroutine ends", "caller's goroutine ends"},
	{"process dies", "process dies", "process dies", "process dies", "process dies", "process dies"},
	{"refused at load, named", "slower one wins, silently", "last one wins, silently", "slower one wins, silently", "last one wins, silently", "last one wins, silently"},
	{"dropped, reported", "passed on, silently", "passed on, silently", "passed on, silently", "passed on, silently", "passed on, silently"},
	{"dropped, reported", "passed on, silently", "passed on, silently", "passed on, silently", "passed on, silently", "passed on, silently"},
}

func TestFatesAreObservedInProcesses(t *testing.T) {
	t.Parallel()
	rep := newReport(options{})
	require.NoError(t, runProbes(options{}, rep, io.Discard))
	require.Len(t, rep.sections, 1)
	rows := rep.sections[0].table.rows
	require.Len(t, rows, len(misbehaviours))
	for i, m := range misbehaviours {
		require.Len(t, rows[i], 1+len(contenders))
		assert.Equal(t, m.what, rows[i][0])
		for j, c := range contenders {
			got, want := rows[i][1+j], wantFates[i][j]
			if want == fateDies || want == fateHangs {
				assert.Equal(t, want, got, "%s: %s", c, m.what)
			} else {
				// What exactly may depend on how busy the machine is, and
				// is tested where time stands still.
				assert.Contains(t, []string{want, want + ", late", fateHangs}, got, "%s: %s", c, m.what)
			}
		}
	}
}

// leavesGoroutine is what cannot be looked at in a bubble: a goroutine waits for
// an answer that will never come.
const leavesGoroutine = "failsafe-go: calls runtime.Goexit"

func TestFatesAreTheSameWhereTimeStandsStill(t *testing.T) {
	t.Parallel()
	for i, m := range misbehaviours {
		for j, c := range contenders {
			if wantFates[i][j] == fateDies || c.name+": "+m.what == leavesGoroutine {
				continue
			}
			t.Run(fmt.Sprintf("%s: %s", c, m.what), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					assert.Equal(t, wantFates[i][j], m.probe(c))
				})
			})
		}
	}
}

func TestFatesInWords(t *testing.T) {
	t.Parallel()
	errNamed := errors.New(`enricher "strange": boom`)
	for want, test := range map[string]call{
		"caller hangs":            {},
		"caller's goroutine ends": {ending: exited, err: errNamed},
		"kept, reported":          {ending: returned, err: errNamed},
		"kept, silently":          {ending: returned, err: errors.New("an enricher failed: stranger")},
		"kept, reported, late":    {ending: returned, err: errNamed, took: time.Second},
	} {
		assert.Equal(t, want, test.fate("kept", strange))
	}
}

func TestFatesOfLabelsInWords(t *testing.T) {
	t.Parallel()
	labels := func(value string) enricher.Labels {
		return enricher.Labels{strange: value, "key-of-enricher-01": "", "key-of-enricher-02": "", "key-of-enricher-03": ""}
	}
	dropped := labels("")
	delete(dropped, strange)
	for want, got := range map[string]enricher.Labels{
		"passed on, silently":   labels("caf\xe9"),
		"repaired, silently":    labels("caf�"),
		"dropped, silently":     dropped,
		"others lost, silently": {strange: "caf\xe9"},
	} {
		assert.Equal(t, want, fateOfLabel(strange, "caf\xe9")(answering(got)))
	}
	kept := fateOf(func(<-chan struct{}) (enricher.Labels, error) { return nil, nil })
	assert.Equal(t, "kept, silently", kept(answering(dropped)))
	assert.Equal(t, "lost, silently", kept(answering(nil)))
}

// answering returns a contender that always gives these labels.
func answering(labels enricher.Labels) *contender {
	return &contender{"answering", func([]namedEnricher, time.Duration) (peer, error) {
		return answer(labels), nil
	}}
}

type answer enricher.Labels

func (a answer) enrich(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	return enricher.Labels(a), nil
}

func TestProbesThatMakeNoSenseAreRefused(t *testing.T) {
	t.Parallel()
	for _, asked := range []string{"nobody: panics", "library: sings", "library"} {
		var stdout, stderr bytes.Buffer
		assert.Equal(t, exitStatusOfMisuse, beProbe(asked, &stdout, &stderr))
		assert.Empty(t, stdout.String())
		assert.Contains(t, stderr.String(), "want a contender, a colon, a space and a misbehaviour")
	}
	_, err := observe(&contender{name: "nobody"}, misbehaviours[0])
	require.ErrorContains(t, err, `probe of nobody, "hangs, whatever its context says": exit status 1: ENRICHER_BENCH_PROBE=`)
}
