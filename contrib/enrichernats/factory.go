package enrichernats

import (
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/micro"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers"
	"github.com/failure-enrichers/enricher/redact"
	"github.com/failure-enrichers/enricher/wire"
)

// Factory returns a factory of enrichers that ask a service which [Serve] has started.
// nc stays the caller's to close. Factory panics if nc is nil. The options:
//
//	service     the name that is served; by default, the instance part of the
//	            configured name: owner, of nats/owner
//	keys        the labels that the service sets
//	reads       the labels of others that it reads; ["*"]: all. By default, none
//	redact      false: do not mask secrets before a failure is sent; by default, true
//	attributes  the keys of the attributes that are sent; ["*"]: all. By default, none
//	coalesce    a duration, such as 30s: equal failures that come at once or within it
//	            are sent once; by default, each one is sent
//
// Nothing is sent when enrichers are loaded: keys and reads are declared here because
// New does not wait for a network. They are compared with what the service says once it
// has answered, and again each minute. If they differ, there is one WARN line, and the
// count mismatch.
//
// A failure fails at once if no instance is running, or if the connection is down or
// lost. If all instances are full, it is sent again after a pause of some milliseconds,
// for as long as there is time. The count busy has the number of pauses. Nothing else is
// sent again, so the service calls its enricher at most once for a failure. A failure
// that was given to an instance that ends without an answer has no labels when its time
// is up, at the latest after 10 minutes. One that is larger than the NATS server accepts
// is an error.
//
// Failures are equal for coalesce if they have the same errors, or else the same label
// fingerprint if that is read, and the same type, names of job and task, labels that are
// read, and attributes that are sent. IDs, worker, attempt and time make no difference:
// do not use it if the service looks at them. See [enrichers.Coalesce].
func Factory(nc *nats.Conn) enricher.Factory {
	if nc == nil {
		panic("enrichernats: Factory: the connection is nil")
	}
	// The first request of a connection starts the goroutine that takes all answers.
	// This one starts it, and sends nothing. Otherwise, a failure would do it, and the
	// goroutine would have its profiler labels.
	_, _ = nc.Request("", nil, time.Nanosecond)
	return enricher.NewFactory(options{Redact: true}, func(conf enricher.FactoryConfig, o options) (enricher.FailureEnricher, error) {
		return newClient(nc, conf, o)
	})
}

type options struct {
	Service    string
	Keys       []string
	Reads      []string
	Redact     bool
	Attributes []string
	Coalesce   time.Duration
}

// check returns an error for each option that is wrong, joined.
func (o options) check() error {
	var errs []error
	wrong := func(option string, err error) {
		if err != nil {
			errs = append(errs, &enricher.ConfigError{Option: option, Err: err})
		}
	}
	wrong("service", checkName(o.Service))
	for _, key := range o.Keys {
		wrong("keys", enricher.CheckKey(key))
	}
	for _, key := range o.Reads {
		wrong("reads", enricher.CheckKey(key))
	}
	if o.Coalesce < 0 {
		wrong("coalesce", fmt.Errorf("%v: must not be negative", o.Coalesce))
	}
	return errors.Join(errs...)
}

func newClient(nc *nats.Conn, conf enricher.FactoryConfig, o options) (enricher.FailureEnricher, error) {
	if o.Service == "" {
		o.Service = conf.Name()[strings.Index(conf.Name(), "/")+1:]
	}
	if err := o.check(); err != nil {
		return nil, err
	}
	c := &client{nc: nc, options: o, logger: conf.Logger()}
	c.open, c.close = context.WithCancel(context.Background())
	var fe enricher.FailureEnricher = c
	if len(o.Reads) > 0 {
		fe = reader{c}
	}
	if o.Coalesce > 0 {
		fe = enrichers.Coalesce(fe, c.identity, o.Coalesce)
	}
	return fe, nil
}

// A client asks a service.
type client struct {
	nc      *nats.Conn
	options options
	logger  *slog.Logger

	open   context.Context // ends with Close
	close  context.CancelFunc
	checks sync.WaitGroup // goroutines that compare the keys

	mu      sync.Mutex
	checked time.Time // when the keys were last compared
	warned  bool

	busy, mismatch atomic.Uint64
}

// A reader is a client whose service reads labels.
type reader struct{ *client }

var (
	_ enricher.CountReporter = (*client)(nil)
	_ io.Closer              = (*client)(nil)
	_ enricher.LabelReader   = reader{}
)

func (c *client) OutputKeys() []string { return slices.Clone(c.options.Keys) }
func (r reader) InputKeys() []string   { return slices.Clone(r.options.Reads) }

// Counts returns how often all instances were full, and how often the keys were not
// those of the service.
func (c *client) Counts() map[string]uint64 {
	return map[string]uint64{"busy": c.busy.Load(), "mismatch": c.mismatch.Load()}
}

// Close ends what compares the keys.
func (c *client) Close() error {
	c.mu.Lock()
	c.close()
	c.mu.Unlock()
	c.checks.Wait()
	return nil
}

