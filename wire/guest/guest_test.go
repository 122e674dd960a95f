package guest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/wire"
	"github.com/failure-enrichers/enricher/wire/guest"
)

type options struct {
	Team  string
	Limit int64
	Wait  time.Duration
}

// A plugin has all optional interfaces.
type plugin struct{ options }

func (p *plugin) OutputKeys() []string { return []string{"team"} }
func (p *plugin) InputKeys() []string  { return []string{"type"} }

func (p *plugin) InputValues() map[string][]string { return map[string][]string{"type": {"USER"}} }

func (p *plugin) DescribeLabels() []enricher.LabelDescription {
	return []enricher.LabelDescription{{Key: "team", Doc: "Who is called."}}
}

func (p *plugin) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	if fc.JobName == "bad" {
		return nil, errors.New("no team")
	}
	deadline, ok := ctx.Deadline()
	left := time.Until(deadline).Round(time.Minute)
	return enricher.Labels{"team": fmt.Sprint(p.Team, " ", cause, " ", fc.Labels, " ", ok, " ", ok && left == time.Hour)}, nil
}

func create(conf enricher.FactoryConfig, o options) (*plugin, error) {
	if o.Limit < 0 {
		return nil, errors.Join(
			&enricher.ConfigError{Option: "limit", Err: errors.New("must not be negative")},
			&enricher.ConfigError{Option: "team", Err: errors.New("must be a name")})
	}
	conf.Logger().Warn("Created", "wait", o.Wait, slog.Group("the", "limit", o.Limit))
	slog.Info("On the way")
	return &plugin{o}, nil
}

// slogRestored restores the default logger, which a plugin replaces.
func slogRestored(t *testing.T) {
	old := slog.Default()
	t.Cleanup(func() { slog.SetDefault(old) })
}

func TestCreate(t *testing.T) {
	slogRestored(t)
	typed := enricher.NewFactory(options{}, create)
	ignoring := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { return &plugin{}, nil })
	nothing := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) { return nil, nil })
	keyless := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		return enricher.Func(nil, (&plugin{}).ProcessFailure), nil
	})
	for _, test := range []struct {
		factory         enricher.Factory
		options, answer string // of the answer: what follows the module
	}{
		{typed, `{"team":"web","limit":9223372036854775807,"wait":"2s"}`, `"outputKeys":["team"],"inputKeys":["type"],"inputValues":{"type":["USER"]},"labels":[{"key":"team","doc":"Who is called."}]}`},
		{typed, `{"no-such":1}`, `"outputKeys":null,"error":{"option":"no-such","text":"unknown; known options: limit, team, wait"}}`},
		{typed, `{"limit":-1}`, `"outputKeys":null,"error":{"option":"limit","text":"must not be negative; option \"team\": must be a name"}}`},
		{ignoring, `{"team":"web"}`, `"outputKeys":null,"error":{"option":"team","text":"this enricher takes no options: remove it"}}`},
		{ignoring, `{}`, `"outputKeys":["team"],"inputKeys":["type"],"inputValues":{"type":["USER"]},"labels":[{"key":"team","doc":"Who is called."}]}`},
		{keyless, `{}`, `"outputKeys":[]}`},
		{nothing, `{}`, `"outputKeys":null,"error":{"text":"enricher \"acme/a\": its factory returned nil without an error"}}`},
	} {
		guest.Serve(test.factory)
		var s guest.Server
		answer := s.Create(`{"v":1,"name":"acme/a","options":`+test.options+`}`, func(slog.Level, []byte) {})
		assert.Contains(t, answer, test.answer)
		assert.Contains(t, answer, `{"v":1,"name":"github.com/failure-enrichers/enricher"`)
	}
	var s guest.Server
	assert.Contains(t, s.Create("{", nil), `"error":{"text":"unexpected EOF"}`)
	assert.Panics(t, func() { guest.Serve(nil) })
}

func TestProcess(t *testing.T) {
	slogRestored(t)
	guest.Serve(enricher.NewFactory(options{Team: "web"}, create))
	var s guest.Server
	var lines []string
	s.Create(`{"v":1,"name":"acme","options":{"wait":"1s"}}`, func(level slog.Level, line []byte) {
		lines = append(lines, fmt.Sprintf("%v %s", level, line))
	})
	assert.Equal(t, []string{"WARN Created wait=1s the.limit=0", "INFO On the way"}, lines)

	f := wire.New(errors.New("boom"), enricher.FailureContext{Labels: enricher.Labels{"type": "USER"}})
	for _, deadline := range []time.Duration{0, time.Hour} {
		f.Deadline = deadline
		request, err := f.MarshalJSON()
		require.NoError(t, err)
		set := deadline > 0
		want, err := json.Marshal(map[string]any{"labels": enricher.Labels{"team": fmt.Sprintf("web boom type=USER %v %v", set, set)}})
		require.NoError(t, err)
		assert.JSONEq(t, string(want), s.Process(request))
	}
	assert.JSONEq(t, `{"error":{"text":"no team"}}`, s.Process(wire.Encode(errors.New("boom"), enricher.FailureContext{JobName: "bad"})))
	assert.Contains(t, s.Process([]byte(`{"v":9}`)), `{"error":{"text":`)
}
