package webhook_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func TestOfAThousandEqualFailuresAtOnceOneIsSent(t *testing.T) {
	t.Parallel()
	s := newServer(t, func(http.ResponseWriter, *http.Request) { time.Sleep(20 * time.Millisecond) })
	e := newWebhook(t, to(s))
	var all sync.WaitGroup
	for i := range 1000 {
		// Equal texts of different errors.
		all.Go(func() {
			assert.NoError(t, send(t, e, fmt.Errorf("lost %s", "node"), enricher.Labels{"n": fmt.Sprint(i)}))
		})
	}
	all.Wait()
	assert.Len(t, s.all(), 1)
	assert.Equal(t, webhook.Stats{Sent: 1, HeldBack: 999}, e.Stats())
}

func TestOfAThousandFailuresAtOnceABurstIsSent(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	opts := to(s)
	opts.RateLimit, opts.RateBurst = 1, 7
	e := newWebhook(t, opts)
	var all sync.WaitGroup
	for i := range 1000 {
		all.Go(func() { assert.NoError(t, send(t, e, fmt.Errorf("failure %d", i), nil)) })
	}
	all.Wait()
	assert.Len(t, s.all(), 7)
	assert.Equal(t, webhook.Stats{Sent: 7, RateLimited: 993}, e.Stats())
}

func TestTheNextEqualFailureIsSentWhereOneWasNot(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(400, ""), status(400, ""), status(200, ""))
	e := newWebhook(t, to(s))
	require.Error(t, send(t, e, errJob, nil))
	require.Error(t, send(t, e, errJob, nil))
	require.NoError(t, send(t, e, errJob, nil))
	require.NoError(t, send(t, e, errJob, nil))
	assert.Len(t, s.all(), 3)
	assert.Equal(t, webhook.Stats{Sent: 1, HeldBack: 1, Failed: 2}, e.Stats())
}

func TestWhatMakesFailuresEqual(t *testing.T) {
	t.Parallel()
	type failure struct {
		cause error
		fc    enricher.FailureContext
	}
	print := func(fingerprint string) enricher.Labels { return enricher.Labels{"fingerprint": fingerprint} }
	a, b := errors.New("a"), errors.New("b")
	tests := map[string]struct {
		first, second failure
		equal         bool
	}{
		"the same":              {failure{a, enricher.FailureContext{JobID: "1"}}, failure{a, enricher.FailureContext{JobID: "1", Attempt: 2, TaskName: "t"}}, true},
		"another job":           {failure{a, enricher.FailureContext{JobID: "1"}}, failure{a, enricher.FailureContext{JobID: "2"}}, false},
		"another name":          {failure{a, enricher.FailureContext{JobName: "1"}}, failure{a, enricher.FailureContext{JobName: "2"}}, false},
		"the ID counts":         {failure{a, enricher.FailureContext{JobID: "1", JobName: "x"}}, failure{a, enricher.FailureContext{JobID: "1", JobName: "y"}}, true},
		"another text":          {failure{a, enricher.FailureContext{}}, failure{b, enricher.FailureContext{}}, false},
		"another type":          {failure{a, enricher.FailureContext{}}, failure{fmt.Errorf("%w", a), enricher.FailureContext{}}, false},
		"a text beyond 4 KiB":   {failure{long("x"), enricher.FailureContext{}}, failure{long("y"), enricher.FailureContext{}}, true},
		"a fingerprint":         {failure{a, enricher.FailureContext{JobID: "1", Labels: print("f")}}, failure{b, enricher.FailureContext{JobID: "2", Labels: print("f")}}, true},
		"another fingerprint":   {failure{a, enricher.FailureContext{Labels: print("f")}}, failure{a, enricher.FailureContext{Labels: print("g")}}, false},
		"an empty fingerprint":  {failure{a, enricher.FailureContext{Labels: print("")}}, failure{a, enricher.FailureContext{}}, true},
		"a fingerprint or none": {failure{a, enricher.FailureContext{Labels: print("f")}}, failure{a, enricher.FailureContext{}}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			e := newWebhook(t, to(s))
			for _, f := range []failure{tt.first, tt.second} {
				_, err := e.ProcessFailure(t.Context(), f.cause, f.fc)
				require.NoError(t, err)
			}
			assert.Len(t, s.all(), map[bool]int{true: 1, false: 2}[tt.equal])
		})
	}
}

