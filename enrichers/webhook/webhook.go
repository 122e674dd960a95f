package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/sparse"
)

// Name is what the enricher is registered as.
const Name = "webhook"

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{}, create))
}

// What became of a failure: the values of the label under NotifiedLabel. A
// failure whose message could not be sent has no such label, as ProcessFailure
// returns an error.
const (
	Sent        = "sent"         // the endpoint took the message
	HeldBack    = "held-back"    // an equal failure was sent not long ago, or is just being sent
	RateLimited = "rate-limited" // too many messages, or the endpoint has asked for a pause
	NotMatched  = "not-matched"  // not one that When and Unless let through
)

// An Enricher posts failures to an HTTP endpoint. Its methods may be called
// concurrently.
type Enricher struct {
	opts       Options
	conditions []condition
	body       body
	endpoint   *endpoint
	dedup      *dedup
	limit      *limiter
	counts     counts
	limited    sparse.Limiter
	closed     atomic.Bool
}

var (
	_ enricher.LabelReader   = (*Enricher)(nil)
	_ enricher.Explainer     = (*Enricher)(nil)
	_ enricher.CountReporter = (*Enricher)(nil)
	_ io.Closer              = (*Enricher)(nil)
)

// New returns an Enricher with these options. It reads what options name of the
// environment and of files, but connects to nothing and starts no goroutine.
//
// The errors are [*enricher.ConfigError], joined, and have no secrets.
func New(opts Options) (*Enricher, error) { return newEnricher("", opts) }

// create is the factory.
func create(conf enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) {
	opts.Logger = conf.Logger()
	e, err := newEnricher(conf.Name(), opts)
	if err != nil {
		return nil, err
	}
	return e, nil
}

// newEnricher is New for an enricher with a name.
func newEnricher(name string, opts Options) (*Enricher, error) {
	opts = opts.withDefaults()
	c := &checker{enricher: name}
	opts.check(c)
	e := &Enricher{
		opts:  opts,
		dedup: newDedup(opts.DedupWindow, opts.DedupKeys),
		limit: newLimiter(opts.RateLimit, opts.RateBurst),
	}
	when, err := newConditions(opts.When, false)
	c.bad("when", err)
	unless, err := newConditions(opts.Unless, true)
	c.bad("unless", err)
	e.conditions = append(when, unless...)
	for _, condition := range e.conditions {
		if condition.key == opts.NotifiedLabel {
			c.badf("notified-label", "%q: it is in when or unless: want a key that is not", condition.key)
		}
	}

	routingKey := c.secret("routing-key", opts.RoutingKey)
	e.body = newBody(c, &opts, routingKey)
	e.endpoint = newEndpoint(c, &opts, routingKey)
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return e, nil
}

func newBody(c *checker, opts *Options, routingKey string) body {
	switch {
	case opts.Body != "":
		made, err := newTemplate(opts.Body, opts.ContentType)
		c.bad("body", err)
		return made
	case opts.Preset == PresetSlack:
		return slackBody
	case opts.Preset == PresetPagerDuty:
		return newPagerDuty(routingKey, opts.Severity)
	default:
		return jsonBody
	}
}

// InputKeys returns "*", as messages have all labels, and the keys of When and
// Unless: so New warns of those that no enricher sets.
func (e *Enricher) InputKeys() []string {
	keys := []string{"*"}
	for _, c := range e.conditions {
		keys = append(keys, c.key)
	}
	slices.Sort(keys)
	return slices.Compact(keys)
}

// OutputKeys returns the NotifiedLabel, if there is one.
func (e *Enricher) OutputKeys() []string {
	if e.opts.NotifiedLabel == "" {
		return nil
	}
	return []string{e.opts.NotifiedLabel}
}

var errClosed = errors.New("closed")

// ProcessFailure posts the failure, unless it is not to be sent. It returns an
// error where that failed: when the endpoint has refused it, all tries have
// failed, or the next one would come after ctx has ended.
func (e *Enricher) ProcessFailure(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	counted := &e.counts.failed // also where this panics
	defer func() { counted.Add(1) }()
	what, err := e.process(ctx, cause, fc)
	if err != nil {
		return nil, err
	}
	counted = e.counts.of(what)
	return e.labels(what), nil
}