// ProcessFailure asks the service.
func (c *client) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	most := maxTime
	if _, ok := ctx.Deadline(); !ok {
		most = enricher.DefaultTimeout
	}
	ctx, cancel := context.WithTimeout(ctx, most)
	defer cancel()
	labels, err := c.process(ctx, cause, fc)
	if err != nil {
		return nil, fmt.Errorf("service %q: %w", c.options.Service, err)
	}
	c.checkSoon()
	return labels, nil
}

// Pauses while all instances are full, before their random part.
const (
	firstPause = 2 * time.Millisecond
	maxPause   = 100 * time.Millisecond
)

func (c *client) process(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	f := c.encode(cause, fc)
	for pause := firstPause; ; pause = min(2*pause, maxPause) {
		deadline, _ := ctx.Deadline()
		left := time.Until(deadline)
		f.Deadline = max(time.Millisecond, left-left/20) // so that an answer at the last moment comes in time
		data, err := f.MarshalJSON()
		if err != nil {
			return nil, err
		}
		a, err := c.ask(ctx, data)
		if err != nil {
			return nil, err
		}
		switch a.code {
		case "":
			return a.Labels, nil
		case codeBusy:
		case codeTimeUp:
			<-ctx.Done() // which is soon, so that it counts as a timeout
			return nil, ctx.Err()
		default:
			return nil, errors.New(a.Error.Text)
		}
		c.busy.Add(1)
		select {
		case <-time.After(pause/2 + rand.N(pause)):
		case <-ctx.Done():
			return nil, fmt.Errorf("all instances are full: %w", ctx.Err())
		}
	}
}

// encode returns what is sent.
func (c *client) encode(cause error, fc enricher.FailureContext) *wire.Failure {
	fc.Attributes = c.sent(fc.Attributes)
	f := wire.New(cause, fc)
	if c.options.Redact {
		f.Redact(redact.Redactor{})
	}
	return f
}

// sent returns the attributes that are sent.
func (c *client) sent(attributes map[string]string) map[string]string {
	if slices.Contains(c.options.Attributes, "*") {
		return attributes
	}
	return only(attributes, c.options.Attributes)
}

// only returns a copy of m with these keys only.
func only(m map[string]string, keys []string) map[string]string {
	m = maps.Clone(m)
	maps.DeleteFunc(m, func(key, _ string) bool { return !slices.Contains(keys, key) })
	return m
}

// ask sends a failure. If all instances are full, the answer says so.
func (c *client) ask(ctx context.Context, data []byte) (a answer, err error) {
	if limit := c.nc.MaxPayload(); limit > 0 && int64(len(data)) > limit {
		return a, fmt.Errorf("the failure has %d bytes, and the NATS server accepts %d", len(data), limit)
	}
	reply, err := c.request(ctx, "process", data)
	if errors.Is(err, nats.ErrNoResponders) {
		// Full instances answer for their keys only.
		if _, err := c.request(ctx, "info", nil); err != nil {
			return a, err
		}
		return answer{code: codeBusy}, nil
	}
	if err != nil {
		return a, err
	}
	if err := json.Unmarshal(reply.Data, &a); err != nil {
		return a, fmt.Errorf("answer: %w", err)
	}
	a.code = reply.Header.Get(micro.ErrorCodeHeader)
	if a.code == "" && a.Error != nil {
		a.code = codeFailed
	}
	if a.code != "" && a.Error == nil {
		a.Error = &wire.Problem{Text: reply.Header.Get(micro.ErrorHeader)}
	}
	return a, nil
}

// request sends a request and waits for the answer, for as long as there is time and a
// connection.
func (c *client) request(ctx context.Context, endpoint string, data []byte) (*nats.Msg, error) {
	// Without this, a request would wait for the connection to come back.
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	down := c.nc.StatusChanged(nats.RECONNECTING, nats.CLOSED)
	defer c.nc.RemoveStatusListener(down) // which closes it
	go func() {
		if _, ok := <-down; ok {
			cancel(nats.ErrDisconnected)
		}
	}()
	if !c.nc.IsConnected() {
		return nil, nats.ErrDisconnected
	}
	msg, err := c.nc.RequestWithContext(ctx, subject(c.options.Service, endpoint), data)
	switch {
	case err == nil:
		return msg, nil
	case errors.Is(err, nats.ErrNoResponders):
		return nil, fmt.Errorf("no instance is running: %w", err)
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	}
	return nil, err
}

// identity returns what equal failures have in common.
func (c *client) identity(cause error, fc enricher.FailureContext) string {
	fc = enricher.FailureContext{Type: fc.Type, JobName: fc.JobName, TaskName: fc.TaskName, Attributes: c.sent(fc.Attributes), Labels: fc.Labels}
	if fc.Labels["fingerprint"] != "" {
		cause = nil
	}
	sum := sha256.Sum256(wire.Encode(cause, fc))
	return string(sum[:])
}
