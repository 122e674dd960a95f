package enrichersentry_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"testing"

	"github.com/getsentry/sentry-go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersentry"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/jobs"
)

func TestEventProcessor(t *testing.T) {
	t.Parallel()
	labels := enricher.Labels{"team": "shop", "fingerprint": "f"}
	tags := map[string]string{"team": "shop", "fingerprint": "f"}
	for name, c := range map[string]struct {
		options     enrichersentry.Options
		capture     func(*sentry.Hub)
		tags        map[string]string
		fingerprint []string
		calls       int
	}{
		"an error":   {capture: func(h *sentry.Hub) { h.CaptureException(io.EOF) }, tags: tags, fingerprint: []string{"f"}, calls: 1},
		"a message":  {capture: func(h *sentry.Hub) { h.CaptureMessage("m") }},
		"without it": {capture: func(h *sentry.Hub) { h.CaptureEvent(&sentry.Event{Message: "m"}) }},
		"a panic": {
			capture: func(h *sentry.Hub) {
				defer func() { h.RecoverWithContext(context.Background(), recover()) }()
				explode(nil)
			},
			tags: tags, fingerprint: []string{"f"}, calls: 1,
		},
		"an event without maps": {
			capture: func(h *sentry.Hub) {
				h.CaptureEventWithHint(&sentry.Event{Message: "m"}, &sentry.EventHint{OriginalException: io.EOF})
			},
			tags: tags, fingerprint: []string{"f"}, calls: 1,
		},
		"tags and fingerprint of its own": {
			capture: func(h *sentry.Hub) {
				h.Scope().SetTag("team", "web")
				h.Scope().SetFingerprint([]string{"g"})
				h.CaptureException(io.EOF)
			},
			tags: map[string]string{"team": "web", "fingerprint": "f"}, fingerprint: []string{"g"}, calls: 1,
		},
		"skipped": {
			options: enrichersentry.Options{Options: jobs.Options{Skip: func(_ context.Context, err error) bool { return err == io.EOF }}},
			capture: func(h *sentry.Hub) { h.CaptureException(io.EOF) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			hub, sent := newHub(t)
			rec := &enrichertest.Recorder{}
			hub.Client().AddEventProcessor(enrichersentry.EventProcessor(newEnricher(t, labels, nil, enricher.WithObserver(rec)), c.options))
			c.capture(hub)
			require.Len(t, sent.Events(), 1)
			assert.Equal(t, len(c.tags), len(sent.Events()[0].Tags))
			for key, value := range c.tags {
				assert.Equal(t, value, sent.Events()[0].Tags[key])
			}
			assert.Equal(t, c.fingerprint, sent.Events()[0].Fingerprint)
			assert.Len(t, rec.Failures(), c.calls)
		})
	}
}

func TestEventProcessorGivesThePanicItsFrames(t *testing.T) {
	t.Parallel()
	hub, _ := newHub(t)
	rec := &enrichertest.Recorder{}
	hub.Client().AddEventProcessor(enrichersentry.EventProcessor(newEnricher(t, nil, nil, enricher.WithObserver(rec)), enrichersentry.Options{}))
	func() {
		defer func() { hub.Recover(recover()) }()
		explode(nil)
	}()
	require.Len(t, rec.Failures(), 1)
	p, ok := enricher.AsType[*enricher.PanicError](rec.Failures()[0].Cause)
	require.True(t, ok)
	assert.Contains(t, p.Stack(), "enrichersentry_test.explode(...)")
}

func TestEventProcessorLabelsAFailureOnce(t *testing.T) {
	t.Parallel()
	hub, sent := newHub(t)
	rec := &enrichertest.Recorder{}
	e := newEnricher(t, enricher.Labels{"team": "shop"}, nil, enricher.WithObserver(rec))
	hub.Client().AddEventProcessor(enrichersentry.EventProcessor(e, enrichersentry.Options{}))
	res := e.EnrichContext(t.Context(), io.EOF, enricher.FailureContext{ID: "1"})
	hub.CaptureException(fmt.Errorf("job: %w", enricher.WithResult(io.EOF, res)))
	ctx := jobs.WithResult(t.Context(), io.EOF, res)
	hub.CaptureEventWithHint(sentry.NewEvent(), &sentry.EventHint{OriginalException: io.EOF, Context: ctx})
	ctx = jobs.WithResult(t.Context(), nil, res)
	hub.RecoverWithContext(ctx, "boom")
	require.Len(t, sent.Events(), 3)
	for _, event := range sent.Events() {
		assert.Equal(t, "shop", event.Tags["team"])
	}
	assert.Len(t, rec.Failures(), 1)
}

