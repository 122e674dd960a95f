package enrichertest_test

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
)

func brokenLabels() map[string]broken {
	return map[string]broken{
		"it sets another label for one failure": process("declared", `failure "HTTP 404"`, func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			if s, ok := cause.(interface{ StatusCode() int }); ok && s.StatusCode() == 404 {
				return enricher.Labels{"status": "404"}, nil
			}
			return nil, nil
		}),
		"it sets another label if it is cancelled": process("declared", `its ctx was cancelled`, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			if enricher.Is(ctx.Err(), context.Canceled) {
				return enricher.Labels{"cancelled": "true"}, nil
			}
			return enricher.Labels{"kind": "a"}, nil
		}),
		"it sets another label if it has no time": process("declared", `its ctx had a deadline before the call`, func(ctx context.Context, _ error, _ enricher.FailureContext) (enricher.Labels, error) {
			if enricher.Is(ctx.Err(), context.DeadlineExceeded) {
				return enricher.Labels{"late": "true"}, nil
			}
			return enricher.Labels{"kind": "a"}, nil
		}),
		"it copies the queue": process("values", `everything is `, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"kind": fc.Attributes[enricher.AttributeQueue]}, nil
		}),
		"it removes the topic": process("arguments", "has written to the Attributes", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			delete(fc.Attributes, enricher.AttributeTopic)
			return enricher.Labels{"kind": "a"}, nil
		}),
		"it copies the message": process("values", `failure "a message that is not UTF-8": the value of "kind" is not valid UTF-8`, func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			text := enricher.NewPanicError(cause, nil).Error()
			return enricher.Labels{"kind": text}, nil
		}),
		"its value is cut at 999 bytes":  cutting(999),
		"its value is cut at 1022 bytes": cutting(1022),
		"its value is cut at 100 bytes":  cutting(100),
		"it copies an attribute": process("values", `attribute "team-name"`, func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"kind": fc.Attributes["team-name"]}, nil
		}, enrichertest.WithContext("mine", enricher.FailureContext{Attributes: map[string]string{"team-name": "shop"}})),
		"its value is long": process("values", "has 1025 bytes, more than 1024", always(enricher.Labels{"kind": strings.Repeat("a", 1025)})),
		"it says too much of the author's failure": {"values", `failure "mine": there are 65 labels, more than 64`, making(func() enricher.FailureEnricher {
			labels := enricher.Labels{}
			for i := range 65 {
				labels[strconv.Itoa(i)] = "x"
			}
			return enricher.Func(labels.Keys(), func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
				if cause, ok := cause.(mine); ok {
					_ = cause
					return labels.Clone(), nil
				}
				return nil, nil
			})
		}), []enrichertest.Option{enrichertest.WithFailure("mine", mine{})}},
		"it says too much in the author's context": process("values", "(context mine)", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			if fc.JobID == "mine" {
				return enricher.Labels{"kind": "\x00"}, nil
			}
			return nil, nil
		}, enrichertest.WithContext("mine", enricher.FailureContext{JobID: "mine"})),
		"it always returns one map": {"ownership", "is the same as the one for", making(func() enricher.FailureEnricher {
			labels := enricher.Labels{"kind": "a"}
			return enricher.Func([]string{"kind"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return labels, nil
			})
		}), nil},
		"it changes the map later": {"ownership", "has changed since", making(func() enricher.FailureEnricher {
			var mu sync.Mutex
			last := enricher.Labels{}
			return enricher.Func([]string{"kind"}, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				mu.Lock()
				defer mu.Unlock()
				last["kind"] = "changed"
				labels, err := kind(ctx, cause, fc)
				last = labels
				return labels, err
			})
		}), nil},
		"it keeps the map": {"ownership", "what was done to an earlier one", making(func() enricher.FailureEnricher {
			var mu sync.Mutex
			kept := map[string]enricher.Labels{}
			return enricher.Func([]string{"kind"}, func(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
				mu.Lock()
				defer mu.Unlock()
				// A copy of what was returned, and has been changed since.
				id := fmt.Sprintf("%T %+v", cause, fc)
				labels := kept[id].Clone()
				if labels == nil {
					labels = enricher.Labels{"kind": "a"}
				}
				kept[id] = labels
				return labels, nil
			})
		}), nil},
		"it adds attributes": process("arguments", "ProcessFailure has written to the Attributes of the context (context full)", func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			if fc.Attributes != nil {
				fc.Attributes["seen"] = "true"
			}
			return nil, nil
		}),
		"it takes labels away": {"arguments", "ProcessFailure has written to the Labels of the context", reading(func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			delete(fc.Labels, "kind")
			return nil, nil
		}, "kind"), nil},
		"it explains other labels": explaining(`ExplainFailure returned "kind=b", and ProcessFailure "kind=a"`,
			func(*atomic.Int64) (string, map[string]string) { return "b", nil }),
		"its explanations count": explaining(`ProcessFailure returned "kind=b" after ExplainFailure, and "kind=a" without`,
			func(n *atomic.Int64) (string, map[string]string) { n.Add(1); return "a", nil }),
		"it has reasons for a label of others": explaining(`there is a reason for "owner"`,
			func(*atomic.Int64) (string, map[string]string) { return "a", map[string]string{"owner": "why"} }),
		"its explanations add up": explaining(`ExplainFailure returned "kind=a", and then "kind=aa"`,
			func(n *atomic.Int64) (string, map[string]string) { return strings.Repeat("a", int(-n.Add(-1))), nil }),
		"its explanations panic": explaining("ExplainFailure, or ProcessFailure next to it, panicked: oops",
			func(*atomic.Int64) (string, map[string]string) { panic("oops") }),
		"its explanations hang": explaining("ExplainFailure, or ProcessFailure next to it, has not returned",
			func(*atomic.Int64) (string, map[string]string) { hang(); return "", nil }),
		"its explanations write": {"explain", "ExplainFailure has written to the Attributes of the context", making(func() enricher.FailureEnricher {
			return &explainer{good, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
				if fc.Attributes != nil {
					fc.Attributes["explained"] = "true"
				}
				labels, err := kind(ctx, cause, fc)
				return labels, nil, err
			}}
		}), nil},
		"its explanations follow cycles": {"explain", "ExplainFailure follows errors that have no end", making(func() enricher.FailureEnricher {
			return &explainer{good, func(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, map[string]string, error) {
				for err := cause; err != nil; err = unwrapSafely(err) {
				}
				labels, err := kind(ctx, cause, fc)
				return labels, nil, err
			}}
		}), nil},
	}
}

