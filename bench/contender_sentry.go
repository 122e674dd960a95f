package main

import (
	"context"
	"maps"
	"time"

	"github.com/getsentry/sentry-go"

	"github.com/failure-enrichers/enricher"
)

// processors are enrichers as event processors of a Sentry client, beside its
// default ones.
type processors struct {
	client *sentry.Client
	scope  *sentry.Scope
}

func startProcessors(enrichers []namedEnricher, _ time.Duration) (peer, error) {
	client, err := sentry.NewClient(sentry.ClientOptions{
		Transport:  discard{},
		BeforeSend: keepTags,
		Release:    "bench", // not to be asked from git
	})
	if err != nil {
		return nil, err
	}
	for _, e := range enrichers {
		client.AddEventProcessor(processor(e))
	}
	return &processors{client, sentry.NewScope()}, nil
}

func (p *processors) stop() { p.client.Close() }

// captured is the failure of an event, and the labels it got.
type captured struct {
	fc     enricher.FailureContext
	labels enricher.Labels
}

func (p *processors) enrich(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	c := &captured{fc: fc}
	p.client.CaptureException(cause, &sentry.EventHint{Context: ctx, OriginalException: cause, Data: c}, p.scope)
	return c.labels, nil
}

// processor returns the event processor of an enricher. It cannot return an error.
func processor(e namedEnricher) sentry.EventProcessor {
	return func(event *sentry.Event, hint *sentry.EventHint) *sentry.Event {
		labels, err := e.ProcessFailure(hint.Context, hint.OriginalException, hint.Data.(*captured).fc)
		if err == nil {
			maps.Copy(event.Tags, labels)
		}
		return event
	}
}

// keepTags is a BeforeSend: it gets the event as it goes to the transport.
func keepTags(event *sentry.Event, hint *sentry.EventHint) *sentry.Event {
	hint.Data.(*captured).labels = event.Tags
	return event
}

// discard is a transport that drops all events.
type discard struct{}

var _ sentry.Transport = discard{}

func (discard) Configure(sentry.ClientOptions)        {}
func (discard) SendEvent(*sentry.Event)               {}
func (discard) Flush(time.Duration) bool              { return true }
func (discard) FlushWithContext(context.Context) bool { return true }
func (discard) Close()                                {}
