package soak_test

import (
	"time"

	"github.com/failure-enrichers/enricher"
)

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
