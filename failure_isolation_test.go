package enricher_test

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"testing"
	"testing/synctest"
	"time"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestIsolationOfReturnedMaps(t *testing.T) {
	t.Parallel()
	own := enricher.Labels{"x": "before"}
	var observed enricher.Result
	e := running(t, enricher.Config{},
		with("a", "x", func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return own, nil }),
		enricher.WithObserver(observerFunc(func(_ context.Context, _ error, _ enricher.FailureContext, res enricher.Result) {
			observed = res
		})))
	future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{})
	<-future.Done()
	res := enrichAs(e, enricher.FailureContext{})
	own["x"], own["y"] = "after", "after"
	want := enricher.Labels{"x": "before"}
	assert.Equal(t, want, res.Labels)
	assert.Equal(t, want, observed.Labels)
	assert.Equal(t, want, future.Result().Labels)
}

func TestIsolationOfResults(t *testing.T) {
	t.Parallel()
	own := enricher.Labels{"x": "a"}
	e := running(t, enricher.Config{}, with("a", "x",
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return own, nil }))
	res := enrichAs(e, enricher.FailureContext{})
	res.Labels["x"], res.Labels["y"] = "changed", "added"
	res.Outcomes[0] = enricher.Outcome{}
	assert.Equal(t, enricher.Labels{"x": "a"}, own)
	assert.Equal(t, enricher.Labels{"x": "a"}, e.Enrich(errJob))
}

// One that always returns the same map is common, and no mistake.
func TestIsolationOfAMapReturnedTwice(t *testing.T) {
	t.Parallel()
	shared := enricher.Labels{"x": "shared", "undeclared": "shared", "long": string(make([]byte, 2000))}
	fe := enricher.Func([]string{"x", "long"},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return shared, nil })
	e := running(t, enricher.Config{Policy: enricher.Policy{MaxConcurrent: 100}},
		enricher.WithEnricher("a", fe),
		withReader("reader", "y", []string{"*"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			fc.Labels["x"] = "changed"
			return nil, nil
		}))
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			for range 100 {
				res := enrichAs(e, enricher.FailureContext{})
				assert.Equal(t, enricher.Labels{"x": "shared"}, res.Labels)
				res.Labels["x"] = "changed"
			}
		})
	}
	all.Wait()
	assert.Equal(t, "shared", shared["x"])
	assert.Len(t, shared, 3)
}

func TestIsolationOfAttributes(t *testing.T) {
	t.Parallel()
	vandal := func(fc enricher.FailureContext) string {
		text := fmt.Sprint(fc.Attributes)
		fc.Attributes["region"] = "changed"
		fc.Attributes["made"] = "up"
		return text
	}
	const want = "map[region:eu]"
	enrich := func(key string) processFunc {
		return func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{key: vandal(fc)}, nil
		}
	}
	var observed []string
	observe := enricher.WithObserver(observerFunc(func(_ context.Context, _ error, fc enricher.FailureContext, _ enricher.Result) {
		observed = append(observed, vandal(fc))
	}))
	e := running(t, enricher.Config{}, with("a", "x", enrich("x")), with("b", "y", enrich("y")),
		withReader("c", "z", []string{"x"}, enrich("z")), observe, observe)
	fc := enricher.FailureContext{Attributes: map[string]string{"region": "eu"}}
	for range 100 {
		observed = nil
		assert.Equal(t, enricher.Labels{"x": want, "y": want, "z": want}, enrichAs(e, fc).Labels)
		assert.Equal(t, []string{want, want}, observed)
	}
	assert.Equal(t, map[string]string{"region": "eu"}, fc.Attributes)
}

func TestIsolationOfAttributesInEnrichAsync(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		observed := ""
		e := running(t, enricher.Config{},
			with("a", "x", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				time.Sleep(time.Second)
				return enricher.Labels{"x": fmt.Sprint(fc.Attributes)}, nil
			}),
			withReader("b", "y", []string{"x"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"y": fmt.Sprint(fc.Attributes)}, nil
			}),
			enricher.WithObserver(observerFunc(func(_ context.Context, _ error, fc enricher.FailureContext, _ enricher.Result) {
				observed = fmt.Sprint(fc.Attributes)
			})))
		attributes := map[string]string{"region": "eu"}
		future := e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{Attributes: attributes})
		attributes["region"] = "us"
		attributes["made"] = "up"
		assert.Equal(t, enricher.Labels{"x": "map[region:eu]", "y": "map[region:eu]"}, future.Result().Labels)
		assert.Equal(t, "map[region:eu]", observed)
	})
}

func TestFailureContextArrivesUnchanged(t *testing.T) {
	t.Parallel()
	given := enricher.FailureContext{
		ID: "f-2", RootID: "f-1", Type: enricher.FailureTypeTask,
		JobID: "j-1", JobName: "import", TaskName: "read", TaskManagerID: "tm-1", Endpoint: "host:6121",
		Attempt: 2, MaxAttempts: 3, Time: time.Date(2024, 2, 29, 12, 0, 0, 0, time.UTC),
		Attributes: map[string]string{"region": "eu"},
	}
	var got []enricher.FailureContext
	e := running(t, enricher.Config{},
		with("a", "x", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			got = append(got, fc)
			return nil, nil
		}),
		enricher.WithObserver(observerFunc(func(_ context.Context, _ error, fc enricher.FailureContext, _ enricher.Result) {
			got = append(got, fc)
		})))
	enrichAs(e, given)
	e.EnrichAsync(context.Background(), errJob, given).Result()
	assert.Equal(t, []enricher.FailureContext{given, given, given, given}, got)
}

func TestFailureContextTimeDefaultsToNow(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got []time.Time
		e := running(t, enricher.Config{},
			with("a", "x", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				got = append(got, fc.Time)
				time.Sleep(time.Second)
				return nil, nil
			}),
			withReader("b", "y", []string{"x"}, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
				got = append(got, fc.Time)
				return nil, nil
			}),
			enricher.WithObserver(observerFunc(func(_ context.Context, _ error, fc enricher.FailureContext, _ enricher.Result) {
				got = append(got, fc.Time)
			})))
		first := time.Now()
		e.Enrich(errJob)
		second := time.Now()
		e.EnrichAsync(context.Background(), errJob, enricher.FailureContext{}).Result()
		require.Equal(t, time.Second, second.Sub(first))
		assert.Equal(t, []time.Time{first, first, first, second, second, second}, got)
	})
}

func TestIsolationKeepsNoFailureAlive(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{}, withGood("a", "x"))
		cause, value := func() (weak.Pointer[bulkyError], weak.Pointer[bulkyError]) {
			cause, value := &bulkyError{}, &bulkyError{}
			ctx := context.WithValue(context.Background(), bulkyError{}, value)
			require.True(t, e.EnrichContext(ctx, cause, enricher.FailureContext{}).Complete())
			return weak.Make(cause), weak.Make(value)
		}()
		synctest.Wait()
		runtime.GC() // what another failure may use again survives this one
		assert.Nil(t, cause.Value(), "the cause")
		assert.Nil(t, value.Value(), "a value of the context")
		runtime.KeepAlive(e)
	})
}
