package soak_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A member is one enricher at work.
type member struct {
	*spec
	g      *generation
	shared enricher.Labels // what one that shares returns

	underWay    atomic.Int64
	closed      atomic.Int64
	closedEarly atomic.Bool // a call was under way when it was closed, or began afterwards

	mu     sync.Mutex
	called int                        // how often
	visits map[uint64]*visit          // by failure
	kept   map[uint64]enricher.Labels // by failure: what it has returned and keeps
}

var _ enricher.FailureEnricher = (*member)(nil)

// reader is a member that reads labels.
type reader struct{ *member }

var _ enricher.LabelReader = reader{}

func (r reader) InputKeys() []string { return r.reads }

// newMember makes the enricher that s is about.
func newMember(g *generation, s *spec) (*member, enricher.FailureEnricher) {
	m := &member{spec: s, g: g, visits: map[uint64]*visit{}, kept: map[uint64]enricher.Labels{}}
	if s.shares {
		m.shared = s.says(0, script{}, nil)
	}
	if s.reads != nil {
		return m, reader{m}
	}
	return m, m
}

func (m *member) OutputKeys() []string { return m.keys }

var errScripted = errors.New("as the script wants it")

// A scriptedError is what a failing call returns. Some cannot be printed.
type scriptedError struct{ id uint64 }

func (e *scriptedError) Error() string {
	if e.id%3 == 0 {
		panic(e.id)
	}
	return errScripted.Error()
}

func (m *member) ProcessFailure(ctx context.Context, why error, fc enricher.FailureContext) (enricher.Labels, error) {
	id := numberOf(why, fc)
	defer m.leave(m.enter(ctx, id, fc))
	sc := m.script(id)
	if sc.leaks {
		m.g.leak()
	}
	inputs := fc.Labels.Clone()
	spoil(fc.Attributes)
	spoil(fc.Labels)
	if err := wait(ctx, sc); err != nil {
		return nil, m.giveUp(err)
	}
	switch sc.end {
	case fails:
		return m.says(id, sc, inputs), &scriptedError{id}
	case panics:
		panic(id)
	case exits:
		runtime.Goexit()
	case hangs:
		<-m.g.freed
	case obeys:
		select {
		case <-ctx.Done():
			return nil, m.giveUp(ctx.Err())
		case <-m.g.freed:
		}
	}
	return m.answer(id, sc, inputs), nil
}

// wait takes as long as a script has it.
func wait(ctx context.Context, sc script) error {
	switch {
	case sc.takes == 0:
	case !sc.heeds:
		time.Sleep(sc.takes)
	default:
		select {
		case <-time.After(sc.takes):
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return nil
}

// enter notes a call, and checks what it was given.
func (m *member) enter(ctx context.Context, id uint64, fc enricher.FailureContext) *visit {
	g := m.g
	now := m.underWay.Add(1)
	if now > int64(m.policy.MaxConcurrent) {
		g.faultf("%s: %d calls are under way, MaxConcurrent is %d", m.name, now, m.policy.MaxConcurrent)
	}
	if m.closed.Load() > 0 {
		m.closedEarly.Store(true)
	}
	if g.over.Load() {
		g.faultf("%s: called for failure %d after an orderly Shutdown has returned", m.name, id)
	}
	v := m.visit(id)
	limit := m.limit()
	if deadline, ok := ctx.Deadline(); !ok || time.Until(deadline) > limit {
		g.faultf("%s: has until %v, which is more than %v", m.name, time.Until(deadline), limit)
	}
	if err := ctx.Err(); errors.Is(err, context.Canceled) {
		g.cutShort.Store(true)
	} else if err != nil && g.r.virtual {
		g.faultf("%s: called when its time was up", m.name)
	}
	g.checkContext(ctx, m.name, id, fc)
	m.checkInputs(fc.Labels)
	return v
}

// checkInputs checks the labels that a call gets to read. Whether all are there
// shows in what it answers.
func (m *member) checkInputs(labels enricher.Labels) {
	if (labels != nil) != (m.reads != nil) {
		m.g.faultf("%s: reads %q and got the labels %v", m.name, m.reads, labels)
	}
	mayRead := m.mayRead()
	for key := range labels {
		if !slices.Contains(mayRead, key) {
			m.g.faultf("%s: reads %q and got the label %q", m.name, m.reads, key)
		}
	}
}

// limit returns what a call may take at the longest, its wait for a slot included.
func (m *member) limit() time.Duration {
	share := m.g.cfg.Timeout * time.Duration(m.depth) / time.Duration(m.g.deepest)
	if m.policy.Timeout > 0 {
		return min(share, m.policy.Timeout)
	}
	return share
}

// giveUp returns why a call gives up.
func (m *member) giveUp(err error) error {
	if errors.Is(err, context.Canceled) {
		m.g.cutShort.Store(true)
	}
	return err
}

// answer returns the labels of a failure, and keeps them if m is one that does.
func (m *member) answer(id uint64, sc script, inputs enricher.Labels) enricher.Labels {
	if m.shares {
		return m.shared
	}
	labels := m.says(id, sc, inputs)
	if m.keeps {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.kept[id] = labels
	}
	return labels
}

// spoilKept writes to the map that m has returned for a failure. It must not be
// read any more.
func (m *member) spoilKept(id uint64) {
	m.mu.Lock()
	defer m.mu.Unlock()
	spoil(m.kept[id])
	delete(m.kept, id)
}

// spoil writes to a map that others may hold by mistake. The race detector sees
// them, even if nothing else does.
func spoil[M ~map[string]string](m M) {
	if m == nil {
		return
	}
	for key := range m {
		m[key] = "spoiled"
	}
	m["spoiled-"+strconv.Itoa(len(m))] = "spoiled"
}

var errClose = errors.New("not flushed")

func (m *member) Close() error {
	m.closed.Add(1)
	if m.underWay.Load() > 0 {
		m.closedEarly.Store(true)
	}
	switch m.closing {
	case closesSlowly:
		time.Sleep(m.g.cfg.Timeout / 8)
	case closesBadly:
		return errClose
	case closePanics:
		panic(m.name)
	case closeExits:
		runtime.Goexit()
	case closeHangs:
		m.g.stuck.Add(1)
		defer m.g.stuck.Add(-1)
		<-m.g.freed
	}
	return nil
}

// A visit is one call of an enricher.
type visit struct {
	n     int // calls for the same failure; 0: it was counted when the books were closed
	began time.Time
	ended time.Time // zero while it is under way
}

// visit notes that a call begins.
func (m *member) visit(id uint64) *visit {
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.visits[id]
	if v == nil {
		v = &visit{}
		m.visits[id] = v
	}
	v.n++
	v.began = time.Now()
	m.called++
	return v
}

// leave notes that a call has ended.
func (m *member) leave(v *visit) {
	m.mu.Lock()
	v.ended = time.Now()
	m.mu.Unlock()
	m.underWay.Add(-1)
}

// closeBooks returns the calls that are in the books, and begins new ones, with
// those calls that are under way.
func (m *member) closeBooks() map[uint64]visit {
	m.mu.Lock()
	defer m.mu.Unlock()
	all, left := map[uint64]visit{}, map[uint64]*visit{}
	for id, v := range m.visits {
		all[id] = *v
		if v.n = 0; v.ended.IsZero() {
			left[id] = v
		}
	}
	m.visits, m.kept = left, map[uint64]enricher.Labels{}
	return all
}
