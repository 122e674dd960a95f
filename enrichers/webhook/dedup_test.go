package webhook_test

import (
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

func TestDedup(t *testing.T) {
	t.Run("sends one of a thousand equal failures at once", bubble(func(t *testing.T) {
		s, fe := post(t, webhook.Options{}, slow(time.Second, 200))
		var all sync.WaitGroup
		for i := range 1000 {
			// Equal texts of different errors.
			all.Go(func() {
				assert.NoError(t, send(t, fe, fmt.Errorf("lost %s", "node"), enricher.Labels{"n": fmt.Sprint(i)}))
			})
		}
		all.Wait()
		assert.Len(t, s.all(), 1)
		assert.Equal(t, map[string]uint64{"sent": 1, "held-back": 999}, counts(fe))
	}))

	t.Run("holds back for the window after sending, and reports how many", bubble(func(t *testing.T) {
		s, fe := post(t, webhook.Options{DedupWindow: time.Minute}, slow(time.Second, 200))
		require.NoError(t, send(t, fe, errJob, nil))
		require.NoError(t, send(t, fe, errJob, nil))
		time.Sleep(time.Minute - 1)
		require.NoError(t, send(t, fe, errJob, nil))
		assert.Len(t, s.all(), 1)
		time.Sleep(time.Nanosecond)
		require.NoError(t, send(t, fe, errJob, nil))
		assert.Len(t, s.all(), 2)
		assert.EqualValues(t, 2, s.message(t).HeldBack)
		time.Sleep(time.Minute)
		require.NoError(t, send(t, fe, errJob, nil))
		assert.Len(t, s.all(), 3)
		assert.Zero(t, s.message(t).HeldBack)
	}))

	t.Run("sends the next failure if sending failed, which reports the same", bubble(func(t *testing.T) {
		s, fe := post(t, webhook.Options{}, slow(time.Second, 400), status(400, ""), status(200, ""))
		go func() { assert.Error(t, send(t, fe, errJob, nil)) }()
		synctest.Wait()
		require.NoError(t, send(t, fe, errJob, nil))
		time.Sleep(time.Second)
		synctest.Wait()
		require.Error(t, send(t, fe, errJob, nil))
		assert.EqualValues(t, 1, s.message(t).HeldBack)
		require.NoError(t, send(t, fe, errJob, nil))
		assert.EqualValues(t, 1, s.message(t).HeldBack)
		require.NoError(t, send(t, fe, errJob, nil))
		assert.Len(t, s.all(), 3)
		assert.Equal(t, map[string]uint64{"sent": 1, "held-back": 2, "failed": 2}, counts(fe))
	}))

	t.Run("holds back nothing for a failure whose methods hang", bubble(func(t *testing.T) {
		s, fe := post(t, webhook.Options{FingerprintLabel: "team"})
		release := make(chan struct{})
		defer close(release)
		go send(t, fe, hostile.Hangs{Release: release}, enricher.Labels{"team": "web"})
		synctest.Wait()
		require.NoError(t, send(t, fe, errJob, enricher.Labels{"team": "web"}))
		assert.Len(t, s.all(), 1)
	}))

	t.Run("forgets the least recent of too many failures", func(t *testing.T) {
		s, fe := post(t, webhook.Options{DedupKeys: 2, RateLimit: -1})
		for _, text := range []string{"a", "b", "a", "c", "a", "b"} {
			require.NoError(t, send(t, fe, errors.New(text), nil))
		}
		var sent []string
		for _, r := range s.all() {
			sent = append(sent, r.Body[strings.Index(r.Body, `"error":"`):][9:10])
		}
		assert.Equal(t, []string{"a", "b", "c", "b"}, sent)
	})

	t.Run("holds nothing back without a window", func(t *testing.T) {
		s, fe := post(t, webhook.Options{DedupWindow: -1})
		for range 3 {
			require.NoError(t, send(t, fe, errJob, nil))
		}
		assert.Len(t, s.all(), 3)
	})
}

func TestDedupComparesFailures(t *testing.T) {
	t.Parallel()
	type failure struct {
		cause error
		fc    enricher.FailureContext
	}
	fingerprint := func(value string) enricher.Labels { return enricher.Labels{"fingerprint": value} }
	long := func(end string) error { return errors.New(strings.Repeat("z", 4096) + end) }
	a, b := errors.New("a"), errors.New("b")
	tests := map[string]struct {
		first, second failure
		equal         bool
	}{
		"the same":              {failure{a, enricher.FailureContext{JobID: "1"}}, failure{a, enricher.FailureContext{JobID: "1", Attempt: 2, TaskName: "t"}}, true},
		"another job":           {failure{a, enricher.FailureContext{JobID: "1"}}, failure{a, enricher.FailureContext{JobID: "2"}}, false},
		"another name":          {failure{a, enricher.FailureContext{JobName: "1"}}, failure{a, enricher.FailureContext{JobName: "2"}}, false},
		"the ID has precedence": {failure{a, enricher.FailureContext{JobID: "1", JobName: "x"}}, failure{a, enricher.FailureContext{JobID: "1", JobName: "y"}}, true},
		"another text":          {failure{a, enricher.FailureContext{}}, failure{b, enricher.FailureContext{}}, false},
		"another type":          {failure{a, enricher.FailureContext{}}, failure{fmt.Errorf("%w", a), enricher.FailureContext{}}, false},
		"a text beyond 4 KiB":   {failure{long("x"), enricher.FailureContext{}}, failure{long("y"), enricher.FailureContext{}}, true},
		"a fingerprint":         {failure{a, enricher.FailureContext{JobID: "1", Labels: fingerprint("f")}}, failure{b, enricher.FailureContext{JobID: "2", Labels: fingerprint("f")}}, true},
		"another fingerprint":   {failure{a, enricher.FailureContext{Labels: fingerprint("f")}}, failure{a, enricher.FailureContext{Labels: fingerprint("g")}}, false},
		"an empty fingerprint":  {failure{a, enricher.FailureContext{Labels: fingerprint("")}}, failure{a, enricher.FailureContext{}}, true},
		"a fingerprint or none": {failure{a, enricher.FailureContext{Labels: fingerprint("f")}}, failure{a, enricher.FailureContext{}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s, fe := post(t, webhook.Options{})
			for _, f := range []failure{tt.first, tt.second} {
				_, err := fe.ProcessFailure(t.Context(), f.cause, f.fc)
				require.NoError(t, err)
			}
			assert.Len(t, s.all(), map[bool]int{true: 1, false: 2}[tt.equal])
		})
	}
}
