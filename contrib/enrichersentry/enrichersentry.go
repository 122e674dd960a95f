// Package enrichersentry sends failures to Sentry.
//
//	e, err := enricher.New(cfg, enricher.WithObserver(enrichersentry.New(enrichersentry.Options{})))
//
// Each failure becomes an event:
//
//   - Its labels are tags. Sentry accepts keys of 1 to 32 of the characters
//     a-z A-Z 0-9 _ . : -, and has tags of its own: dist, environment, filename,
//     function, release, user. A label with another key, or one of these, is in the
//     context "failure" only, and one WARN line names the key. White space in a value
//     becomes a space, and a value is cut to 200 characters; a label without a value
//     is no tag.
//   - Its fingerprint is the label fingerprint, so that Sentry groups failures as the
//     enricher does. Without that label it is that of the scope, or else Sentry's own
//     ("{{ default }}").
//   - Its exceptions are the error and the first of those that it wraps, at most 50. Of
//     a panic they have the frames of the job ([enricher.PanicError.Callers]), and of
//     other errors those that they know as the SDK finds them. The type of the
//     outermost one, which Sentry shows as the title, is the label error_type, or else
//     what the error says in a method ErrorType() string, or its Go type.
//   - Its level is error, never fatal. A failure with the label expected=true is not
//     sent, unless [Options.Expected] is set.
//   - Its context "failure" has the [enricher.FailureContext] and all labels. Its
//     transaction is the name of the job.
//
// Events have the tags, user, breadcrumbs and so on of the scope, and its tags and level
// come before those of the failure. They pass through event processors and BeforeSend,
// which find the error in hint.OriginalException.
//
// The observer does not wait for the network and does not flush, unless the client has
// a transport that does: call [sentry.Flush] when the service ends. Secrets in
// everything that this package writes are masked; what is of the scope stays as it is.
//
// An error whose methods do not return within a second has its Go type and no text. While
// about 64 such errors hang, further ones are not read.
//
// [EventProcessor] gives labels to events that the service captures itself.
package enrichersentry

import (
	"cmp"
	"context"
	"log/slog"

	"github.com/getsentry/sentry-go"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

// Options are the options of New and EventProcessor. Of the options of package jobs,
// Skip, Context and Done apply, to EventProcessor.
type Options struct {
	jobs.Options

	// Hub sends the failures whose context has none, as [sentry.SetHubOnContext] sets
	// it. By default, [sentry.CurrentHub].
	Hub *sentry.Hub

	// Expected makes New send failures with the label expected=true too, at level info.
	Expected bool

	// Logger gets a line for each key of a label that cannot be a tag. By default,
	// [slog.Default].
	Logger *slog.Logger
}

const (
	keyErrorType   = "error_type" // of the label that the enricher "error" sets
	keyFingerprint = "fingerprint"

	contextName = "failure" // of the section of an event
)

// An Observer is an [enricher.Observer] to be given to [enricher.New], or to several.
type Observer struct {
	options Options
	tags    tagger
	reader  reader
}

var _ enricher.Observer = (*Observer)(nil)

// New returns an Observer. It panics if o is not valid.
func New(o Options) *Observer {
	if err := o.Validate(); err != nil {
		panic("enrichersentry: New: " + err.Error())
	}
	return &Observer{options: o, tags: tagger{logger: o.Logger}}
}

// ownKey is in the context of a failure that has its event: what captures it again, or
// labels it, leaves it as it is.
type ownKey struct{}

// ObserveFailure sends a failure.
func (o *Observer) ObserveFailure(ctx context.Context, cause error, fc enricher.FailureContext, res enricher.Result) {
	expected := res.Labels[enricher.KeyExpected] == "true"
	hub := cmp.Or(sentry.GetHubFromContext(ctx), o.options.Hub, sentry.CurrentHub())
	if ctx.Value(ownKey{}) != nil || expected && !o.options.Expected || !hub.Client().IsEnabled() {
		return
	}
	labels := enricher.Labels(redact.Map(res.Labels))
	err := o.reader.read(cause)
	if kind := labels[keyErrorType]; kind != "" {
		err.exceptions[len(err.exceptions)-1].Type = cut(kind, maxName)
	}
	event := sentry.NewEvent()
	event.Timestamp = fc.Time
	event.Level = sentry.LevelError
	if expected {
		event.Level = sentry.LevelInfo
	}
	event.Exception = err.exceptions
	event.Transaction = clean(fc.JobName, maxTagValue)
	event.Tags = o.tags.addTags(event.Tags, labels)
	event.Fingerprint = fingerprint(labels)
	event.Contexts[contextName] = describe(fc, labels, err.stack)
	hub.CaptureEventWithHint(event, &sentry.EventHint{OriginalException: cause, Context: context.WithValue(ctx, ownKey{}, true)})
}

// fingerprint returns nil if the labels have none: then that of the scope applies, or
// Sentry's own.
func fingerprint(labels enricher.Labels) []string {
	if f := labels[keyFingerprint]; f != "" {
		return []string{f}
	}
	return nil
}

// describe returns the section of an event that says which failure it is.
func describe(fc enricher.FailureContext, labels enricher.Labels, stack string) sentry.Context {
	section := sentry.Context{"final": fc.Final()}
	for key, value := range map[string]string{
		"id":              fc.ID,
		"root_id":         fc.RootID,
		"failure_type":    fc.Type.String(), // "type" says to Sentry what a section is
		"job_id":          fc.JobID,
		"job_name":        fc.JobName,
		"task_name":       fc.TaskName,
		"task_manager_id": fc.TaskManagerID,
		"endpoint":        fc.Endpoint,
	} {
		if value != "" {
			section[key] = clean(value, maxValue)
		}
	}
	if stack != "" {
		section["stack"] = stack
	}
	if fc.Attempt > 0 {
		section["attempt"] = fc.Attempt
	}
	if fc.MaxAttempts > 0 {
		section["max_attempts"] = fc.MaxAttempts
	}
	if len(fc.Attributes) > 0 {
		section["attributes"] = short(redact.Map(fc.Attributes))
	}
	if len(labels) > 0 {
		section["labels"] = short(labels)
	}
	return section
}
