// Package wirelaw checks the law of package wire: every ready-made enricher sets the
// same labels for a decoded error as for the original.
package wirelaw

import (
	"context"
	"maps"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all" // the enrichers
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/wire"
)

// ready has all ready-made enrichers that look at the error but webhook, which sets no
// label by it.
var ready = sync.OnceValues(func() (*enricher.Enricher, error) {
	return enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "error", "restart", "fingerprint", "attached", "owner", "rules"},
		Options: map[string]map[string]any{
			"type":     {"default-hints": true, "types": []map[string]any{{"match": "*wirelaw.any", "is": "USER"}}},
			"restart":  {"veto": true, "max-restarts-vetoed": 10_000, "max-restarts-vetoed-total": 10_000},
			"attached": {"keys": "tenant,severity"},
			"owner":    {"rules": []string{"* nobody", "pkg:* somebody"}},
			"rules": {"rules": []map[string]any{
				{"message": `(?s)^(?P<all>.{0,200})`, "set": map[string]any{"text": "${all}"}},
			}},
		},
		Timeout: time.Minute,
		Strict:  true,
	})
})

// Check checks the law for a failure, and that the decoded error has the same chain.
func Check(t testing.TB, cause error) {
	t.Helper()
	fc := enricher.FailureContext{JobName: "import", Type: enricher.FailureTypeTask, Time: time.Unix(1_790_000_000, 0).UTC()}
	f, err := wire.Decode(wire.Encode(cause, fc))
	require.NoError(t, err)
	decoded := f.Cause()
	assert.Equal(t, chainOf(cause), chainOf(decoded))
	assert.Equal(t, fc, f.Context())

	e, err := ready()
	require.NoError(t, err)
	want, got := labelsOf(t, e, cause, fc), labelsOf(t, e, decoded, f.Context())
	if w, ok := want.RetryAfter(); ok { // what is left until a time
		g, _ := got.RetryAfter()
		assert.InDelta(t, w, g, float64(time.Minute))
		got[enricher.KeyRetryAfter] = want[enricher.KeyRetryAfter]
	}
	assert.Equal(t, want, got)
	for _, s := range []error{context.Canceled, context.DeadlineExceeded} {
		assert.Equal(t, enricher.Is(cause, s), enricher.Is(decoded, s), s)
	}
}

func labelsOf(t testing.TB, e *enricher.Enricher, cause error, fc enricher.FailureContext) enricher.Labels {
	res := e.EnrichContext(context.Background(), cause, fc)
	require.NoError(t, res.Err())
	return res.Labels
}

// A link is an error of a chain as enrichers see it.
type link struct {
	Types  [2]string
	Text   string
	Labels map[string]string
	Origin inspect.Frame
}

func chainOf(err error) (links []link) {
	for err := range enricher.Chain(err) {
		l := link{Types: inspect.TypeNames(err), Text: string([]rune(guard.Text(err)))} // valid UTF-8
		l.Origin, _ = inspect.Origin(err)
		guard.Do(func() { l.Labels = maps.Clone(enricher.LabelsOf(err)) })
		links = append(links, l)
	}
	return links
}
