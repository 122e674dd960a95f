// Package enricherotel sends failures to OpenTelemetry.
//
//	e, err := enricher.New(cfg, enricher.WithObserver(enricherotel.New(enricherotel.Options{})))
//
// Each failure becomes:
//
//   - attributes failure.label.<key> and error.type of the caller's span, which the
//     context of EnrichContext has. If it has none or that one has ended, a span
//     "enricher.failure" begins, a child of the one that has ended. The status of the
//     caller's span is not changed. Of two failures in one span, it shows the latter.
//   - a log record with the event name enricher.failure, these attributes, and the error
//     ([log.Record.SetErr]), of which the SDK makes exception.type and
//     exception.message; of a panic also exception.stacktrace. Its severity is ERROR, or
//     INFO if the label expected is true. There is no event of the span: OpenTelemetry
//     has exceptions in log records.
//   - 1 in the counter enricher.failures, by error.type and failure.label.type
//   - a value in the histogram enricher.duration for each call of an enricher, by
//     enricher.name
//
// The [enricher.Stats] are observable instruments: enricher.calls by enricher.name and
// enricher.status, enricher.breaker.open, enricher.in_flight and enricher.abandoned by
// enricher.name, and enricher.refused by enricher.reason.
//
// error.type is the label error_type of the failure, or else what the error says in a
// method ErrorType() string, or its Go type. In metrics, the first 100 values of
// error.type and of each label are shown, and later ones as "_OTHER"; if its enricher
// has described all values of a label ([enricher.LabelDescription]), these are always
// shown and do not count. Secrets in texts, labels and names are masked. The error of
// the log record is a copy without secrets, which does not wrap the failure's.
//
// An error whose methods do not return within a second has its Go type and no text. While
// about 64 such errors hang, further ones are not read. A span processor or log
// processor that blocks delays the caller of EnrichContext: use those that batch.
package enricherotel

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/log"
	"go.opentelemetry.io/otel/metric"
	semconv "go.opentelemetry.io/otel/semconv/v1.43.0"
	"go.opentelemetry.io/otel/trace"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/redact"
)

// Options are the options of New. By default, a provider is the global one.
type Options struct {
	TracerProvider trace.TracerProvider
	MeterProvider  metric.MeterProvider
	LoggerProvider log.LoggerProvider

	// Labels are the keys of the labels of failures that enricher.failures has, as
	// attributes failure.label.<key>. One that no enricher sets is an error for the
	// error handler of OpenTelemetry, unless the Enricher has no enrichers. By default,
	// if it is nil, "type" alone.
	Labels []string
}

// Validate returns an error for each option that is wrong, joined.
func (o Options) Validate() error {
	var errs []error
	for i, key := range o.Labels {
		if err := enricher.CheckKey(key); err != nil {
			errs = append(errs, fmt.Errorf("enricherotel: Labels %q: %w", key, err))
		} else if slices.Contains(o.Labels[:i], key) {
			errs = append(errs, fmt.Errorf("enricherotel: Labels %q: is there twice", key))
		}
	}
	return errors.Join(errs...)
}

const (
	scope       = "github.com/failure-enrichers/enricher/contrib/enricherotel"
	failureName = "enricher.failure" // of the event and of the span
	labelPrefix = "failure.label."

	keyErrorType = "error_type" // of the label that the enricher "error" sets
)

// An Observer is an [enricher.Observer] to be given to [enricher.New]. It sends the
// failures of each Enricher that it is given to. It shows the values that any of them
// has described, and the [enricher.Stats] of the latest. Two Observers with one
// MeterProvider would both show theirs, as one metric.
type Observer struct {
	tracer   trace.Tracer
	logger   log.Logger
	failures metric.Int64Counter
	duration metric.Float64Histogram
	labels   []string // keys

	reader   reader
	enricher atomic.Pointer[enricher.Enricher] // nil has no Stats

	mu     sync.Mutex
	types  values
	values []values // of labels, by index
}

var _ enricher.Observer = (*Observer)(nil)

