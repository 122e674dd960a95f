package rulestest_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherprom"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

// A process of a service has an Enricher with the enricher type and one of its own, owner.
type process struct {
	*enricher.Enricher
	t       *testing.T
	job     string
	options enricherprom.Options
	fails   bool // owner does
	panics  bool // owner does
	hangs   bool // owner does, and times out; it has no breaker

	instance string
	registry *prometheus.Registry     // nil if the process has ended
	last     map[string]labels.Labels // the series of the last scrape
}

// start starts a process, or another one in place of the last.
func (p *process) start(instance string) {
	c := enricherprom.New(p.options)
	owner := enricher.Func([]string{"owner"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
		if p.fails {
			return nil, errUnknown
		}
		if p.panics {
			panic("no")
		}
		if p.hangs {
			<-p.t.Context().Done() // the end of the test
		}
		return enricher.Labels{"owner": "shop"}, nil
	})
	policy := enricher.Policy{BreakerThreshold: 1, BreakerCooldown: 1} // the next call is a probe
	if p.hangs {
		policy = enricher.Policy{BreakerThreshold: -1, Timeout: time.Millisecond}
	}
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"type"},
		Timeout:          time.Hour,
		Policies:         map[string]enricher.Policy{"owner": policy},
	}, enricher.WithEnricher("owner", owner), enricher.WithObserver(c), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(p.t, err)
	p.Enricher, p.instance, p.registry = e, instance, prometheus.NewRegistry()
	p.registry.MustRegister(c)
}

func (p *process) end() { p.registry = nil }

// fail enriches the same failure several times.
func (p *process) fail(times int, cause error) {
	for range times {
		p.Enrich(cause)
	}
}

// scrape returns what Prometheus would keep of the metrics: it also marks the end of series.
func (p *process) scrape() (samples []sample) {
	series := map[string]labels.Labels{}
	if p.registry != nil {
		page := httptest.NewRecorder()
		promhttp.HandlerFor(p.registry, promhttp.HandlerOpts{}).ServeHTTP(page, httptest.NewRequest("GET", "/metrics", nil))
		parser, err := textparse.New(page.Body.Bytes(), page.Header().Get("Content-Type"), nil, textparse.ParserOptions{})
		require.NoError(p.t, err)
		for {
			entry, err := parser.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			require.NoError(p.t, err)
			if entry != textparse.EntrySeries {
				continue
			}
			var exported labels.Labels
			parser.Labels(&exported)
			l := labels.NewBuilder(exported).Set("job", p.job).Set("instance", p.instance).Labels()
			_, _, value := parser.Series()
			series[l.String()] = l
			samples = append(samples, sample{l, value})
		}
	}
	for name, l := range p.last {
		if _, ok := series[name]; !ok {
			samples = append(samples, sample{l, stale})
		}
	}
	p.last = series
	return samples
}