func (e *Enricher) labels(what string) enricher.Labels {
	if e.opts.NotifiedLabel == "" {
		return nil
	}
	return enricher.Labels{e.opts.NotifiedLabel: what}
}

// process returns what became of a failure.
func (e *Enricher) process(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (what string, err error) {
	if e.closed.Load() {
		return "", errClosed
	}
	if unmet(e.conditions, fc.Labels) != nil {
		return NotMatched, nil
	}
	key := e.keyOf(cause, fc)
	held, ok := e.dedup.reserve(key)
	if !ok {
		return HeldBack, nil
	}
	sent := false
	defer func() { e.dedup.settle(key, held, sent) }()
	skipped, ok := e.limit.take()
	if !ok {
		e.logLimited(ctx)
		return RateLimited, nil
	}
	defer func() {
		if !sent {
			e.limit.giveBack(skipped)
		}
	}()
	body, err := e.bodyOf(cause, fc, held, skipped)
	if err != nil {
		return "", err
	}
	pause, err := e.endpoint.deliver(ctx, body)
	if pause > 0 {
		e.limit.pause(pause)
	}
	if e.closed.Load() {
		e.endpoint.transport.CloseIdleConnections() // ours may be among them
	}
	if err != nil {
		return "", err
	}
	sent = true
	return Sent, nil
}

// logLimited says that there are too many messages: the outcome of the failures is
// "ok", and nobody may look at the label or the counts.
func (e *Enricher) logLimited(ctx context.Context) {
	if e.opts.Logger == nil {
		return
	}
	if suppressed, ok := e.limited.Pass(); ok {
		e.opts.Logger.WarnContext(ctx, "Failures are not posted: there are too many messages", "suppressed", suppressed)
	}
}

// maxKeyText is how much of an error's text is compared.
const maxKeyText = 4 << 10

// keyOf returns the key of all failures that equal this one.
func (e *Enricher) keyOf(cause error, fc enricher.FailureContext) uint64 {
	if fingerprint := fc.Labels[e.opts.FingerprintLabel]; fingerprint != "" {
		return e.dedup.keyOf(fingerprint)
	}
	return e.dedup.keyOf(cmp.Or(fc.JobID, fc.JobName), typeName(cause), inspect.Text(cause, maxKeyText))
}

func (e *Enricher) bodyOf(cause error, fc enricher.FailureContext, held, skipped uint64) ([]byte, error) {
	m := e.newMessage(cause, fc)
	m.HeldBack, m.RateLimited = held, skipped
	body, err := e.body(m)
	if err != nil {
		return nil, fmt.Errorf("body: %w", err)
	}
	return body, nil
}

// Close ends the connections that are idle. Failures that come later are not
// sent: ProcessFailure returns an error. It may be called again; the error is
// always nil.
func (e *Enricher) Close() error {
	e.closed.Store(true)
	e.endpoint.transport.CloseIdleConnections()
	return nil
}

// Stats are counts of what became of failures.
type Stats struct {
	Sent        uint64 // failures; each is one message, whatever number of tries it took
	HeldBack    uint64
	RateLimited uint64
	NotMatched  uint64
	Failed      uint64 // ProcessFailure returned an error
}

// Stats returns the counts so far. Together they are the calls of ProcessFailure
// that have returned.
func (e *Enricher) Stats() Stats {
	return Stats{
		Sent:        e.counts.sent.Load(),
		HeldBack:    e.counts.heldBack.Load(),
		RateLimited: e.counts.rateLimited.Load(),
		NotMatched:  e.counts.notMatched.Load(),
		Failed:      e.counts.failed.Load(),
	}
}

// Counts returns the same by the values of the label, such as "held-back", and
// failures that could not be sent under "failed".
func (e *Enricher) Counts() map[string]uint64 {
	s := e.Stats()
	return map[string]uint64{
		Sent: s.Sent, HeldBack: s.HeldBack, RateLimited: s.RateLimited, NotMatched: s.NotMatched,
		"failed": s.Failed,
	}
}

type counts struct {
	sent, heldBack, rateLimited, notMatched, failed atomic.Uint64
}

func (c *counts) of(what string) *atomic.Uint64 {
	switch what {
	case Sent:
		return &c.sent
	case HeldBack:
		return &c.heldBack
	case RateLimited:
		return &c.rateLimited
	default:
		return &c.notMatched
	}
}
