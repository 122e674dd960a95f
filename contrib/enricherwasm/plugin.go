package enricherwasm

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/wire"
)

// A plugin is an enricher whose instances are modules.
type plugin struct {
	name    string
	dir     *Dir
	code    *code
	request []byte // to create an instance
	env     map[string]string
	log     *lineLogger
	answer  wire.Info // of the first instance
	mark    uint32    // bytes of memory above which an instance is replaced

	slots chan struct{} // one for each instance in use

	mu     sync.Mutex
	idle   []*instance
	closed bool

	started atomic.Uint64
	faults  [kinds]atomic.Uint64
}

var (
	_ enricher.LabelDescriber = (*plugin)(nil)
	_ enricher.CountReporter  = (*plugin)(nil)
	_ enricher.ValueReader    = (*reader)(nil)
)

// A reader is a plugin that reads labels of other enrichers.
type reader struct{ *plugin }

func (r *reader) InputKeys() []string { return slices.Clone(r.answer.InputKeys) }

func (r *reader) InputValues() map[string][]string { return maps.Clone(r.answer.InputValues) }

// newPlugin starts the first instances of an enricher.
func newPlugin(ctx context.Context, name string, d *Dir, c *code, g grant, options map[string]any, log *lineLogger) (*plugin, error) {
	p := &plugin{
		name: name, dir: d, code: c, env: g.environ(), log: log,
		mark: uint32(g.Memory / 4 * 3), slots: make(chan struct{}, g.Instances),
	}
	var err error
	p.request, err = json.Marshal(map[string]any{"v": 1, "name": name, "options": plain(options)})
	if err != nil {
		return nil, fmt.Errorf("the options cannot be written as JSON: %w", err)
	}
	first, err := p.start(ctx, &p.answer)
	if err != nil {
		return nil, errors.Join(err, p.Close())
	}
	p.put(first, true)
	if g.Instances > 1 {
		// A plugin whose keys are up to chance is better rejected here than later.
		second, err := p.another(ctx)
		if err != nil {
			return nil, errors.Join(err, p.Close())
		}
		p.put(second, true)
	}
	return p, nil
}

// start starts an instance and asks it to create the enricher.
func (p *plugin) start(ctx context.Context, answer *wire.Info) (*instance, error) {
	in, err := instantiate(ctx, p.code, p.log, p.name, p.env)
	if err != nil {
		return nil, err
	}
	err = in.ask(ctx, in.create, p.request, answer)
	switch {
	case err != nil:
	case answer.Error != nil && answer.Error.Option != "":
		err = &enricher.ConfigError{Enricher: p.name, Option: answer.Error.Option, Err: errors.New(answer.Error.Text)}
	case answer.Error != nil:
		err = errors.New(answer.Error.Text)
	case answer.V != 1:
		err = fmt.Errorf("the plugin answers in version %d of the interface, and only version 1 is supported", answer.V)
	case answer.OutputKeys == nil:
		err = errors.New("the plugin answers without outputKeys: it must list the keys of its labels, or have [] if it sets none")
	}
	if err != nil {
		in.close()
		return nil, err
	}
	in.born = in.size()
	p.started.Add(1)
	return in, nil
}

// another starts one more instance, which must have the keys of the first.
func (p *plugin) another(ctx context.Context) (*instance, error) {
	var answer wire.Info
	in, err := p.start(ctx, &answer)
	if err != nil {
		return nil, err
	}
	for _, keys := range []struct {
		what      string
		were, are []string
	}{
		{"output", p.answer.OutputKeys, answer.OutputKeys},
		{"input", p.answer.InputKeys, answer.InputKeys},
	} {
		if !slices.Equal(keys.were, keys.are) {
			in.close()
			return nil, fmt.Errorf("the plugin has other %s keys in another instance: %q, and before %q", keys.what, keys.are, keys.were)
		}
	}
	return in, nil
}

var errClosed = errors.New("the plugin is closed")

// get returns the instance that was used last, or a new one. It waits while all are
// in use, and as long as ctx allows.
func (p *plugin) get(ctx context.Context) (*instance, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, fmt.Errorf("all %d instances of the plugin are in use: %w", cap(p.slots), ctx.Err())
	}
	p.mu.Lock()
	closed, n := p.closed, len(p.idle)
	var in *instance
	if n > 0 {
		in, p.idle[n-1], p.idle = p.idle[n-1], nil, p.idle[:n-1]
	}
	p.mu.Unlock()
	var err error
	switch {
	case in != nil:
		return in, nil
	case closed:
		err = errClosed
	case ctx.Err() != nil:
		err = ctx.Err()
	default:
		in, err = p.another(ctx)
	}
	if err != nil {
		<-p.slots
	}
	return in, err
}

// put keeps an instance for the next call, or ends it.
func (p *plugin) put(in *instance, usable bool) {
	p.mu.Lock()
	keep := usable && !p.closed && !in.module.IsClosed() && (in.size() <= p.mark || in.size() <= in.born)
	if keep {
		p.idle = append(p.idle, in)
	}
	p.mu.Unlock()
	if !keep {
		in.close()
	}
}

// OutputKeys returns the keys that the first instance declared.
func (p *plugin) OutputKeys() []string { return slices.Clone(p.answer.OutputKeys) }

// DescribeLabels returns the descriptions of the first instance.
func (p *plugin) DescribeLabels() []enricher.LabelDescription { return p.answer.Labels }

// Counts returns how often an instance was started, and why instances ended.
func (p *plugin) Counts() map[string]uint64 {
	return map[string]uint64{
		"started": p.started.Load(), "ended": p.faults[ended].Load(),
		"crashed": p.faults[crashed].Load(), "malformed": p.faults[malformed].Load(),
	}
}

// ProcessFailure passes the failure to an instance. It panics if that crashes: so the
// outcome is that of a panic, and the circuit breaker counts it.
func (p *plugin) ProcessFailure(ctx context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	failure := wire.New(cause, fc)
	if !p.dir.calls.TryRLock() {
		return nil, errClosed
	}
	defer p.dir.calls.RUnlock()
	in, err := p.get(ctx)
	if err != nil {
		return nil, p.count(err)
	}
	var answer wire.Answer
	if deadline, ok := ctx.Deadline(); ok {
		// A little less than the call has, so that a plugin that obeys can answer.
		failure.Deadline = max(time.Until(deadline)*95/100, time.Millisecond)
	}
	request, err := failure.MarshalJSON()
	if err == nil {
		err = in.ask(ctx, in.process, request, &answer)
	}
	p.put(in, err == nil)
	<-p.slots
	switch {
	case err != nil:
		return nil, p.count(err)
	case answer.Error != nil:
		return nil, errors.New(answer.Error.Text)
	}
	return answer.Labels, nil
}

// count counts a fault, and panics if it is a crash.
func (p *plugin) count(err error) error {
	if f, ok := errors.AsType[*fault](err); ok {
		p.faults[f.kind].Add(1)
		if f.kind == crashed {
			panic(err)
		}
	}
	return err
}

// Close ends the idle instances, and logs how many log lines were suppressed since the
// last. Instances in use end when their calls do.
func (p *plugin) Close() error {
	p.mu.Lock()
	idle := p.idle
	p.idle, p.closed = nil, true
	p.mu.Unlock()
	for _, in := range idle {
		in.close()
	}
	p.log.rest()
	return nil
}
