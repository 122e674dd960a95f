package enricher_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// explainer is an Explainer whose ProcessFailure must not be called.
type explainer struct {
	keys, reads []string
	explain     func(fc enricher.FailureContext) (enricher.Labels, map[string]string, error)
}

func (e explainer) OutputKeys() []string { return e.keys }
func (e explainer) InputKeys() []string  { return e.reads }

func (explainer) ProcessFailure(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
	panic("asked for real")
}

func (e explainer) ExplainFailure(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
	return e.explain(fc)
}

func TestExplain(t *testing.T) {
	missing := &fs.PathError{Op: "open", Path: "a.csv", Err: fs.ErrNotExist}

	t.Run("it says what each enricher was asked and answered, wave by wave", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			kind := explainer{
				keys: []string{"kind", "detail"},
				explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) {
					return enricher.Labels{"kind": "USER", "secret": "x"}, map[string]string{"kind": "errno ENOENT", "detail": "there is none", "": "rule 3"}, nil
				},
			}
			owner := explainer{
				keys: []string{"owner"}, reads: []string{"kind"},
				explain: func(fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
					return enricher.Labels{"owner": "team of " + fc.Labels["kind"]}, nil, nil
				},
			}
			plain := enricher.Func([]string{"size"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{"size": "1\n2"}, nil
			})
			failing := enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return nil, errors.New("no disk")
			})
			e, err := enricher.New(enricher.Config{},
				enricher.WithEnricher("owner", owner), enricher.WithEnricher("kind", kind),
				enricher.WithEnricher("plain", plain), enricher.WithEnricher("failing", failing), enricher.WithLogger(slog.New(slog.DiscardHandler)))
			require.NoError(t, err)

			x := e.Explain(context.Background(), fmt.Errorf("import: %w", missing), enricher.FailureContext{})
			want := enricher.Labels{"kind": "USER", "owner": "team of USER", "size": "1\n2"}
			assert.Equal(t, want, x.Labels)
			require.Len(t, x.Answers, 4)
			assert.Equal(t, enricher.ExplainedAnswer{
				Wave: 2, WaitsFor: []string{"kind"}, InputKeys: []string{"kind"}, Read: enricher.Labels{"kind": "USER"},
				Outcome: enricher.Outcome{Enricher: "owner", Status: enricher.StatusOK},
				Labels:  enricher.Labels{"owner": "team of USER"},
			}, x.Answers[3])
			assert.Equal(t, `*fmt.wrapError: import: open a.csv: file does not exist
  *fs.PathError: open a.csv: file does not exist
    *errors.errorString: file does not exist

wave 1
  kind: ok
    rule 3
    no detail  because: there is none
    kind=USER  because: errno ENOENT
    dropped or cut: secret: key is not among the enricher's OutputKeys
  plain: ok
    size=1\n2
  failing: failed
    no disk

wave 2
  owner: ok, after kind
    read kind=USER
    owner=team of USER

labels: kind=USER, owner=team of USER, size=1\n2
`, x.String())

			data, err := json.Marshal(x)
			require.NoError(t, err)
			assert.JSONEq(t, `{
				"chain": [
					{"depth": 0, "type": "*fmt.wrapError", "text": "import: open a.csv: file does not exist"},
					{"depth": 1, "type": "*fs.PathError", "text": "open a.csv: file does not exist"},
					{"depth": 2, "type": "*errors.errorString", "text": "file does not exist"}
				],
				"answers": [
					{"wave": 1, "outcome": {"enricher": "kind", "status": "ok", "duration": "0s", "issues": [{"key": "secret", "error": "key is not among the enricher's OutputKeys"}]},
						"labels": {"kind": "USER"}, "reasons": {"": "rule 3", "kind": "errno ENOENT", "detail": "there is none"}},
					{"wave": 1, "outcome": {"enricher": "plain", "status": "ok", "duration": "0s"}, "labels": {"size": "1\n2"}},
					{"wave": 1, "outcome": {"enricher": "failing", "status": "failed", "error": "no disk", "duration": "0s"}},
					{"wave": 2, "waitsFor": ["kind"], "inputKeys": ["kind"], "read": {"kind": "USER"}, "outcome": {"enricher": "owner", "status": "ok", "duration": "0s"}, "labels": {"owner": "team of USER"}}
				],
				"labels": {"kind": "USER", "owner": "team of USER", "size": "1\n2"}
			}`, string(data))
		})
	})

	t.Run("it says what a reader looked for in vain", func(t *testing.T) {
		e, err := enricher.New(enricher.Config{}, enricher.WithLogger(slog.New(slog.DiscardHandler)),
			enricher.WithEnricher("reader", reading([]string{"typ", "kind"}, "sent")))
		require.NoError(t, err)
		assert.Contains(t, e.Explain(context.Background(), missing, enricher.FailureContext{}).String(),
			"  reader: ok\n    read nothing of typ, kind\n")
	})

	t.Run("what it prints does no harm to a terminal", func(t *testing.T) {
		var none *enricher.Enricher
		x := none.Explain(context.Background(), errors.New("a\x1b[2J\u2028b\xffü"), enricher.FailureContext{})
		assert.Equal(t, `*errors.errorString: a\x1b[2J\u2028b\xffü`+"\nlabels: \n", x.String())
	})

	t.Run("what a reason is for does no harm to a terminal either", func(t *testing.T) {
		sly := explainer{keys: []string{"a"}, explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) {
			return nil, map[string]string{"\x1b[2Jforged=value\nlabels": "r"}, nil
		}}
		x := running(t, enricher.Config{}, enricher.WithEnricher("sly", sly)).
			Explain(context.Background(), missing, enricher.FailureContext{})
		assert.Contains(t, x.String(), "    no \\x1b[2Jforged=value\\nlabels  because: r\n")
	})

	t.Run("it says who was refused, and why", func(t *testing.T) {
		twin := enricher.Func([]string{"x"}, answering(nil))
		e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"nosuch"}}, withGood("good", "y"),
			enricher.WithEnricher("twin-1", twin), enricher.WithEnricher("twin-2", twin),
			enricher.WithRegistry(enricher.NewRegistry()), enricher.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err)
		x := e.Explain(context.Background(), io.EOF, enricher.FailureContext{})
		require.Equal(t, e.Rejected(), x.Rejected)
		assert.Equal(t, fmt.Sprintf(`*errors.errorString: EOF

wave 1
  good: ok
    y=good

rejected
  nosuch: %v
  twin-1: %v
  twin-2: %v

labels: y=good
`, x.Rejected[0].Err, x.Rejected[1].Err, x.Rejected[2].Err), x.String())
		data, err := json.Marshal(x.Rejected[1:])
		require.NoError(t, err)
		assert.JSONEq(t, fmt.Sprintf(`[{"name": "twin-1", "error": %q}, {"name": "twin-2", "error": %q}]`,
			x.Rejected[1].Err, x.Rejected[2].Err), string(data))
	})

	t.Run("many readers that read from each other are not endless", func(t *testing.T) {
		var opts []enricher.Option
		var keys []string
		for i := range 40 {
			key := fmt.Sprint("k", i)
			opts = append(opts, enricher.WithEnricher(key, explainer{
				keys: []string{key}, reads: slices.Clone(keys),
				explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) { return nil, nil, nil },
			}))
			keys = append(keys, key)
		}
		e, err := enricher.New(enricher.Config{Timeout: time.Minute}, append(opts, enricher.WithLogger(slog.New(slog.DiscardHandler)))...)
		require.NoError(t, err)
		assert.Equal(t, 40, e.Explain(context.Background(), missing, enricher.FailureContext{}).Answers[39].Wave)
	})

	t.Run("it is not counted, logged or observed", func(t *testing.T) {
		var log bytes.Buffer
		observed := 0
		failing := explainer{explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) {
			return nil, nil, errors.New("no disk")
		}}
		e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("failing", failing),
			enricher.WithObserver(observerFunc(func(context.Context, error, enricher.FailureContext, enricher.Result) { observed++ })),
			enricher.WithLogger(slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelWarn}))))
		require.NoError(t, err)
		e.Explain(context.Background(), missing, enricher.FailureContext{})
		assert.Empty(t, log.String())
		assert.Zero(t, observed)
		assert.Empty(t, e.Stats().Enrichers[0].Calls)
	})

	t.Run("it is as isolated as any failure", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			hanging := explainer{keys: []string{"a"}, explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) {
				<-release
				return nil, nil, nil
			}}
			panicking := explainer{keys: []string{"b"}, explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) {
				panic("bug")
			}}
			good := explainer{keys: []string{"c"}, explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) {
				return enricher.Labels{"c": "1"}, nil, nil
			}}
			e, err := enricher.New(enricher.Config{Timeout: time.Second},
				enricher.WithEnricher("hanging", hanging), enricher.WithEnricher("panicking", panicking), enricher.WithEnricher("good", good))
			require.NoError(t, err)
			start := time.Now()
			x := e.Explain(context.Background(), missing, enricher.FailureContext{})
			assert.Equal(t, time.Second, time.Since(start))
			assert.Equal(t, enricher.Labels{"c": "1"}, x.Labels)
			assert.Equal(t, enricher.StatusTimedOut, x.Answers[0].Outcome.Status)
			assert.Equal(t, enricher.StatusPanicked, x.Answers[1].Outcome.Status)
			assert.Contains(t, x.String(), "panicking: panicked\n    panic: bug")
			close(release)
			require.NoError(t, e.Shutdown(t.Context()))
		})
	})

	t.Run("an explainer may fail", func(t *testing.T) {
		failing := explainer{keys: []string{"a"}, explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) {
			return enricher.Labels{"a": "1"}, map[string]string{"a": "it was so"}, errors.New("no disk")
		}}
		x := running(t, enricher.Config{}, enricher.WithEnricher("failing", failing)).
			Explain(context.Background(), missing, enricher.FailureContext{})
		require.Len(t, x.Answers, 1)
		assert.Equal(t, enricher.StatusFailed, x.Answers[0].Outcome.Status)
		assert.EqualError(t, x.Answers[0].Outcome.Err, "no disk")
		assert.Nil(t, x.Answers[0].Labels)
		assert.Equal(t, map[string]string{"a": "it was so"}, x.Answers[0].Reasons)
	})

	t.Run("a reason has at most 1024 bytes", func(t *testing.T) {
		wordy := explainer{keys: []string{"a"}, explain: func(enricher.FailureContext) (enricher.Labels, map[string]string, error) {
			return nil, map[string]string{"a": strings.Repeat("it was so ", 1<<20)}, nil
		}}
		x := running(t, enricher.Config{}, enricher.WithEnricher("wordy", wordy)).Explain(t.Context(), missing, enricher.FailureContext{})
		assert.InDelta(t, 1024, len(x.Answers[0].Reasons["a"]), 10)
	})

	t.Run("after Shutdown nobody is asked", func(t *testing.T) {
		e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("a", explainer{}))
		require.NoError(t, err)
		require.NoError(t, e.Shutdown(t.Context()))
		x := e.Explain(context.Background(), missing, enricher.FailureContext{})
		require.Len(t, x.Answers, 1)
		assert.Equal(t, enricher.StatusSkipped, x.Answers[0].Outcome.Status)
		assert.ErrorIs(t, x.Answers[0].Outcome.Err, enricher.ErrShutdown)
		assert.Equal(t, enricher.Labels{}, x.Labels)
	})

	t.Run("nobody is asked once a Shutdown has begun", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			release := make(chan struct{})
			a := newSwitchable(hanging(release, nil))
			e := running(t, enricher.Config{}, with("a", "x", a.process))
			future := enrichAsync(e)
			over := make(chan error, 1)
			go func() { over <- e.Shutdown(context.Background()) }()
			synctest.Wait()
			a.to(answering(enricher.Labels{"x": "a"}))
			x := e.Explain(context.Background(), missing, enricher.FailureContext{})
			assert.Equal(t, []enricher.ExplainedAnswer{{
				Wave:    1,
				Outcome: enricher.Outcome{Enricher: "a", Status: enricher.StatusSkipped, Err: enricher.ErrShutdown},
			}}, x.Answers)
			assert.Equal(t, enricher.Labels{}, x.Labels)
			assert.Equal(t, int64(1), a.calls.Load())
			assert.Empty(t, over, "the failure is still under way")
			close(release)
			assert.True(t, future.Result().Complete())
			require.NoError(t, <-over)
		})
	})

	t.Run("a nil cause is no failure, and nobody is asked", func(t *testing.T) {
		t.Parallel()
		a := newSwitchable(answering(enricher.Labels{"x": "a"}))
		e := running(t, enricher.Config{}, with("a", "x", a.process))
		assert.Equal(t, enricher.Explanation{
			Chain: []enricher.ExplainedError{}, Answers: []enricher.ExplainedAnswer{}, Labels: enricher.Labels{},
		}, e.Explain(context.Background(), nil, enricher.FailureContext{}))
		assert.Zero(t, a.calls.Load())
	})

	t.Run("without enrichers or a failure there is little to say", func(t *testing.T) {
		var none *enricher.Enricher
		assert.Equal(t, "*fs.PathError: open a.csv: file does not exist\n  *errors.errorString: file does not exist\nlabels: \n",
			none.Explain(context.Background(), missing, enricher.FailureContext{}).String())
		x := none.Explain(context.Background(), nil, enricher.FailureContext{})
		data, err := json.Marshal(x)
		require.NoError(t, err)
		assert.JSONEq(t, `{"chain": [], "answers": [], "labels": {}}`, string(data))
	})

	t.Run("chains may be long, and texts as well", func(t *testing.T) {
		wide := make([]error, 1000)
		for i := range wide {
			wide[i] = errors.New(strings.Repeat("x", 5000))
		}
		none := running(t, enricher.Config{}) // a minute: a slow machine must not end the walk
		x := none.Explain(context.Background(), errors.Join(wide...), enricher.FailureContext{})
		assert.Len(t, x.Chain, 100)
		assert.Equal(t, 1, x.Chain[99].Depth)
		assert.Len(t, x.Chain[0].Text, 1024)
		assert.True(t, strings.HasSuffix(x.String(), "x\n(only the first 100 errors are shown)\nlabels: \n"))
	})

	t.Run("a text is kept whole up to 1024 bytes, and cut between two runes beyond", func(t *testing.T) {
		t.Parallel()
		var none *enricher.Enricher
		for text, want := range map[string]int{
			strings.Repeat("x", 1023):       1023,
			strings.Repeat("x", 1024):       1024,
			strings.Repeat("x", 1025):       1024,
			strings.Repeat("x", 1023) + "é": 1023,
			strings.Repeat("☃", 1024):       1023,
		} {
			x := none.Explain(context.Background(), errors.New(text), enricher.FailureContext{})
			require.Len(t, x.Chain, 1)
			assert.Equal(t, text[:want], x.Chain[0].Text)
		}
	})
}

