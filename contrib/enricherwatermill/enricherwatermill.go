// Package enricherwatermill labels the failures of Watermill message handlers.
//
//	router.AddMiddleware(poison, retry.Middleware, middleware.Recoverer, // as before
//		enricherwatermill.Middleware(e, enricherwatermill.Options{}))
//
// The labels of the latest failed attempt are in the metadata of the message, under
// their keys with the prefix "failure_". PoisonQueue publishes them with the message.
// Under "failure_attempt" and "failure_handler" is the number of failed attempts and
// the handler. A new attempt of the same handler begins with none of them; after a
// success, they are gone. The count goes on if the message is published again. Labels
// named "attempt" or "handler" are not written.
//
// A veto makes the error a backoff.PermanentError, and the label retry_after makes it a
// backoff.RetryAfterError, unless it is one already: the Retry middleware acts on them.
// It waits within the handler, and gives up if its MaxElapsedTime would be over; see
// MaxRetryAfter of [jobs.Options]. A panic goes on, unless there is a veto: then it is
// an error.
//
// Text, %+v, LogValue, Is and As of the error stay the same, and it carries its Result:
// see [enricher.WithResult].
//
// The answer of a handler to the end of the message's context, which the router or the
// subscriber cancels, is no failure. An error with backoff.Permanent is one, with
// FailureContext.Terminal.
//
// Watermill counts every attempt: the label attempt_counts has no effect. It does not
// say how many attempts there are: Options.Context can set MaxAttempts.
package enricherwatermill

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/ThreeDotsLabs/watermill/message"
	"github.com/ThreeDotsLabs/watermill/message/router/middleware"
	"github.com/cenkalti/backoff/v5"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/redact"
)

// Options are the options of Middleware.
type Options struct {
	jobs.Options

	// Prefix is that of the keys in the metadata. All keys that begin with it belong
	// to this package. By default, it is "failure_".
	Prefix string

	// Labels are the keys of the labels that are written into the metadata, for brokers
	// that limit the number, size or characters of it. By default, all are.
	Labels []string
}

// ownKeys are metadata keys of Watermill, or begin such keys.
var ownKeys = []string{
	middleware.ReasonForPoisonedKey, middleware.PoisonedTopicKey, middleware.PoisonedHandlerKey, middleware.PoisonedSubscriberKey,
	middleware.CorrelationIDMetadataKey, "_watermill_",
}

// Validate returns an error for each option that is wrong, joined.
func (o Options) Validate() error {
	err := o.Options.Validate()
	for _, key := range ownKeys {
		if o.Prefix != "" && (strings.HasPrefix(key, o.Prefix) || strings.HasPrefix(o.Prefix, key)) {
			err = errors.Join(err, fmt.Errorf("enricherwatermill: Prefix %q: must not be that of Watermill's own key %q", o.Prefix, key))
		}
	}
	return err
}

// Middleware returns a middleware that labels failures with l. If l is nil, it is
// [enricher.Default]. Its place is inside of Retry, PoisonQueue and Recoverer, that is
// after them in AddMiddleware. Middleware panics if o is not valid.
func Middleware(l jobs.Labeler, o Options) message.HandlerMiddleware {
	if err := o.Validate(); err != nil {
		panic("enricherwatermill: Middleware: " + err.Error())
	}
	o.Prefix = cmp.Or(o.Prefix, "failure_")
	o.Labels = slices.Clone(o.Labels)
	a := &adapter{l, o}
	return func(next message.HandlerFunc) message.HandlerFunc {
		return func(msg *message.Message) ([]*message.Message, error) { return a.handle(msg, next) }
	}
}

type adapter struct {
	labeler jobs.Labeler
	options Options
}

func (a *adapter) handle(msg *message.Message, next message.HandlerFunc) (produced []*message.Message, err error) {
	at := attempt{ctx: msg.Context(), start: time.Now()} // the handler may set another context
	at.handler = message.HandlerNameFromCtx(at.ctx)
	at.taken = a.take(msg, at.handler)
	at.n = a.count(at.taken) + 1
	var v jobs.Verdict
	err = jobs.Run(func() (err error) {
		produced, err = next(msg)
		return err
	}, func(cause error) jobs.Verdict {
		v = a.judge(msg, at, cause)
		a.write(msg, at, v)
		return v
	})
	return produced, a.answer(err, v)
}

type attempt struct {
	ctx     context.Context
	start   time.Time
	handler string
	n       int              // 1 is the first
	taken   message.Metadata // what an earlier attempt of the handler has left
}

// take removes from the metadata what an earlier attempt of the handler has left, and
// returns it. What another handler has left stays: a handler of the poison queue reads
// it.
func (a *adapter) take(msg *message.Message, handler string) message.Metadata {
	if of, ok := msg.Metadata[a.options.Prefix+"handler"]; !ok || of != handler {
		return nil
	}
	return a.clear(msg)
}

