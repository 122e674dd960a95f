package webhook

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// Name is what the enricher is registered as.
const Name = "webhook"

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// The values of the label under [Options.NotifiedLabel].
const (
	Sent        = "sent"         // the endpoint accepted the message
	HeldBack    = "held-back"    // an equal failure was sent a short time ago, or is being sent
	RateLimited = "rate-limited" // too many messages, or the endpoint asked for a pause
	NotMatched  = "not-matched"  // When and Unless exclude the failure
)

// failed is where failures that could not be sent are counted.
const failed = "failed"

// New returns an enricher with these options. It reads the environment variables
// and files that they name, but connects to nothing and starts no goroutine. The
// enricher is an [io.Closer], which closes idle connections.
//
// The errors are of type [*enricher.ConfigError], joined, and have no secrets.
func New(opts Options) (enricher.FailureEnricher, error) {
	given := opts
	opts = opts.withDefaults()
	c := &checker{}
	given.checkUnused(c)
	opts.check(c)
	p := &poster{
		opts:       opts,
		timeout:    given.Timeout,
		conditions: append(newConditions(c, "when", opts.When, false), newConditions(c, "unless", opts.Unless, true)...),
		dedup:      newDedup(opts.DedupWindow, opts.DedupKeys),
		limit:      newLimiter(opts.RateLimit, opts.RateBurst),
		counts:     map[string]*atomic.Uint64{Sent: {}, HeldBack: {}, RateLimited: {}, NotMatched: {}, failed: {}},
	}
	checkBoth(c, p.conditions)
	for _, c := range p.conditions {
		p.reads = append(p.reads, c.key)
	}
	for _, key := range []string{given.FingerprintLabel, given.SeverityLabel} {
		if key != "" {
			p.reads = append(p.reads, key)
		}
	}
	var routingKey string
	p.body = newBody(c, &opts, &routingKey)
	p.reads = append(p.reads, labelsRead(opts.Body)...)
	// Files and variables are read when the form of all options is known.
	routingKey = c.secret("routing-key", opts.RoutingKey)
	p.endpoint = newEndpoint(c, &opts, routingKey)
	if len(c.errs) > 0 {
		return nil, errors.Join(c.errs...)
	}
	return p, nil
}

// A poster posts failures to an HTTP endpoint.
type poster struct {
	opts       Options
	timeout    time.Duration // as it was given
	conditions []condition
	reads      []string // the keys of the labels that the options name
	body       body
	endpoint   *endpoint
	dedup      *dedup
	limit      *limiter
	counts     map[string]*atomic.Uint64 // the keys do not change
}

var (
	_ enricher.ValueReader    = (*poster)(nil)
	_ enricher.LabelDescriber = (*poster)(nil)
	_ enricher.Explainer      = (*poster)(nil)
	_ enricher.CountReporter  = (*poster)(nil)
	_ io.Closer               = (*poster)(nil)
)

// OptionTimeout returns the Timeout in the options, or 0 for the default. If it is
// longer than the budget of a failure, [enricher.New] warns.
func (p *poster) OptionTimeout() time.Duration { return p.timeout }

// InputKeys returns "*", as messages have all labels, and the keys that the options
// name: in When, Unless, FingerprintLabel, SeverityLabel and Body. So a key that no
// enricher sets is found when they are loaded.
func (p *poster) InputKeys() []string {
	keys := append([]string{"*"}, p.reads...)
	slices.Sort(keys)
	return slices.Compact(keys)
}

// InputValues returns the values in When and Unless.
func (p *poster) InputValues() map[string][]string {
	values := map[string][]string{}
	for _, c := range p.conditions {
		for _, value := range c.values {
			if value != anyValue {
				values[c.key] = append(values[c.key], value)
			}
		}
	}
	return values
}

// OutputKeys returns the NotifiedLabel, if there is one.
func (p *poster) OutputKeys() []string {
	if p.opts.NotifiedLabel == "" {
		return nil
	}
	return []string{p.opts.NotifiedLabel}
}

// DescribeLabels describes the NotifiedLabel.
func (p *poster) DescribeLabels() (all []enricher.LabelDescription) {
	for _, key := range p.OutputKeys() {
		all = append(all, enricher.LabelDescription{
			Key: key, Doc: "What became of the notification.", Values: []string{Sent, HeldBack, RateLimited, NotMatched},
		})
	}
	return all
}

