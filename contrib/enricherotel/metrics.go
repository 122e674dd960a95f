package enricherotel

import (
	"context"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"

	"github.com/failure-enrichers/enricher"
)

const (
	keyName   = attribute.Key("enricher.name")
	keyStatus = attribute.Key("enricher.status")
	keyReason = attribute.Key("enricher.reason")

	maxValues = 100 // of an attribute, besides those that its enricher has described
	other     = "_OTHER"
)

// addMetrics makes the instruments. What goes wrong is for the error handler of
// OpenTelemetry: a failure must not be lost for a metric.
func (o *Observer) addMetrics(meter metric.Meter) {
	var err error
	handle := func() {
		if err != nil {
			otel.Handle(err)
		}
	}
	o.failures, err = meter.Int64Counter("enricher.failures", metric.WithUnit("{failure}"),
		metric.WithDescription("Failures, by their labels."))
	handle()
	o.duration, err = meter.Float64Histogram("enricher.duration", metric.WithUnit("s"),
		metric.WithDescription("Time that calls of the enricher took, including the wait for a slot."),
		metric.WithExplicitBucketBoundaries(.0001, .0005, .001, .005, .01, .05, .1, .25, .5, 1, 2.5, 5))
	handle()
	calls, err := meter.Int64ObservableCounter("enricher.calls", metric.WithUnit("{outcome}"),
		metric.WithDescription("Outcomes of enrichers, those without a call included."))
	handle()
	refused, err := meter.Int64ObservableCounter("enricher.refused", metric.WithUnit("{failure}"),
		metric.WithDescription("Failures that were rejected, and have no labels."))
	handle()
	breaker, err := meter.Int64ObservableGauge("enricher.breaker.open", metric.WithUnit("1"),
		metric.WithDescription("1 unless the circuit breaker of the enricher is closed."))
	handle()
	inFlight, err := meter.Int64ObservableUpDownCounter("enricher.in_flight", metric.WithUnit("{call}"),
		metric.WithDescription("Calls under way, abandoned ones included."))
	handle()
	abandoned, err := meter.Int64ObservableUpDownCounter("enricher.abandoned", metric.WithUnit("{call}"),
		metric.WithDescription("Calls under way that are not waited for any more."))
	handle()
	_, err = meter.RegisterCallback(func(_ context.Context, to metric.Observer) error {
		observe := func(i metric.Int64Observable, n int64, attrs ...attribute.KeyValue) {
			to.ObserveInt64(i, n, metric.WithAttributes(attrs...))
		}
		stats := o.enricher.Load().Stats()
		for _, s := range stats.Enrichers {
			name := keyName.String(s.Enricher)
			for status := enricher.StatusOK; status <= enricher.StatusSkipped; status++ {
				observe(calls, int64(s.Calls[status]), name, keyStatus.String(status.String()))
			}
			open := int64(0)
			if s.Breaker != enricher.BreakerClosed {
				open = 1
			}
			observe(breaker, open, name)
			observe(inFlight, int64(s.InFlight), name)
			observe(abandoned, int64(s.Abandoned), name)
		}
		observe(refused, int64(stats.Overloaded), keyReason.String("overloaded"))
		observe(refused, int64(stats.AfterShutdown), keyReason.String("shutdown"))
		return nil
	}, calls, refused, breaker, inFlight, abandoned)
	handle()
}

// count counts a failure with the labels as they are shown.
func (o *Observer) count(ctx context.Context, err reading, labels enricher.Labels, res enricher.Result) {
	attrs := make([]attribute.KeyValue, 0, len(o.labels)+1)
	o.mu.Lock()
	attrs = append(attrs, semconv.ErrorTypeKey.String(o.types.admit(err.kind, err.kind)))
	for i, key := range o.labels {
		if value, ok := res.Labels[key]; ok {
			attrs = append(attrs, attribute.String(labelPrefix+key, o.values[i].admit(value, labels[key])))
		}
	}
	o.mu.Unlock()
	o.failures.Add(ctx, 1, metric.WithAttributes(attrs...))
	for _, out := range res.Outcomes {
		switch out.Status {
		case enricher.StatusOK, enricher.StatusFailed, enricher.StatusTimedOut, enricher.StatusPanicked: // it was called
			o.duration.Record(ctx, out.Duration.Seconds(), metric.WithAttributes(keyName.String(out.Enricher)))
		}
	}
}

// values are the values of an attribute.
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

// admit returns what stands for value: shown, or _OTHER if there are too many.
func (v *values) admit(value, shown string) string {
	if v.described[value] || v.seen[shown] {
		return shown
	}
	if len(v.seen) >= maxValues {
		return other
	}
	if v.seen == nil {
		v.seen = map[string]bool{}
	}
	v.seen[shown] = true
	return shown
}