func TestExplainSurvivesACauseThatExitsOrHangs(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		e := running(t, enricher.Config{Timeout: time.Second}, withGood("a", "x"))
		exits := e.Explain(t.Context(), oddError{func() string { runtime.Goexit(); return "" }}, enricher.FailureContext{})
		assert.Equal(t, []enricher.ExplainedError{{
			Type: "enricher_test.oddError", Text: "(the Error method of a enricher_test.oddError called runtime.Goexit)",
		}}, exits.Chain)
		assert.Equal(t, enricher.Labels{"x": "a"}, exits.Labels)

		hung := hungError{make(chan struct{})}
		start := time.Now()
		hangs := e.Explain(t.Context(), hung, enricher.FailureContext{})
		assert.Equal(t, time.Second, time.Since(start))
		assert.Empty(t, hangs.Chain)
		assert.Equal(t, enricher.Labels{"x": "a"}, hangs.Labels)
		close(hung.release)
	})
}

func ExampleEnricher_Explain() {
	kind := enricher.Func([]string{"kind"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		return enricher.Labels{"kind": "USER"}, nil
	})
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("kind", kind), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Explain(context.Background(), errors.New("row 7 is malformed"), enricher.FailureContext{}))
	// Output:
	// *errors.errorString: row 7 is malformed
	//
	// wave 1
	//   kind: ok
	//     kind=USER
	//
	// labels: kind=USER
}
