// Package enricherprom counts failures for Prometheus.
//
//	c := enricherprom.New(enricherprom.Options{})
//	prometheus.MustRegister(c)
//	e, err := enricher.New(cfg, enricher.WithObserver(c))
//
// The metrics:
//
//	enricher_failures_total{type}            failures, by their labels
//	enricher_duration_seconds{enricher}      time that the calls took, a histogram
//	enricher_calls_total{enricher,status}    outcomes, those without a call included
//	enricher_breaker_open{enricher}          1 unless the circuit breaker is closed
//	enricher_in_flight{enricher}             calls under way, abandoned ones included
//	enricher_abandoned{enricher}             of those, the abandoned ones
//	enricher_refused_total{why}              failures rejected: "overloaded" or "shutdown"
//
// [Options.Labels] says which labels of a failure the first of them has. A label that
// the failure does not have is empty. The first 100 values of a label are shown, and
// later ones as "_OTHER"; if its enricher has described all its values
// ([enricher.LabelDescription]), these are always shown and do not count. They begin
// at 0 if there are at most 100 and no other label. Secrets in values are masked.
//
// The module has a dashboard for Grafana, dashboard.json, and alerts, alerts.yaml.
package enricherprom

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/redact"
)

// Options are the options of New.
type Options struct {
	// Labels are the keys of the labels of failures that enricher_failures_total has,
	// under the same names. Each must be a name that Prometheus accepts without
	// quotation marks. By default, if it is nil, "type" alone.
	Labels []string

	// Logger gets a line for each of these labels that no enricher sets: its key may be
	// misspelt. There is none for an Enricher without enrichers. By default, [slog.Default].
	Logger *slog.Logger
}

// labelName matches the names of labels that need no quotation marks in a query.
// Prometheus keeps those that begin with two underscores for itself.
var labelName = regexp.MustCompile(`^[a-zA-Z_][a-zA-Z0-9_]*$`)

// Validate returns an error for each option that is wrong, joined.
func (o Options) Validate() error {
	var errs []error
	for i, key := range o.Labels {
		switch {
		case !labelName.MatchString(key) || strings.HasPrefix(key, "__"):
			errs = append(errs, fmt.Errorf("enricherprom: Labels %q: must be letters, digits and underscores, not begin with a digit, and not with two underscores", key))
		case slices.Contains(o.Labels[:i], key):
			errs = append(errs, fmt.Errorf("enricherprom: Labels %q: is there twice", key))
		}
	}
	return errors.Join(errs...)
}

const (
	maxValues = 100 // of a label, besides those that its enricher has described
	other     = "_OTHER"
)

// A Collector is an [enricher.Observer] to be given to [enricher.New], and a
// [prometheus.Collector] to be registered. Its methods may be called concurrently.
//
// It counts the failures of each Enricher that it is given to. It shows the values that
// any of them has described, and the [enricher.Stats] of the latest.
type Collector struct {
	labels   []string // keys
	logger   *slog.Logger
	failures *prometheus.CounterVec
	duration *prometheus.HistogramVec

	enricher atomic.Pointer[enricher.Enricher] // nil has no Stats

	mu     sync.Mutex
	values []values // of labels, by index
}

var (
	_ prometheus.Collector = (*Collector)(nil)
	_ enricher.Observer    = (*Collector)(nil)
)

// The metrics from Stats.
var (
	calls     = desc("calls_total", "Outcomes of enrichers, those without a call included.", "enricher", "status")
	breaker   = desc("breaker_open", "1 unless the circuit breaker of the enricher is closed.", "enricher")
	inFlight  = desc("in_flight", "Calls under way, abandoned ones included.", "enricher")
	abandoned = desc("abandoned", "Calls under way that are not waited for any more.", "enricher")
	refused   = desc("refused_total", "Failures that were rejected, and have no labels.", "why")
)

func desc(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("enricher_"+name, help, labels, nil)
}

// New returns a Collector. It panics if o is not valid. Two Collectors can be
// registered in one registry if [prometheus.WrapRegistererWith] gives each a label.
func New(o Options) *Collector {
	if err := o.Validate(); err != nil {
		panic("enricherprom: New: " + err.Error())
	}
	labels := []string{"type"}
	if o.Labels != nil {
		labels = slices.Clone(o.Labels)
	}
	return &Collector{
		labels: labels,
		logger: o.Logger,
		values: make([]values, len(labels)),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "enricher_failures_total",
			Help: "Failures, by their labels.",
		}, labels),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name:    "enricher_duration_seconds",
			Help:    "Time that calls of the enricher took, including the wait for a slot.",
			Buckets: []float64{.0001, .0005, .001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5},
		}, []string{"enricher"}),
	}
}

