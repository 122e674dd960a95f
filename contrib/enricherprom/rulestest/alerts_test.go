package rulestest_test

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// A unitTests is a file for promtool test rules, without what alerts_test.yaml does not use.
type unitTests struct {
	RuleFiles []string `yaml:"rule_files"`
	Tests     []struct {
		Name        string
		InputSeries []struct{ Series, Values string } `yaml:"input_series"`
		Alerts      []struct {
			Name string         `yaml:"alertname"`
			At   model.Duration `yaml:"eval_time"`
			Want []struct {
				Labels      map[string]string `yaml:"exp_labels"`
				Annotations map[string]string `yaml:"exp_annotations"`
			} `yaml:"exp_alerts"`
		} `yaml:"alert_rule_test"`
		Queries []struct {
			Expr string
			At   model.Duration `yaml:"eval_time"`
			Want []struct {
				Labels string
				Value  float64
			} `yaml:"exp_samples"`
		} `yaml:"promql_expr_test"`
	}
}

func minutes(d model.Duration) int { return int(time.Duration(d) / time.Minute) }

// TestAlerts runs alerts_test.yaml as promtool test rules does.
func TestAlerts(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../alerts_test.yaml")
	require.NoError(t, err)
	var file unitTests
	decoder := yaml.NewDecoder(strings.NewReader(string(text)))
	decoder.KnownFields(true)
	require.NoError(t, decoder.Decode(&file))
	require.Equal(t, []string{"alerts.yaml"}, file.RuleFiles)
	tested := map[string]bool{}
	for _, test := range file.Tests {
		t.Run(test.Name, func(t *testing.T) {
			s := newServer(t, "../alerts.yaml")
			var series []labels.Labels
			var values [][]parser.SequenceValue
			for _, in := range test.InputSeries {
				l, v, err := syntax.ParseSeriesDesc(in.Series + " " + in.Values)
				require.NoError(t, err, in)
				series, values = append(series, l), append(values, v)
			}
			end := 0
			for _, a := range test.Alerts {
				end = max(end, minutes(a.At))
			}
			for _, q := range test.Queries {
				end = max(end, minutes(q.At))
			}
			for minute := range end + 1 {
				var samples []sample
				for i, v := range values {
					if minute < len(v) && !v[minute].Omitted {
						samples = append(samples, sample{series[i], v[minute].Value})
					}
				}
				s.tick(minute, samples)
				for _, a := range test.Alerts {
					if minutes(a.At) != minute {
						continue
					}
					type alert struct{ labels, annotations map[string]string }
					var want, got []alert
					for _, w := range a.Want {
						w.Labels[labels.AlertName] = a.Name
						want = append(want, alert{w.Labels, w.Annotations})
						tested[a.Name] = true
					}
					for _, g := range s.firing(a.Name) {
						got = append(got, alert{g.Labels.Map(), g.Annotations.Map()})
					}
					assert.ElementsMatch(t, want, got, "%s after %s", a.Name, a.At)
				}
			}
			for _, q := range test.Queries {
				want, got := map[string]float64{}, map[string]float64{}
				for _, w := range q.Want {
					l, err := syntax.ParseMetric(w.Labels)
					require.NoError(t, err, w.Labels)
					want[l.String()] = w.Value
				}
				for _, g := range s.query(q.Expr, minutes(q.At)) {
					got[g.Metric.String()] = g.F
				}
				assert.Equal(t, want, got, q.Expr)
			}
		})
	}
	for _, r := range newServer(t, "../alerts.yaml").rules {
		assert.True(t, tested[r.Name()], "%s is not tested", r.Name())
	}
}
