package rulestest_test

import (
	"context"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/common/promslog"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/value"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/rules"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"
)

// A server is what a Prometheus server consists of, with a clock of its own.
type server struct {
	t       *testing.T
	storage *teststorage.TestStorage
	engine  *promql.Engine
	rules   []rules.Rule
	groups  []*rules.Group
}

var syntax = parser.NewParser(parser.Options{})

// newServer returns a server with the rules of files.
func newServer(t *testing.T, files ...string) *server {
	s := &server{t: t, storage: teststorage.New(t)}
	s.engine = promql.NewEngine(promql.EngineOpts{MaxSamples: 1e7, Timeout: 10 * time.Minute, Parser: syntax})
	t.Cleanup(func() { s.engine.Close() })
	groups, errs := rules.NewManager(&rules.ManagerOptions{
		QueryFunc:    rules.EngineQueryFunc(s.engine, s.storage),
		AppendableV2: s.storage,
		NotifyFunc:   func(context.Context, string, ...*rules.Alert) {},
		Logger:       promslog.NewNopLogger(),
		Parser:       syntax,
	}).LoadGroups(time.Minute, labels.EmptyLabels(), "", nil, false, files...)
	require.Empty(t, errs)
	for _, g := range groups {
		s.groups = append(s.groups, g)
		s.rules = append(s.rules, g.Rules()...)
	}
	for _, r := range s.rules {
		if alert, ok := r.(*rules.AlertingRule); ok {
			alert.SetRestored(true) // from now on it writes ALERTS
		}
	}
	return s
}

// at returns the time when a minute begins.
func at(minute int) time.Time { return time.Unix(0, 0).UTC().Add(time.Duration(minute) * time.Minute) }

type sample struct {
	series labels.Labels
	value  float64
}

var stale = math.Float64frombits(value.StaleNaN)

// tick keeps the samples of a minute and evaluates the rules.
func (s *server) tick(minute int, samples []sample) {
	s.t.Helper()
	app := s.storage.AppenderV2(s.t.Context())
	for _, one := range samples {
		_, err := app.Append(0, one.series, 0, at(minute).UnixMilli(), one.value, nil, nil, storage.AppendV2Options{})
		require.NoError(s.t, err)
	}
	require.NoError(s.t, app.Commit())
	for _, g := range s.groups {
		g.Eval(s.t.Context(), at(minute))
	}
	for _, r := range s.rules {
		require.NoError(s.t, r.LastError(), r.Name())
	}
}

// query returns what Prometheus answers at a minute.
func (s *server) query(expr string, minute int) promql.Vector {
	s.t.Helper()
	q, err := s.engine.NewInstantQuery(s.t.Context(), s.storage, nil, expr, at(minute))
	require.NoError(s.t, err, expr)
	defer q.Close()
	vector, err := q.Exec(s.t.Context()).Vector()
	require.NoError(s.t, err, expr)
	return slices.Clone(vector)
}

// firing returns the alerts of this name that fire.
func (s *server) firing(name string) (alerts []*rules.Alert) {
	for _, r := range s.rules {
		if alert, ok := r.(*rules.AlertingRule); ok && (name == "" || r.Name() == name) {
			for _, a := range alert.ActiveAlerts() {
				if a.State == rules.StateFiring {
					alerts = append(alerts, a)
				}
			}
		}
	}
	return alerts
}