// Attach makes c show the Stats of e, and the values that its enrichers have described,
// and logs labels that none of them sets. [enricher.New] calls it.
func (c *Collector) Attach(e *enricher.Enricher) {
	c.enricher.Store(e)
	infos := e.Enrichers()
	var set []string
	for _, info := range infos {
		set = append(set, info.OutputKeys...)
	}
	for _, key := range c.labels {
		if len(infos) > 0 && !slices.Contains(set, key) {
			cmp.Or(c.logger, slog.Default()).Warn("No enricher sets a label of enricher_failures_total", "label", key, "set", set)
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, info := range infos {
		for _, l := range info.Labels {
			i := slices.Index(c.labels, l.Key)
			if i < 0 {
				continue
			}
			c.values[i].describe(l.Values)
			if len(c.labels) == 1 && len(l.Values) <= maxValues {
				for _, value := range l.Values { // begin at 0: then a rise from nothing is seen
					_, _ = c.failures.GetMetricWithLabelValues(masked(l.Key, value)) // unless it is not valid UTF-8
				}
			}
		}
	}
}

// ObserveFailure counts a failure. It neither waits nor calls methods of cause.
func (c *Collector) ObserveFailure(_ context.Context, _ error, _ enricher.FailureContext, res enricher.Result) {
	c.failures.WithLabelValues(c.shown(res.Labels)...).Inc()
	for _, o := range res.Outcomes {
		switch o.Status {
		case enricher.StatusOK, enricher.StatusFailed, enricher.StatusTimedOut, enricher.StatusPanicked: // it was called
			c.duration.WithLabelValues(o.Enricher).Observe(o.Duration.Seconds())
		}
	}
}

// shown returns the values that are shown for labels.
func (c *Collector) shown(labels enricher.Labels) []string {
	shown := make([]string, len(c.labels))
	for i, key := range c.labels {
		shown[i] = masked(key, labels[key])
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, key := range c.labels {
		if !c.values[i].admit(labels[key], shown[i]) {
			shown[i] = other
		}
	}
	return shown
}

func masked(key, value string) string {
	return redact.Map(map[string]string{key: value})[key]
}

// values are the values of a label.
type values struct {
	described map[string]bool // by its enricher in any Enricher
	seen      map[string]bool // others that are shown, as they are shown
}

func (v *values) describe(all []string) {
	if v.described == nil {
		v.described = make(map[string]bool, len(all))
	}
	for _, value := range all {
		v.described[value] = true
	}
}

// admit reports whether value may be shown, as shown.
func (v *values) admit(value, shown string) bool {
	if shown == "" || v.described[value] || v.seen[shown] {
		return true
	}
	if len(v.seen) >= maxValues {
		return false
	}
	if v.seen == nil {
		v.seen = map[string]bool{}
	}
	v.seen[shown] = true
	return true
}

// Describe is for the registry.
func (c *Collector) Describe(ch chan<- *prometheus.Desc) {
	c.failures.Describe(ch)
	c.duration.Describe(ch)
	for _, d := range []*prometheus.Desc{calls, breaker, inFlight, abandoned, refused} {
		ch <- d
	}
}

// Collect is for the registry.
func (c *Collector) Collect(ch chan<- prometheus.Metric) {
	c.failures.Collect(ch)
	c.duration.Collect(ch)
	counter := func(d *prometheus.Desc, n uint64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(n), labels...)
	}
	gauge := func(d *prometheus.Desc, n int, labels ...string) {
		ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, float64(n), labels...)
	}
	stats := c.enricher.Load().Stats()
	for _, s := range stats.Enrichers {
		for status := enricher.StatusOK; status <= enricher.StatusSkipped; status++ {
			counter(calls, s.Calls[status], s.Enricher, status.String())
		}
		open := 0
		if s.Breaker != enricher.BreakerClosed {
			open = 1
		}
		gauge(breaker, open, s.Enricher)
		gauge(inFlight, s.InFlight, s.Enricher)
		gauge(abandoned, s.Abandoned, s.Enricher)
	}
	counter(refused, stats.Overloaded, "overloaded")
	counter(refused, stats.AfterShutdown, "shutdown")
}
