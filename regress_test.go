package enricher_test

import (
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// A map in the defaults is copied for each instance even if the options also
// hold something that reflection cannot see.
func TestInstancesShareNoDefaultsBesideUnexportedFields(t *testing.T) {
	t.Parallel()
	type options struct {
		Head   map[string]string
		hidden bool
	}
	defaults := options{Head: map[string]string{"a": "1"}, hidden: true}
	var seen []options
	f := enricher.NewFactory(defaults, func(_ enricher.FactoryConfig, o options) (enricher.FailureEnricher, error) {
		seen = append(seen, o)
		o.Head["a"] = "changed"
		return setting(), nil
	})
	defaults.Head["a"] = "changed by the caller"
	loaded(t, factories{"op": f}, enricher.Config{FailureEnrichers: []string{"op/a", "op/b"}})
	require.Len(t, seen, 2)
	seen[0].Head["a"] = "changed once more"
	assert.Equal(t, "changed", seen[1].Head["a"])
	assert.True(t, seen[1].hidden)
}

func TestAHandlerThatPanicsInWithAttrsHurtsNobody(t *testing.T) {
	t.Parallel()
	r := enricher.NewRegistry()
	require.NoError(t, r.Register("op", giving(setting("key"))))
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"op"}},
		enricher.WithRegistry(r), enricher.WithLogger(slog.New(rudeHandler{})))
	require.NoError(t, err)
	assert.Len(t, e.Enrichers(), 1)
}

type rudeHandler struct{ slog.Handler }

func (rudeHandler) Enabled(context.Context, slog.Level) bool { panic("Enabled") }
func (rudeHandler) WithAttrs([]slog.Attr) slog.Handler       { panic("WithAttrs") }

func TestAConfigErrorOfAFactoryNamesTheEnricher(t *testing.T) {
	t.Parallel()
	f := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		return nil, &enricher.ConfigError{Option: "file", Err: errors.New("no such file")}
	})
	_, err := load(t, factories{"op": f}, enricher.Config{FailureEnrichers: []string{"op"}})
	assert.EqualError(t, err, `enricher "op": option "file": no such file`)
}

func TestTheZeroRegistryIsReadyForUse(t *testing.T) {
	t.Parallel()
	var r enricher.Registry
	assert.Empty(t, r.Names())
	require.NoError(t, r.Register("op", giving(setting())))
	assert.Equal(t, []string{"op"}, r.Names())
}

func TestTheKeyOfAnIssueIsNeverCutToNothing(t *testing.T) {
	t.Parallel()
	key := strings.Repeat("\x80", 200)
	e, err := enricher.New(enricher.Config{}, enricher.WithEnricher("op",
		enricher.Func(nil, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{key: ""}, nil
		})), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	res := e.EnrichContext(t.Context(), errors.New("failed"), enricher.FailureContext{})
	require.Len(t, res.Outcomes[0].Issues, 1)
	assert.Equal(t, key[:128], res.Outcomes[0].Issues[0].Key)
}

func TestAnErrorWithoutAnErrorSaysSo(t *testing.T) {
	t.Parallel()
	res := enricher.Result{Outcomes: []enricher.Outcome{{Enricher: "op", Status: enricher.StatusFailed}}}
	assert.EqualError(t, res.Err(), `enricher "op": (no error)`)
	assert.EqualError(t, &enricher.ConfigError{Option: "file"}, `option "file": (no error)`)
}

// vicious panics with itself, so that whoever prints the panic panics again.
type vicious struct{}

func (v vicious) Error() string { panic(v) }

func TestAPanicErrorNeverPanics(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, enricher.NewPanicError(vicious{}, nil), "panic: (a enricher_test.vicious that panics when it is printed)")
}
