package enricher_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestNewIgnoresNilOptions(t *testing.T) {
	t.Parallel()
	var noObserver observerFunc
	var noPointer *countingObserver
	e := running(t, enricher.Config{}, nil, enricher.WithLogger(nil), enricher.WithRegistry(nil), withGood("a", "x"))
	assert.Equal(t, enricher.Labels{"x": "a"}, e.Enrich(errJob))

	log := &logbook{}
	e = running(t, enricher.Config{}, enricher.WithLogger(log.logger()),
		enricher.WithObserver(nil), enricher.WithObserver(noObserver), enricher.WithObserver(noPointer))
	e.Enrich(errJob)
	assert.Empty(t, log.take(), "nor does anybody call them")
}

// Not parallel, as it changes what others share.
func TestDefaultIsUsedByTheFunctions(t *testing.T) {
	require.NotNil(t, enricher.Default())
	assert.Empty(t, enricher.Default().Enrichers())
	assert.Equal(t, enricher.Labels{}, enricher.Enrich(errJob))

	e := running(t, enricher.Config{}, withGood("a", "x"))
	enricher.SetDefault(e)
	t.Cleanup(func() { enricher.SetDefault(nil) })
	assert.Same(t, e, enricher.Default())
	assert.Equal(t, enricher.Labels{"x": "a"}, enricher.Enrich(errJob))
	res := enricher.EnrichContext(context.Background(), errJob, enricher.FailureContext{})
	assert.Equal(t, enricher.Labels{"x": "a"}, res.Labels)
	assert.Len(t, res.Outcomes, 1)

	enricher.SetDefault(nil)
	require.NotNil(t, enricher.Default())
	assert.NotSame(t, e, enricher.Default())
	assert.Equal(t, enricher.Labels{}, enricher.Enrich(errJob))
	assert.Equal(t, enricher.Labels{"x": "a"}, e.Enrich(errJob), "SetDefault does not shut down the one before")

	enricher.SetDefault(&enricher.Enricher{})
	assert.Equal(t, enricher.Labels{}, enricher.Enrich(errJob), "one that was not made by New has no enrichers")
}

// Not parallel, as it changes what others share.
func TestDefaultMayBeReplacedAndShutDownUnderLoad(t *testing.T) {
	t.Cleanup(func() { enricher.SetDefault(nil) })
	enricher.SetDefault(running(t, enricher.Config{}, withGood("a", "x")))
	var replaced, lost atomic.Int64
	var callers sync.WaitGroup
	for range 4 {
		callers.Go(func() {
			for replaced.Load() < 100 {
				if res := enricher.EnrichContext(t.Context(), errJob, enricher.FailureContext{}); !res.Complete() {
					lost.Add(1)
				}
			}
		})
	}
	for range 100 {
		before := enricher.Default()
		enricher.SetDefault(running(t, enricher.Config{}, withGood("a", "x")))
		require.NoError(t, before.Shutdown(t.Context()))
		replaced.Add(1)
	}
	callers.Wait()
	assert.Zero(t, lost.Load())
	require.NoError(t, enricher.Default().Shutdown(t.Context()))
	require.ErrorIs(t, enricher.EnrichContext(t.Context(), errJob, enricher.FailureContext{}).Err(), enricher.ErrShutdown)
}

// Not parallel, as it changes what others share.
func TestDefaultLogsNothing(t *testing.T) {
	var text bytes.Buffer
	before := slog.Default()
	slog.SetDefault(slog.New(slog.NewTextHandler(&text, nil)))
	t.Cleanup(func() { slog.SetDefault(before) })
	enricher.SetDefault(nil) // as when a program starts
	assert.Empty(t, text.String())
	_, err := enricher.New(enricher.Config{})
	require.NoError(t, err)
	assert.Contains(t, text.String(), `level=INFO msg="No failure enrichers are configured"`, "whoever asks for none is told")
}

func TestNewUsesTheDefaultLogger(t *testing.T) {
	log, before := &logbook{}, slog.Default()
	slog.SetDefault(log.logger())
	t.Cleanup(func() { slog.SetDefault(before) })
	e, err := enricher.New(enricher.Config{}, with("a", "x", failing(errors.New("no idea"))))
	require.NoError(t, err)
	e.Enrich(errJob)
	require.NoError(t, e.Shutdown(context.Background()))
	assert.Equal(t, []string{
		`level=WARN msg="Failure enricher gave no labels" enricher=a status=failed error="no idea"`,
	}, log.take())
}