func long(end string) error { return errors.New(strings.Repeat("z", 4096) + end) }

func TestConditionsDecideWhatIsSent(t *testing.T) {
	t.Parallel()
	when := map[string][]string{"type": {"SYSTEM", "DEPENDENCY"}, "owner": {"*"}}
	unless := map[string][]string{"JOB_CANNOT_RESTART": {"false"}, "muted": {"*"}}
	tests := map[string]struct {
		labels enricher.Labels
		sent   bool
	}{
		"no labels":           {nil, false},
		"all met":             {enricher.Labels{"type": "SYSTEM", "owner": ""}, true},
		"another value":       {enricher.Labels{"type": "DEPENDENCY", "owner": "x", "JOB_CANNOT_RESTART": "true"}, true},
		"a wrong value":       {enricher.Labels{"type": "USER", "owner": "x"}, false},
		"case of a value":     {enricher.Labels{"type": "system", "owner": "x"}, false},
		"one missing":         {enricher.Labels{"type": "SYSTEM"}, false},
		"one too many":        {enricher.Labels{"type": "SYSTEM", "owner": "x", "muted": ""}, false},
		"one with that value": {enricher.Labels{"type": "SYSTEM", "owner": "x", "JOB_CANNOT_RESTART": "false"}, false},
		"case of a key":       {enricher.Labels{"Type": "SYSTEM", "OWNER": "x"}, true},
		"case of another":     {enricher.Labels{"type": "SYSTEM", "owner": "x", "job_cannot_restart": "false"}, false},
		"the exact key wins":  {enricher.Labels{"type": "USER", "Type": "SYSTEM", "owner": "x"}, false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			opts := to(s)
			opts.When, opts.Unless = when, unless
			e := newWebhook(t, opts)
			require.NoError(t, send(t, e, errJob, tt.labels))
			if tt.sent {
				assert.Len(t, s.all(), 1)
				assert.Equal(t, webhook.Stats{Sent: 1}, e.Stats())
			} else {
				assert.Empty(t, s.all())
				assert.Equal(t, webhook.Stats{NotMatched: 1}, e.Stats())
			}
		})
	}
}

func TestTheLabelSaysWhatBecameOfAFailure(t *testing.T) {
	t.Parallel()
	s := newServer(t, status(200, ""), status(400, ""))
	opts := to(s)
	opts.NotifiedLabel = "chat"
	opts.RateBurst = 2
	opts.Unless = map[string][]string{"muted": {"*"}}
	e := newWebhook(t, opts)
	assert.Equal(t, []string{"chat"}, e.OutputKeys())
	assert.Equal(t, []string{"*", "muted"}, e.InputKeys())
	process := func(text string, labels enricher.Labels) (enricher.Labels, error) {
		return e.ProcessFailure(t.Context(), errors.New(text), enricher.FailureContext{Labels: labels})
	}
	labels, err := process("a", nil)
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"chat": webhook.Sent}, labels)
	labels, err = process("a", nil)
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"chat": webhook.HeldBack}, labels)
	labels, err = process("a", enricher.Labels{"muted": "yes"})
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"chat": webhook.NotMatched}, labels)
	labels, err = process("b", nil)
	require.Error(t, err)
	assert.Nil(t, labels)
	labels, err = process("c", nil)
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"chat": webhook.RateLimited}, labels)
	assert.Len(t, s.all(), 2)
	assert.Equal(t, webhook.Stats{Sent: 1, HeldBack: 1, RateLimited: 1, NotMatched: 1, Failed: 1}, e.Stats())
}

