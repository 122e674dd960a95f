package enrichersentry

import (
	"context"

	"github.com/getsentry/sentry-go"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

// EventProcessor returns an event processor that gives the labels of l to events that
// the service captures itself, as tags, and their fingerprint. If l is nil, it is
// [enricher.Default]. It panics if o is not valid. It is for a client:
//
//	sentry.CurrentHub().Client().AddEventProcessor(enrichersentry.EventProcessor(e, enrichersentry.Options{}))
//
// An event that holds an error, as [sentry.CaptureException] makes it, or a recovered
// panic, as [sentry.Recover] does, is a failure. If the error carries its Result
// ([enricher.WithResult]), or the context of its hint does, it is not enriched again.
// Tags and a fingerprint that the event has stay. Everything else of the event stays
// too: secrets are masked in labels only.
//
// An Observer of this package does not send a failure that has its event already: the
// failures that the processor labels. The processor leaves events of an Observer as
// they are. No enricher runs for an event that an enricher, an observer or a function
// of jobs.Options captures: it has the labels that its error carries, as that of the
// option Done does. Only a goroutine that such code starts must capture with a hub of
// the context that the code was given; see [jobs.Labeling].
//
// The processor holds the caller that captures no longer than the budget of l.
func EventProcessor(l jobs.Labeler, o Options) sentry.EventProcessor {
	if err := o.Validate(); err != nil {
		panic("enrichersentry: EventProcessor: " + err.Error())
	}
	p := &processor{labeler: l, options: o, tags: tagger{logger: o.Logger}}
	return p.process
}

type processor struct {
	labeler jobs.Labeler
	options Options
	tags    tagger
}

func (p *processor) process(event *sentry.Event, hint *sentry.EventHint) *sentry.Event {
	cause := causeOf(hint)
	if cause == nil {
		return event
	}
	ctx := hint.Context
	if ctx == nil {
		ctx = context.Background()
	}
	if ctx.Value(ownKey{}) != nil {
		return event
	}
	labels := enricher.Labels(redact.Map(p.labels(ctx, event, cause)))
	event.Tags = p.tags.addTags(event.Tags, labels)
	if len(event.Fingerprint) == 0 {
		event.Fingerprint = fingerprint(labels)
	}
	return event
}

func (p *processor) labels(ctx context.Context, event *sentry.Event, cause error) enricher.Labels {
	if jobs.Labeling(ctx) {
		return enricher.LabelsOf(jobs.Carry(ctx, cause))
	}
	fc := enricher.FailureContext{Time: event.Timestamp}
	return jobs.Judge(context.WithValue(ctx, ownKey{}, true), p.labeler, p.options.Options, cause, fc).Result.Labels
}

// causeOf returns the error that an event is about, or nil.
func causeOf(hint *sentry.EventHint) error {
	switch {
	case hint == nil:
		return nil
	case hint.OriginalException != nil:
		return hint.OriginalException
	case hint.RecoveredException != nil:
		// The function that recovered is still on the stack, and the panic below it.
		return enricher.Recovered(hint.RecoveredException)
	}
	return nil
}