// New returns an Observer. It panics if o is not valid.
func New(o Options) *Observer {
	if err := o.Validate(); err != nil {
		panic("enricherotel: New: " + err.Error())
	}
	if o.TracerProvider == nil {
		o.TracerProvider = otel.GetTracerProvider()
	}
	if o.MeterProvider == nil {
		o.MeterProvider = otel.GetMeterProvider()
	}
	if o.LoggerProvider == nil {
		o.LoggerProvider = otel.GetLoggerProvider()
	}
	labels := []string{"type"}
	if o.Labels != nil {
		labels = slices.Clone(o.Labels)
	}
	obs := &Observer{
		tracer: o.TracerProvider.Tracer(scope, trace.WithSchemaURL(semconv.SchemaURL)),
		logger: o.LoggerProvider.Logger(scope, log.WithSchemaURL(semconv.SchemaURL)),
		labels: labels,
		values: make([]values, len(labels)),
	}
	obs.addMetrics(o.MeterProvider.Meter(scope, metric.WithSchemaURL(semconv.SchemaURL)))
	return obs
}

// Attach makes o show the Stats of e, and the values that its enrichers have described,
// and reports labels that none of them sets. [enricher.New] calls it.
func (o *Observer) Attach(e *enricher.Enricher) {
	o.enricher.Store(e)
	infos := e.Enrichers()
	var set []string
	for _, info := range infos {
		set = append(set, info.OutputKeys...)
	}
	for _, key := range o.labels {
		if len(infos) > 0 && !slices.Contains(set, key) {
			otel.Handle(fmt.Errorf("enricherotel: no enricher sets the label %q of enricher.failures, they set %q", key, set))
		}
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, info := range infos {
		for _, l := range info.Labels {
			if i := slices.Index(o.labels, l.Key); i >= 0 {
				o.values[i].describe(l.Values)
			}
		}
	}
}

// ObserveFailure sends a failure.
func (o *Observer) ObserveFailure(ctx context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	err := o.reader.read(cause)
	labels := enricher.Labels(redact.Map(res.Labels))
	if kind := labels[keyErrorType]; kind != "" {
		err.kind = kind
	}
	o.count(ctx, err, labels, res)

	attrs := []attribute.KeyValue{semconv.ErrorTypeKey.String(err.kind)}
	for _, key := range labels.Keys() {
		attrs = append(attrs, attribute.String(labelPrefix+key, labels[key]))
	}
	expected := labels[enricher.KeyExpected] == "true"
	about := append(slices.Clip(attrs), describe(fc)...)
	if span := trace.SpanFromContext(ctx); span.IsRecording() {
		span.SetAttributes(attrs...)
	} else { // there is none, or it has ended
		ctx, span = o.tracer.Start(ctx, failureName, trace.WithTimestamp(fc.Time), trace.WithAttributes(about...))
		if !expected {
			span.SetStatus(codes.Error, err.text)
		}
		defer span.End(trace.WithTimestamp(fc.Time.Add(res.Duration)))
	}
	o.log(ctx, err, fc, about, expected)
}

// describe returns attributes that say which failure it is.
func describe(fc enricher.FailureContext) []attribute.KeyValue {
	var attrs []attribute.KeyValue
	for _, a := range []struct{ key, value string }{
		{"failure.id", fc.ID},
		{"failure.job.id", fc.JobID},
		{"failure.job.name", fc.JobName},
		{"failure.task.name", fc.TaskName},
	} {
		if a.value != "" {
			attrs = append(attrs, attribute.String(a.key, clean(a.value, maxName)))
		}
	}
	if fc.Attempt > 0 {
		attrs = append(attrs, attribute.Int("failure.attempt", fc.Attempt))
	}
	return attrs
}

// log emits the record of a failure.
func (o *Observer) log(ctx context.Context, err reading, fc enricher.FailureContext, attrs []attribute.KeyValue, expected bool) {
	severity := log.SeverityError
	if expected {
		severity = log.SeverityInfo
	}
	if !o.logger.Enabled(ctx, log.EnabledParameters{Severity: severity, EventName: failureName}) {
		return
	}
	var r log.Record
	r.SetEventName(failureName)
	r.SetTimestamp(fc.Time)
	r.SetSeverity(severity)
	r.SetSeverityText(severity.String())
	r.SetBody(attribute.StringValue(err.text))
	r.SetErr(err)
	r.AddAttributes(attrs...)
	if err.stack != "" {
		r.AddAttributes(semconv.ExceptionStacktrace(err.stack))
	}
	o.logger.Emit(ctx, r)
}
