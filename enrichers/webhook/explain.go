package webhook

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
)

// ExplainFailure returns, under the empty key, what ProcessFailure would post
// where, by the name of the host only, or why it would not. It posts, counts and
// remembers nothing.
func (e *Enricher) ExplainFailure(
	_ context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, map[string]string, error) {
	what, why, err := e.foresee(cause, fc)
	if err != nil {
		return nil, nil, err
	}
	reasons := map[string]string{"": why}
	if key := e.opts.NotifiedLabel; key != "" {
		reasons[key] = why
	}
	return e.labels(what), reasons, nil
}

// foresee is process without its effects.
func (e *Enricher) foresee(cause error, fc enricher.FailureContext) (what, why string, err error) {
	if e.closed.Load() {
		return "", "", errClosed
	}
	if c := unmet(e.conditions, fc.Labels); c != nil {
		return NotMatched, "would not be sent: " + c.why(fc.Labels), nil
	}
	held, blocked := e.dedup.blocked(e.keyOf(cause, fc))
	if blocked {
		return HeldBack, fmt.Sprintf("would be held back, like %d before: an equal failure was sent within %v, or is being sent", held, e.opts.DedupWindow), nil
	}
	wait, skipped := e.limit.peek()
	if wait > 0 {
		return RateLimited, fmt.Sprintf("would not be sent: too many messages; the next can be sent in %v", wait.Round(time.Millisecond)), nil
	}
	body, err := e.bodyOf(cause, fc, held, skipped)
	if err != nil {
		return "", "", err
	}
	return Sent, fmt.Sprintf("would %s to %s: %d bytes, made by %s", e.opts.Method, e.endpoint.url.Host, len(body),
		cmp.Or(e.opts.Preset, "the template of the option body")), nil
}
