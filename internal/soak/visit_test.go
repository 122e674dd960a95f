package soak_test

import (
	"context"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A visit is one call of an enricher.
type visit struct {
	n        int // calls for the same failure; 0: it was counted when the books were closed
	began    time.Time
	deadline time.Time
	ended    time.Time // zero while it is under way
}

// settled returns when its outcome was known.
func (v visit) settled() time.Time {
	if v.ended.IsZero() || v.ended.After(v.deadline) {
		return v.deadline
	}
	return v.ended
}

// visit notes that a call begins.
func (m *member) visit(ctx context.Context, id uint64) *visit {
	deadline, _ := ctx.Deadline()
	m.mu.Lock()
	defer m.mu.Unlock()
	v := m.visits[id]
	if v == nil {
		v = &visit{}
		m.visits[id] = v
	}
	v.n++
	v.began, v.deadline = time.Now(), deadline
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

// A span is a time from its first moment to its last, inclusive: the order of
// two things that happen at the same moment is not known.
type span struct{ from, to time.Time }

// atOnce returns how many of spans have a moment in common within another.
func atOnce(spans []span, within span) (most int) {
	moments := []time.Time{within.from}
	for _, s := range spans {
		if s.from.After(within.from) && !s.from.After(within.to) {
			moments = append(moments, s.from)
		}
	}
	for _, t := range moments {
		n := 0
		for _, s := range spans {
			if !t.Before(s.from) && !t.After(s.to) {
				n++
			}
		}
		most = max(most, n)
	}
	return most
}

// leastBusy returns how many of spans there are at the quietest moment within
// another, the moment at which one of them ends belonging to those after it.
func leastBusy(spans []span, within span) (least int) {
	moments := []time.Time{within.from}
	for _, s := range spans {
		if s.to.After(within.from) && s.to.Before(within.to) {
			moments = append(moments, s.to)
		}
	}
	least = len(spans)
	for _, t := range moments {
		n := 0
		for _, s := range spans {
			if !t.Before(s.from) && t.Before(s.to) {
				n++
			}
		}
		least = min(least, n)
	}
	return least
}