// cutting returns an enricher that copies the message as it should, but for where it
// ends.
func cutting(n int) broken {
	return process("values", "is not valid UTF-8", func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		text := enricher.NewPanicError(cause, nil).Error()
		if !utf8.ValidString(text) {
			return enricher.Labels{"kind": "garbled"}, nil
		}
		text = strings.Map(func(r rune) rune {
			if unicode.IsControl(r) {
				return -1
			}
			return r
		}, text)
		return enricher.Labels{"kind": text[:min(n, len(text))]}, nil
	})
}

type mine struct{}

func (mine) Error() string { return "mine" }

// explaining returns an enricher whose label is a until it has explained, and b
// from then on if that is counted.
func explaining(says string, explain func(*atomic.Int64) (kind string, reasons map[string]string)) broken {
	return broken{"explain", says, making(func() enricher.FailureEnricher {
		var n atomic.Int64
		return &explainer{
			enricher.Func([]string{"kind"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				if n.Load() > 0 {
					return enricher.Labels{"kind": "b"}, nil
				}
				return enricher.Labels{"kind": "a"}, nil
			}),
			func(context.Context, error, enricher.FailureContext) (enricher.Labels, map[string]string, error) {
				kind, reasons := explain(&n)
				return enricher.Labels{"kind": kind}, reasons, nil
			},
		}
	}), nil}
}