// ProcessFailure posts the failure if it is to be sent. It returns an error if
// that failed.
func (p *poster) ProcessFailure(
	ctx context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, error) {
	outcome, err := p.process(ctx, cause, fc)
	p.counts[outcome].Add(1)
	if err != nil {
		return nil, err
	}
	return p.labels(outcome), nil
}

func (p *poster) process(ctx context.Context, cause error, fc enricher.FailureContext) (outcome string, err error) {
	if unmet(p.conditions, fc.Labels) != nil {
		return NotMatched, nil
	}
	// Methods of cause may hang. Equal failures must not be held back for it meanwhile.
	errorText := inspect.Text(cause, p.opts.MaxText+margin+utf8.UTFMax)
	errorType := inspect.TypeName(inspect.Peel(cause))
	r, held, ok := p.dedup.reserve(p.identityOf(cause, fc))
	if !ok {
		return HeldBack, nil
	}
	sent := false
	defer func() { p.dedup.settle(r, held, sent) }()
	skipped, ok := p.limit.take()
	if !ok {
		return RateLimited, nil
	}
	m := p.newMessage(errorText, errorType, fc)
	m.HeldBack, m.RateLimited = held, skipped
	if err := p.send(ctx, m); err != nil {
		p.limit.giveBack(skipped)
		return failed, err
	}
	sent = true
	return Sent, nil
}

// identityOf returns what failures have in common if they are equal.
func (p *poster) identityOf(cause error, fc enricher.FailureContext) identity {
	if fingerprint := fc.Labels[p.opts.FingerprintLabel]; fingerprint != "" {
		return identity{fingerprint: fingerprint}
	}
	return identity{
		job:  cmp.Or(fc.JobID, fc.JobName),
		typ:  inspect.TypeNames(cause)[0],
		text: inspect.Text(cause, maxIdentityText),
	}
}

func (p *poster) send(ctx context.Context, m *Message) error {
	body, err := p.body(m)
	if err != nil {
		return fmt.Errorf("body: %w", err)
	}
	pause, err := p.endpoint.deliver(ctx, body)
	if pause > 0 {
		p.limit.pause(pause)
	}
	return err
}

func (p *poster) labels(outcome string) enricher.Labels {
	if p.opts.NotifiedLabel == "" {
		return nil
	}
	return enricher.Labels{p.opts.NotifiedLabel: outcome}
}

// ExplainFailure says, under the empty key, what ProcessFailure would do. It
// posts, counts and remembers nothing.
func (p *poster) ExplainFailure(
	_ context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, map[string]string, error) {
	outcome, why := p.explain(cause, fc)
	reasons := map[string]string{"": why}
	if key := p.opts.NotifiedLabel; key != "" {
		reasons[key] = why
	}
	return p.labels(outcome), reasons, nil
}

func (p *poster) explain(cause error, fc enricher.FailureContext) (outcome, why string) {
	if c := unmet(p.conditions, fc.Labels); c != nil {
		return NotMatched, "would not be sent: " + c.String()
	}
	if held, ok := p.dedup.peek(p.identityOf(cause, fc)); !ok {
		return HeldBack, fmt.Sprintf("would be held back, like %d before: an equal failure was sent within %v, or is being sent", held, p.opts.DedupWindow)
	}
	if !p.limit.peek() {
		return RateLimited, "would not be sent: too many messages, or the endpoint asked for a pause"
	}
	return Sent, fmt.Sprintf("would %s to %s, with %s", p.opts.Method, p.endpoint.url.Host, cmp.Or(p.opts.Preset, "the template of option body"))
}

// Counts returns the number of failures by what became of them: the values of
// the label, and "failed".
func (p *poster) Counts() map[string]uint64 {
	counts := make(map[string]uint64, len(p.counts))
	for outcome, n := range p.counts {
		counts[outcome] = n.Load()
	}
	return counts
}

// Close closes idle connections. Its error is always nil.
func (p *poster) Close() error {
	p.endpoint.client.CloseIdleConnections()
	return nil
}
