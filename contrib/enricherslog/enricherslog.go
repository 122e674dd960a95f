// Package enricherslog labels log records that hold an error.
//
//	log := slog.New(enricherslog.New(slog.NewJSONHandler(os.Stderr, nil), e, enricherslog.Options{}))
//	log.ErrorContext(ctx, "Job failed", "error", err)
//	// {"level":"ERROR","msg":"Job failed","error":"…","failure":{"retry":"retryable","type":"DEPENDENCY"}}
//
// A record at level ERROR or above whose attributes, or those of its logger, hold an
// error has the labels of the first such error in a group. Below that level, it has
// the labels that the error carries ([enricher.WithLabels], [enricher.WithResult]), and
// no enricher runs. An error that carries its Result is not enriched again. One that a job
// logs at level ERROR, and then returns to an adapter, counts twice. An error that is only
// in a slice or a struct, or in what the LogValue of another value returns, is not found.
//
// The call that logs such a record returns when the enrichers are done, at the latest
// after the timeout of the Enricher.
//
// Secrets in labels are masked. Other attributes and the message stay as they are.
//
// Enrichers, observers and the functions of jobs.Options may log through the same
// handler. No enricher runs for such a record: it has the labels that its error carries,
// as that of the option Done does. Only a goroutine that such code starts must log with
// the context that the code was given; see [jobs.Labeling].
package enricherslog

import (
	"cmp"
	"context"
	"log/slog"
	"slices"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

// Options configure a handler. Of the options of package jobs, Skip, Context and Done
// apply.
type Options struct {
	jobs.Options

	Level slog.Leveler // records below it do not run enrichers. By default, slog.LevelError.
	Key   string       // of the group of labels, at the top of the record. By default, "failure".
}

// New returns a handler that passes records to h, with labels of l if they hold an
// error. If l is nil, it is [enricher.Default]. New panics if h is nil or o is not
// valid.
//
// For [slog.SetDefault], h must not be the handler that slog.Default has at the start of
// a program: packages log and slog then wait for each other at the first record.
func New(h slog.Handler, l jobs.Labeler, o Options) slog.Handler {
	if h == nil {
		panic("enricherslog: New: nil slog.Handler")
	}
	if err := o.Validate(); err != nil {
		panic("enricherslog: New: " + err.Error())
	}
	if o.Level == nil {
		o.Level = slog.LevelError
	}
	o.Key = cmp.Or(o.Key, "failure")
	return &handler{next: h, top: h, labeler: l, options: o}
}

type handler struct {
	labeler jobs.Labeler
	options Options
	cause   error // the first error of WithAttrs; nil: none

	next slog.Handler

	// The group of labels stands outside of the groups of the logger: top has the
	// attributes from before the first group, and reopen does the rest again.
	top    slog.Handler
	reopen []func(slog.Handler) slog.Handler
}

func (h *handler) Enabled(ctx context.Context, level slog.Level) bool {
	return h.next.Enabled(ctx, level)
}

func (h *handler) WithAttrs(attrs []slog.Attr) slog.Handler {
	if len(attrs) == 0 {
		return h
	}
	c := *h
	if c.cause == nil {
		c.cause = firstError(attrs)
	}
	c.next = h.next.WithAttrs(attrs)
	if len(h.reopen) == 0 {
		c.top = c.next
	} else {
		c.reopen = append(slices.Clip(h.reopen), func(next slog.Handler) slog.Handler { return next.WithAttrs(attrs) })
	}
	return &c
}

func (h *handler) WithGroup(name string) slog.Handler {
	if name == "" {
		return h
	}
	c := *h
	c.next = h.next.WithGroup(name)
	c.reopen = append(slices.Clip(h.reopen), func(next slog.Handler) slog.Handler { return next.WithGroup(name) })
	return &c
}

func (h *handler) Handle(ctx context.Context, r slog.Record) error {
	cause := h.cause
	if cause == nil {
		r.Attrs(func(a slog.Attr) bool {
			cause = firstError([]slog.Attr{a})
			return cause == nil
		})
	}
	if ctx == nil {
		ctx = context.Background()
	}
	labels := h.labels(ctx, r, cause)
	if len(labels) == 0 {
		return h.next.Handle(ctx, r)
	}
	next := h.top.WithAttrs([]slog.Attr{slog.Any(h.options.Key, enricher.Labels(redact.Map(labels)))})
	for _, again := range h.reopen {
		next = again(next)
	}
	return next.Handle(ctx, r)
}

func (h *handler) labels(ctx context.Context, r slog.Record, cause error) enricher.Labels {
	if cause == nil {
		return nil
	}
	if r.Level < h.options.Level.Level() || jobs.Labeling(ctx) {
		return enricher.LabelsOf(jobs.Carry(ctx, cause))
	}
	return jobs.Judge(ctx, h.labeler, h.options.Options, cause, enricher.FailureContext{Time: r.Time}).Result.Labels
}

// firstError returns the first error among the values of attrs, groups included.
func firstError(attrs []slog.Attr) error {
	for _, a := range attrs {
		switch a.Value.Kind() {
		case slog.KindGroup:
			if err := firstError(a.Value.Group()); err != nil {
				return err
			}
		case slog.KindAny, slog.KindLogValuer: // Any allocates for values of other kinds
			if err, ok := a.Value.Any().(error); ok {
				return err
			}
		}
	}
	return nil
}