func (a *adapter) clear(msg *message.Message) message.Metadata {
	taken := message.Metadata{}
	for key, value := range msg.Metadata {
		if strings.HasPrefix(key, a.options.Prefix) {
			taken[key] = value
			delete(msg.Metadata, key)
		}
	}
	return taken
}

func (a *adapter) count(taken message.Metadata) int {
	n, _ := strconv.Atoi(taken[a.options.Prefix+"attempt"]) // what is none is 0
	return max(n, 0)
}

// judge returns the verdict on a failure, which is zero if it is none.
func (a *adapter) judge(msg *message.Message, at attempt, cause error) jobs.Verdict {
	// A deadline of the context is that of a Timeout middleware outside of this one.
	if errors.Is(at.ctx.Err(), context.Canceled) && jobs.Interrupted(at.ctx, cause) {
		return jobs.Verdict{}
	}
	fc := enricher.FailureContext{JobID: msg.UUID, JobName: at.handler, Attempt: at.n}
	if topic := message.SubscribeTopicFromCtx(at.ctx); topic != "" {
		fc.Attributes = map[string]string{enricher.AttributeTopic: topic}
	}
	if msg.UUID != "" { // several handlers may get a message at once
		fc.ID = jobs.FailureID("watermill", at.handler+"/"+msg.UUID, fc.Attempt, at.start)
	}
	_, fc.Terminal = enricher.AsType[*backoff.PermanentError](cause)
	if own, ok := cause.(*backoff.PermanentError); ok && own.Err != nil { //nolint:errorlint // the text of others is around it
		cause = own.Err
	}
	return jobs.Judge(at.ctx, a.labeler, a.options.Counted(), cause, fc)
}

// write writes the labels and the number of the attempt into the metadata. If it is no
// failure, what an earlier attempt has left comes back. If no enricher is configured,
// nothing is written.
func (a *adapter) write(msg *message.Message, at attempt, v jobs.Verdict) {
	if len(v.Result.Labels) == 0 && len(v.Result.Outcomes) == 0 {
		maps.Copy(msg.Metadata, at.taken)
		return
	}
	a.clear(msg) // another handler's
	if msg.Metadata == nil {
		msg.Metadata = message.Metadata{}
	}
	for key, value := range redact.Map(v.Result.Labels) {
		if a.options.Labels == nil || slices.Contains(a.options.Labels, key) {
			msg.Metadata.Set(a.options.Prefix+key, value)
		}
	}
	msg.Metadata.Set(a.options.Prefix+"attempt", strconv.Itoa(at.n))
	msg.Metadata.Set(a.options.Prefix+"handler", at.handler)
}

// answer returns err as the Retry middleware is to see it.
func (a *adapter) answer(err error, v jobs.Verdict) error {
	if err == nil || !jobs.Enriched(v.Result) {
		return err
	}
	f := &failed{error: enricher.WithResult(err, v.Result), user: err}
	if own, ok := enricher.AsType[*backoff.PermanentError](err); ok {
		f.permanent = &backoff.PermanentError{Err: enricher.WithResult(own.Err, v.Result)}
	} else if v.Terminal {
		f.permanent = &backoff.PermanentError{Err: logged(&failed{error: f.error, user: err})}
	}
	if _, ok := enricher.AsType[*backoff.RetryAfterError](err); !ok && v.RetryAfter > 0 {
		f.after = &backoff.RetryAfterError{Duration: v.RetryAfter}
	}
	return logged(f)
}

// logged returns f with the method by which package slog logs the user's error.
func logged(f *failed) error {
	if v, ok := f.error.(slog.LogValuer); ok {
		return loggedFailed{f, v}
	}
	return f
}

type loggedFailed struct {
	*failed
	slog.LogValuer
}

// A failed is the error of a handler, with what the Retry middleware looks for by As.
// It has one error within, as a Result is not found through a joined one.
type failed struct {
	error // the user's, with its Result

	user      error
	permanent *backoff.PermanentError
	after     *backoff.RetryAfterError
}

func (f *failed) Unwrap() error { return f.error }

// Format formats the user's error, whose %+v may print a stack.
func (f *failed) Format(s fmt.State, verb rune) {
	fmt.Fprintf(s, fmt.FormatString(s, verb), f.error)
}

// Cause is for github.com/pkg/errors, by which the IgnoreErrors middleware looks.
func (f *failed) Cause() error { return f.user }

func (f *failed) As(target any) bool {
	switch target := target.(type) {
	case **backoff.PermanentError:
		if f.permanent != nil {
			*target = f.permanent
			return true
		}
	case **backoff.RetryAfterError:
		if f.after != nil {
			*target = f.after
			return true
		}
	}
	return false
}
