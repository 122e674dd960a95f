// Package wirelaw checks the law of package wire: every ready-made enricher sets the
// same labels for a decoded error as for the original.
package wirelaw

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all" // the enrichers
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/wire"
)

// ready has the ready-made enrichers that set labels by the error.
var ready = sync.OnceValues(func() (*enricher.Enricher, error) {
	return enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "error", "restart", "fingerprint", "attached", "owner", "rules"},
		Options: map[string]map[string]any{
			"type":     {"default-hints": true},
			"error":    {"max-types": 65536, "max-codes": 65536},
			"restart":  {"veto": true, "max-restarts-vetoed": 10_000, "max-restarts-vetoed-total": 10_000},
			"attached": {"keys": "tenant,severity"},
			"owner":    {"rules": []string{"* platform", "pkg:* shop"}},
			"rules": {"rules": []map[string]any{
				{"message": `(?s)^(?P<all>.{0,200})`, "set": map[string]any{"text": "${all}"}},
			}},
		},
		Timeout: time.Minute,
		Strict:  true,
	}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
})

// Check checks the law for a failure within the bounds.
func Check(t testing.TB, cause error) {
	t.Helper()
	within, err := Compare(cause, enricher.FailureContext{JobName: "import", Type: enricher.FailureTypeTask, Time: time.Unix(1_790_000_000, 0).UTC()})
	require.NoError(t, err)
	require.True(t, within, "the failure exceeds the bounds")
}

// Compare returns an error that says how the decoded failure differs from the original,
// and whether the failure is within the bounds. If it is not, it may differ.
func Compare(cause error, fc enricher.FailureContext) (within bool, err error) {
	data := wire.Encode(cause, fc)
	f, err := wire.Decode(data)
	if err != nil {
		return false, err
	}
	if isCut(data) {
		return false, nil
	}
	decoded := f.Cause()
	if want, got := chainOf(cause), chainOf(decoded); !reflect.DeepEqual(want, got) {
		return true, fmt.Errorf("chain:\n\t%+v\ndecoded:\n\t%+v", want, got)
	}
	if again := wire.Encode(decoded, f.Context()); string(again) != string(data) {
		return true, fmt.Errorf("encoded:\n\t%s\nand encoded again:\n\t%s", data, again)
	}
	e, err := ready()
	if err != nil {
		return true, err
	}
	want, got := e.EnrichContext(context.Background(), cause, fc), e.EnrichContext(context.Background(), decoded, f.Context())
	if after, ok := want.Labels.RetryAfter(); ok { // what is left until a time changes
		if other, _ := got.Labels.RetryAfter(); (after - other).Abs() < time.Minute {
			got.Labels[enricher.KeyRetryAfter] = want.Labels[enricher.KeyRetryAfter]
		}
	}
	if !reflect.DeepEqual(want.Labels, got.Labels) {
		return true, fmt.Errorf("labels:\n\t%v\nof the decoded error:\n\t%v\nencoded:\n\t%s", want.Labels, got.Labels, data)
	}
	if want, got := foundIn(cause), foundIn(decoded); !reflect.DeepEqual(want, got) {
		return true, fmt.Errorf("by Is and AsType:\n\t%v\nin the decoded error:\n\t%v\nencoded:\n\t%s", want, got, data)
	}
	return true, nil
}

// isCut reports whether something was left out of data, or was a long text that is not
// UTF-8, whose encoded form has more bytes than the original.
func isCut(data []byte) bool {
	var f struct {
		Cut   bool
		Chain []struct {
			Text    string
			TextCut bool
			Fields  map[string]string
		}
	}
	cut := json.Unmarshal(data, &f) != nil || f.Cut
	for _, n := range f.Chain {
		cut = cut || n.TextCut || len(n.Text) > 1000 && strings.ContainsRune(n.Text, utf8.RuneError)
		for _, value := range n.Fields {
			cut = cut || len(value) > 1000
		}
	}
	return cut
}

// A link is an error of a chain as enrichers see it.
type link struct {
	Types  [2]string
	Text   string
	Frames []inspect.Frame
}

func chainOf(err error) (links []link) {
	for err := range enricher.Chain(err) {
		valid := string([]rune(guard.Text(err)))
		links = append(links, link{inspect.TypeNames(err), valid, inspect.Frames(err, 32)})
	}
	return links
}