func TestWithoutALabelThereAreNoKeys(t *testing.T) {
	t.Parallel()
	e := newWebhook(t, to(newServer(t)))
	assert.Empty(t, e.OutputKeys())
	labels, err := e.ProcessFailure(t.Context(), errJob, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Nil(t, labels)
}

func TestMessagesSayWhatWasNotSentBefore(t *testing.T) {
	t.Parallel()
	// Of four requests the endpoint takes three.
	take := status(200, "")
	var answers []http.HandlerFunc
	for range 10_000 {
		answers = append(answers, status(400, ""), take, take, take)
	}
	s := newServer(t, answers...)
	opts := to(s)
	opts.DedupWindow = 2 * time.Millisecond
	opts.RateLimit, opts.RateBurst = 60_000, 1
	opts.NotifiedLabel = "chat"
	e := newWebhook(t, opts)
	var stats webhook.Stats
	deadline := time.Now().Add(5 * time.Second)
	for n := 0; time.Now().Before(deadline); n++ {
		send(t, e, fmt.Errorf("failure %d", n), nil)
		labels, _ := e.ProcessFailure(t.Context(), errJob, enricher.FailureContext{JobID: "j"})
		stats = e.Stats()
		if labels["chat"] == webhook.Sent && min(stats.HeldBack, stats.RateLimited, stats.Failed) >= 20 {
			break // this message has said it all
		}
	}
	require.GreaterOrEqual(t, min(stats.HeldBack, stats.RateLimited, stats.Failed), uint64(20))
	var said webhook.Stats
	for i, r := range s.all() {
		if i%4 == 0 {
			said.Failed++
			continue
		}
		var m webhook.Message
		require.NoError(t, json.Unmarshal([]byte(r.Body), &m))
		said.Sent++
		said.HeldBack += m.HeldBack
		said.RateLimited += m.RateLimited
	}
	assert.Equal(t, stats, said)
}

func TestAClosedEnricherSendsNothing(t *testing.T) {
	t.Parallel()
	s := newServer(t)
	e := newWebhook(t, to(s))
	require.NoError(t, send(t, e, errJob, nil))
	require.NoError(t, e.Close())
	require.NoError(t, e.Close())
	require.EqualError(t, send(t, e, errors.New("another"), nil), "closed")
	assert.Len(t, s.all(), 1)
	assert.Equal(t, webhook.Stats{Sent: 1, Failed: 1}, e.Stats())
}

func TestClosingEndsTheConnectionOfWhatIsUnderWay(t *testing.T) {
	t.Parallel()
	var e *webhook.Enricher
	var open atomic.Int64
	s := unstarted(t, func(w http.ResponseWriter, _ *http.Request) {
		assert.NoError(t, e.Close())
		w.WriteHeader(500) // what comes next opens the transport again
	}, status(200, ""))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		switch state {
		case http.StateNew:
			open.Add(1)
		case http.StateClosed:
			open.Add(-1)
		}
	}
	s.Start()
	e = newWebhook(t, to(s))
	require.NoError(t, send(t, e, errJob, nil))
	require.Eventually(t, func() bool { return open.Load() == 0 }, 5*time.Second, time.Millisecond)
	assert.Len(t, s.all(), 2)
}

func TestHostileErrorsAreSentLikeOthers(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		err  error
		want string
	}{
		"typed nil":       {(*nilError)(nil), "(the Error method of a *webhook_test.nilError panicked: runtime error: invalid memory address or nil pointer dereference)"},
		"panics":          {panicError{}, "(the Error method of a webhook_test.panicError panicked: ouch)"},
		"cyclic":          {circle{}, "circle"},
		"not comparable":  {uncomparable{"a", "b"}, "a, b"},
		"wide":            {errors.Join(slices.Repeat([]error{errors.New("x")}, 10_000)...), strings.Repeat("x\n", 2046) + "x…"},
		"invalid UTF-8":   {errors.New("a\xffb\x00c\x1b[31m"), "a\uFFFDb\uFFFDc\uFFFD[31m"},
		"10 MB":           {errors.New(strings.Repeat("x", 10<<20)), strings.Repeat("x", 4093) + "…"},
		"10 MB of quotes": {errors.New(strings.Repeat(`"`, 10<<20)), strings.Repeat(`"`, 4093) + "…"},
		"empty":           {errors.New(""), ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServer(t)
			e := newWebhook(t, to(s))
			require.NoError(t, send(t, e, tt.err, nil))
			require.NoError(t, send(t, e, tt.err, nil))
			require.Len(t, s.all(), 1)
			assert.Equal(t, tt.want, s.message(t)["error"])
		})
	}
}

type nilError struct{ text string }

func (e *nilError) Error() string { return e.text }

type panicError struct{}

func (panicError) Error() string { panic("ouch") }
func (panicError) Unwrap() error { panic("ouch") }

type circle struct{}

func (circle) Error() string { return "circle" }
func (circle) Unwrap() error { return circle{} }

type uncomparable []string

func (u uncomparable) Error() string { return strings.Join(u, ", ") }
