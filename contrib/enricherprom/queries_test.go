package enricherprom_test

import (
	"encoding/json"
	"errors"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherprom"
)

// exported returns the labels of each series that a Collector exports, by its name.
func exported(t *testing.T) map[string][]string {
	t.Helper()
	c := enricherprom.New(enricherprom.Options{})
	newEnricher(t, c, enricher.Config{}, byText("type")).Enrich(errors.New("USER"))
	registry := prometheus.NewRegistry()
	registry.MustRegister(c)
	families, err := registry.Gather()
	require.NoError(t, err)
	series := map[string][]string{}
	for _, f := range families {
		labels := []string{"job"} // of the target
		for _, l := range f.GetMetric()[0].GetLabel() {
			labels = append(labels, l.GetName())
		}
		if f.GetMetric()[0].GetHistogram() == nil {
			series[f.GetName()] = labels
			continue
		}
		series[f.GetName()+"_bucket"] = append(labels, "le")
		series[f.GetName()+"_count"], series[f.GetName()+"_sum"] = labels, labels
	}
	return series
}

var (
	metricName = regexp.MustCompile(`\benricher_\w+`)
	matcher    = regexp.MustCompile(`[{,]\s*(\w+)\s*(?:=~|!=|!~|=)\s*"`)
	grouping   = regexp.MustCompile(`\bby \(([^)]*)\)`)
)

// checkQuery checks that what the query names is exported. It is no parser of PromQL.
func checkQuery(t *testing.T, series map[string][]string, query string) {
	t.Helper()
	for _, pair := range []string{"()", "[]", "{}"} {
		assert.Equal(t, strings.Count(query, pair[:1]), strings.Count(query, pair[1:]), "%s in %s", pair, query)
	}
	names := metricName.FindAllString(query, -1)
	assert.NotEmpty(t, names, query)
	var known []string
	for _, name := range names {
		assert.Contains(t, series, name, query)
		known = append(known, series[name]...)
	}
	for _, m := range matcher.FindAllStringSubmatch(query, -1) {
		assert.Contains(t, known, m[1], query)
	}
	for _, m := range grouping.FindAllStringSubmatch(query, -1) {
		for _, label := range strings.Split(m[1], ", ") {
			assert.Contains(t, known, label, query)
		}
	}
}

func TestDashboard(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("dashboard.json")
	require.NoError(t, err)
	var dashboard struct {
		Templating struct{ List []struct{ Name string } }
		Panels     []struct {
			ID         int
			Title      string
			GridPos    struct{ X, W int }
			Datasource struct{ UID string }
			Targets    []struct{ Expr string }
		}
	}
	require.NoError(t, json.Unmarshal(text, &dashboard))
	require.Len(t, dashboard.Templating.List, 2)
	assert.Equal(t, "datasource", dashboard.Templating.List[0].Name)
	assert.Equal(t, "job", dashboard.Templating.List[1].Name)

	series := exported(t)
	shown := map[string]bool{}
	ids := map[int]bool{}
	for _, p := range dashboard.Panels {
		assert.False(t, ids[p.ID], "panel %d is there twice", p.ID)
		ids[p.ID] = true
		assert.LessOrEqual(t, p.GridPos.X+p.GridPos.W, 24, p.Title)
		assert.Equal(t, "${datasource}", p.Datasource.UID, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		for _, target := range p.Targets {
			checkQuery(t, series, target.Expr)
			assert.Contains(t, target.Expr, `{job=~"$job"`, p.Title)
			for _, name := range metricName.FindAllString(target.Expr, -1) {
				shown[name] = true
			}
		}
	}
	for name := range series {
		if !strings.HasPrefix(name, "enricher_duration") {
			assert.True(t, shown[name], "%s is on no panel", name)
		}
	}
}

func TestAlerts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("alerts.yaml")
	require.NoError(t, err)
	var file struct {
		Groups []struct {
			Name  string
			Rules []struct {
				Alert, Expr, For    string
				Labels, Annotations map[string]string
			}
		}
	}
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&file))
	require.Len(t, file.Groups, 1)
	series := exported(t)
	var names []string
	for _, rule := range file.Groups[0].Rules {
		names = append(names, rule.Alert)
		checkQuery(t, series, rule.Expr)
		assert.NotEmpty(t, rule.Labels["severity"], rule.Alert)
		assert.NotEmpty(t, rule.Annotations["summary"], rule.Alert)
	}
	assert.Equal(t, []string{"FailureClassRises", "EnricherBreakerOpen", "FailuresUnknownShareRises"}, names)
}
