package rulestest_test

import (
	"context"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/contrib/enricherprom"
)

type dashboard struct {
	Templating struct {
		List []struct{ Name, Definition string }
	}
	Panels []struct {
		ID         int
		Title      string
		GridPos    struct{ X, W int }
		Datasource struct{ UID string }
		Targets    []struct{ Expr, LegendFormat string }
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile("../dashboard.json")
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

// inLegend matches the name of a label in the legend of a panel.
var inLegend = regexp.MustCompile(`\{\{(\w+)\}\}`)

// show returns the values that each panel shows of a job, by its legend.
func (s *server) show(d dashboard, job string, minute int) map[string]map[string]float64 {
	s.t.Helper()
	// As Grafana does for a time range of three hours.
	variables := strings.NewReplacer("$job", job, "$__range", "10800s", "$__rate_interval", "4m0s")
	shown := map[string]map[string]float64{}
	for _, p := range d.Panels {
		values := map[string]float64{}
		for _, target := range p.Targets {
			for _, sample := range s.query(variables.Replace(target.Expr), minute) {
				legend := inLegend.ReplaceAllStringFunc(target.LegendFormat, func(name string) string {
					return sample.Metric.Get(strings.Trim(name, "{}"))
				})
				assert.NotContains(s.t, values, legend, "%s: two series have one name", p.Title)
				values[legend] = sample.F
			}
		}
		shown[p.Title] = values
	}
	return shown
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	processes := []struct {
		process
		minute func(p *process, minute int)
	}{
		{process{job: "shop", instance: "a"}, func(p *process, _ int) {
			p.fail(3, errUser)
			p.fail(1, errUnknown)
		}},
		{process{job: "shop", instance: "b", panics: true}, func(p *process, _ int) {
			p.fail(1, errDependency)
		}},
		{process{job: "shop", instance: "c", panics: true}, func(p *process, minute int) {
			p.fail(max(0, 1-minute), errDependency)
		}},
		{process{job: "shop", instance: "d", hangs: true}, func(p *process, _ int) {
			for p.Stats().Enrichers[1].InFlight == 0 { // a call whose turn comes too late is not made
				p.fail(1, errDependency)
			}
		}},
		{process{job: "shop", instance: "e"}, func(p *process, _ int) {
			require.NoError(t, p.Shutdown(context.Background()))
			p.fail(2, errUser)
		}},
		{process{job: "idle"}, func(*process, int) {}},
		{process{job: "known", options: enricherprom.Options{Labels: []string{"type", "retry"}}}, func(p *process, _ int) {
			p.fail(1, errUser)
		}},
	}
	s := newServer(t)
	const end = 240
	for minute := range end + 1 {
		var samples []sample
		for i := range processes {
			p := &processes[i]
			if minute == 0 {
				p.t = t
				p.start(p.instance)
			}
			p.minute(&p.process, minute)
			samples = append(samples, p.scrape()...)
		}
		s.tick(minute, samples)
	}

	d := readDashboard(t)
	shown := s.show(d, "shop", end)
	durations := shown["Duration of enrichers, 99th percentile"]
	delete(shown, "Duration of enrichers, 99th percentile")
	assert.Len(t, durations, 2)
	for _, name := range []string{"type", "owner"} {
		assert.Greater(t, durations[name], 0.0, name)
		assert.LessOrEqual(t, durations[name], 5.0, name) // the last bucket
	}
	want := map[string]map[string]float64{
		"Failures":                          {"failures": 5 * 180},
		"Without a known type":              {"share": 0.2},
		"Open circuit breakers":             {"open": 1},
		"Rejected failures":                 {"shutdown": 2 * 180},
		"Failures by type":                  {"USER": 3. / 60, "UNKNOWN": 1. / 60, "DEPENDENCY": 1. / 60},
		"Share without a known type":        {"share": 0.2},
		"Outcomes that are not ok":          {"owner panicked": 1. / 60, "owner skipped": 2. / 60, "type skipped": 2. / 60},
		"Open circuit breakers by enricher": {"owner": 2},
		"Calls under way":                   {"owner": 1, "owner, abandoned": 1},
	}
	for title, values := range shown {
		assert.Contains(t, want, title)
		for legend, value := range values {
			assert.InDelta(t, want[title][legend], value, 1e-9+0.001*value, "%s: %s", title, legend)
		}
		for legend := range want[title] {
			assert.Contains(t, values, legend, title)
		}
	}

	for _, minute := range []int{0, end} { // one sample, and many
		for title, values := range s.show(d, "idle", minute) {
			for legend, value := range values {
				assert.Zero(t, value, "%s: %s", title, legend) // and not NaN
			}
		}
	}
	assert.Equal(t, map[string]float64{"failures": 0}, s.show(d, "idle", end)["Failures"])
	for _, title := range []string{"Without a known type", "Share without a known type"} {
		assert.Equal(t, map[string]float64{"share": 0}, s.show(d, "known", end)[title])
		assert.Empty(t, s.show(d, "idle", end)[title])
	}
}

func TestDashboardLayout(t *testing.T) {
	t.Parallel()
	d := readDashboard(t)
	require.Len(t, d.Templating.List, 2)
	assert.Equal(t, "datasource", d.Templating.List[0].Name)
	assert.Equal(t, "job", d.Templating.List[1].Name)

	p := &process{t: t, job: "shop"}
	p.start("a")
	p.fail(1, errUser)
	exported := map[string]bool{}
	for _, sample := range p.scrape() {
		exported[sample.series.Get(model.MetricNameLabel)] = true
	}
	queried := d.Templating.List[1].Definition
	assert.True(t, exported[strings.TrimSuffix(strings.TrimPrefix(queried, "label_values("), ", job)")], queried)
	ids := map[int]bool{}
	for _, p := range d.Panels {
		assert.False(t, ids[p.ID], "panel %d is there twice", p.ID)
		ids[p.ID] = true
		assert.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		assert.Equal(t, "${datasource}", p.Datasource.UID, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			assert.Equal(t, strings.Count(target.Expr, "enricher_"), strings.Count(target.Expr, `{job=~"$job"`), target.Expr)
			queried += target.Expr
		}
	}
	for name := range exported {
		if !strings.HasPrefix(name, "enricher_duration") {
			assert.Contains(t, queried, name, "on no panel")
		}
	}
}