// One Enricher for both: an event has one failure, and a failure one event.
func TestObserverAndEventProcessor(t *testing.T) {
	t.Parallel()
	hub, sent := newHub(t)
	rec := &enrichertest.Recorder{}
	e := newEnricher(t, enricher.Labels{"team": "shop"}, nil, enricher.WithObserver(enrichersentry.New(enrichersentry.Options{Hub: hub})), enricher.WithObserver(rec))
	processor := enrichersentry.EventProcessor(e, enrichersentry.Options{})
	hub.Client().AddEventProcessor(processor)
	hub.Scope().AddEventProcessor(processor)
	e.Enrich(errors.New("one"))
	require.Len(t, sent.Events(), 1)
	require.Len(t, rec.Failures(), 1)
	other, sentByOther := newHub(t)
	other.Client().AddEventProcessor(processor)
	other.CaptureException(errors.New("two"))
	assert.Len(t, sent.Events(), 1)
	require.Len(t, sentByOther.Events(), 1)
	assert.Equal(t, "shop", sentByOther.Events()[0].Tags["team"])
	assert.Len(t, rec.Failures(), 2)
}

// capturing is an observer that captures each failure with the hub whose processor
// calls it.
type capturing struct {
	hub   *sentry.Hub
	ctx   bool
	depth int // in the stack
	calls *int
}

func below(depth int, fn func()) {
	if depth == 0 {
		fn()
		return
	}
	below(depth-1, fn)
	runtime.KeepAlive(depth)
}

func (c capturing) ObserveFailure(ctx context.Context, cause error, _ enricher.FailureContext, _ enricher.Result) {
	if *c.calls++; *c.calls > 10 {
		return // it would not end
	}
	hint := &sentry.EventHint{OriginalException: fmt.Errorf("observed: %w", cause)}
	if c.ctx {
		hint.Context = ctx
	}
	below(c.depth, func() { c.hub.CaptureEventWithHint(sentry.NewEvent(), hint) })
}

func TestEventProcessorEndsIfAnObserverCaptures(t *testing.T) {
	t.Parallel()
	for _, o := range []capturing{{ctx: true}, {}, {depth: 200}, {depth: 20_000}} {
		hub, sent := newHub(t)
		calls := 0
		o.hub, o.calls = hub, &calls
		e := newEnricher(t, enricher.Labels{"team": "shop"}, nil, enricher.WithObserver(o))
		hub.Client().AddEventProcessor(enrichersentry.EventProcessor(e, enrichersentry.Options{}))
		hub.CaptureException(io.EOF)
		assert.Equal(t, 1, calls)
		assert.Len(t, sent.Events(), 2)
	}
}

func TestEventProcessorLeavesAloneWhatLabelingCodeCaptures(t *testing.T) {
	t.Parallel()
	hub, sent := newHub(t)
	rec := &enrichertest.Recorder{}
	looksUp := enricher.Func([]string{"owner"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		hub.CaptureException(io.ErrNoProgress)
		return nil, nil
	})
	e := newEnricher(t, enricher.Labels{"team": "shop"}, nil, enricher.WithObserver(rec), enricher.WithEnricher("looks-up", looksUp))
	hub.Client().AddEventProcessor(enrichersentry.EventProcessor(e, enrichersentry.Options{}))
	hub.CaptureException(io.EOF)
	done := func(_ context.Context, cause error, _ jobs.Verdict) { hub.CaptureException(cause) }
	jobs.Judge(t.Context(), e, jobs.Options{Done: done}, io.EOF, enricher.FailureContext{}) // as an adapter does
	assert.Len(t, rec.Failures(), 2)
	var teams []string
	for _, event := range sent.Events() {
		teams = append(teams, event.Tags["team"])
	}
	assert.Equal(t, []string{"", "shop", "", "shop"}, teams)
}
