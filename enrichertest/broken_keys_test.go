package enrichertest_test

import (
	"context"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// keyed is an enricher whose keys are made when they are asked for.
type keyed struct {
	enricher.FailureEnricher
	keys func() []string
}

func (k *keyed) OutputKeys() []string { return k.keys() }

func withKeys(keys ...string) enricher.Factory {
	return making(func() enricher.FailureEnricher { return &keyed{good, func() []string { return keys }} })
}

// changing returns an enricher with keys that fn makes of how often they were asked for.
func changing(fn func(n int64) []string) enricher.Factory {
	return making(func() enricher.FailureEnricher {
		var n atomic.Int64
		return &keyed{good, func() []string { return append([]string{"kind"}, fn(n.Add(1))...) }}
	})
}

func readerOf(reads func() []string) enricher.Factory {
	return making(func() enricher.FailureEnricher { return &reader{good, reads} })
}

func brokenKeys() map[string]broken {
	return map[string]broken{
		"an empty key":           {"output-keys", `OutputKeys has "", which is not valid (0 bytes)`, withKeys("kind", ""), nil},
		"a key that is no text":  {"output-keys", `"\xff"`, withKeys("kind", "\xff"), nil},
		"a key with a newline":   {"output-keys", `"a\nb"`, withKeys("kind", "a\nb"), nil},
		"a key that is too long": {"output-keys", "(129 bytes)", withKeys("kind", strings.Repeat("k", 129)), nil},
		"a key twice":            {"output-keys", `OutputKeys has "kind" several times`, withKeys("kind", "kind"), nil},
		"OutputKeys panics":      {"output-keys", "OutputKeys panicked: oops", making(func() enricher.FailureEnricher { return &keyed{good, func() []string { panic("oops") }} }), nil},
		"an input key is empty":  {"input-keys", `InputKeys has ""`, readerOf(func() []string { return []string{""} }), nil},
		"an input key twice":     {"input-keys", `InputKeys has "a" several times`, readerOf(func() []string { return []string{"a", "a"} }), nil},
		"it reads its own label": {"input-keys", `InputKeys has "kind", which is an output key too`, readerOf(func() []string { return []string{"kind"} }), nil},
		"InputKeys exits": {"input-keys", "InputKeys called runtime.Goexit", readerOf(func() []string {
			runtime.Goexit()
			return nil
		}), nil},
		"its keys change with each call": {"stable-keys", "when they are asked for again", changing(func(n int64) []string { return []string{strconv.FormatInt(n, 10)} }), nil},
		"its keys change their order": {"stable-keys", "OutputKeys were", changing(func(n int64) []string {
			if n%2 == 0 {
				return []string{"a", "b"}
			}
			return []string{"b", "a"}
		}), nil},
		"its keys come with failures": {"stable-keys", "after some failures", making(func() enricher.FailureEnricher {
			var n atomic.Int64
			fe := enricher.Func(nil, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				n.Store(1)
				return kind(ctx, cause, fc)
			})
			return &keyed{fe, func() []string { return []string{"kind", "more"}[:1+n.Load()] }}
		}), nil},
		"its input keys change": {"stable-keys", "InputKeys were", making(func() enricher.FailureEnricher {
			var n atomic.Int64
			return &reader{good, func() []string { return []string{"a", strconv.FormatInt(n.Add(1), 10)} }}
		}), nil},
		"its keys are another's": {"stable-keys", "of another enricher of the same options", numbered(), nil},
		"a key that it never sets": {"every-key", `no failure made it set ["team"]: WithFailure and WithContext add some`, making(func() enricher.FailureEnricher {
			return enricher.Func([]string{"kind", "team"}, kind)
		}), []enrichertest.Option{enrichertest.WithEveryKey()}},
		"its keys depend on whether there are options": {"stable-keys", "of another enricher of the same options", enricher.NewFactory(map[string]string(nil),
			func(_ enricher.FactoryConfig, o map[string]string) (enricher.FailureEnricher, error) {
				if o == nil {
					return &keyed{good, func() []string { return []string{"kind", "more"} }}, nil
				}
				return good, nil
			}), []enrichertest.Option{enrichertest.WithSkip("options", "any option is a label")}},
	}
}

// numbered makes enrichers with different keys.
func numbered() enricher.Factory {
	var n atomic.Int64
	return making(func() enricher.FailureEnricher {
		return &keyed{good, func(n int64) func() []string {
			return func() []string { return []string{"kind", strconv.FormatInt(n, 10)} }
		}(n.Add(1))}
	})
}
