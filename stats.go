package enricher

import (
	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// Stats are counts since the Enricher was made, read while it works: they are
// not of one moment.
type Stats struct {
	Enrichers     []EnricherStats // in configured order
	Overloaded    uint64          // failures refused by EnrichAsync with ErrOverloaded
	AfterShutdown uint64          // failures refused with ErrShutdown
}

// EnricherStats are the counts of one enricher.
type EnricherStats struct {
	Enricher  string
	Calls     map[Status]uint64 // outcomes by status, those without a call included
	InFlight  int               // calls under way, abandoned ones included
	Abandoned int               // of those, the ones that nobody waits for any more
	Breaker   BreakerState
	Counts    map[string]uint64 // what a [Counter] has counted; nil for any other
}

// A Counter is a FailureEnricher that counts something of its own, such as the
// failures that it could not tell. [Enricher.Stats] shows it.
type Counter interface {
	FailureEnricher

	// Counts returns what was counted since the enricher was made, by what it
	// is. The names are fixed and few. The map is the caller's. It is called
	// from several goroutines at once, and does not wait.
	Counts() map[string]uint64
}

// A BreakerState is what an enricher's circuit breaker does with the next call.
type BreakerState uint8

const (
	BreakerClosed   BreakerState = BreakerState(breaker.Closed)   // it passes; text "closed"
	BreakerOpen     BreakerState = BreakerState(breaker.Open)     // it does not; "open"
	BreakerHalfOpen BreakerState = BreakerState(breaker.HalfOpen) // one passes as a probe, or is under way; "half-open"
)

var breakerStates = []string{"closed", "open", "half-open"}

// String returns the text of s.
func (s BreakerState) String() string { return nameOf(breakerStates, s) }

// MarshalText returns the text of s. The error is always nil.
func (s BreakerState) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText sets s to the state with this text; any other is an error.
func (s *BreakerState) UnmarshalText(text []byte) error {
	return unmarshalName(breakerStates, s, text)
}

// Stats returns the counts so far.
func (e *Enricher) Stats() Stats {
	if e == nil {
		return Stats{}
	}
	s := Stats{
		Enrichers:     make([]EnricherStats, len(e.members)),
		Overloaded:    e.overloaded.Load(),
		AfterShutdown: e.afterShutdown.Load(),
	}
	for i, m := range e.members {
		s.Enrichers[i] = m.stats()
	}
	return s
}

func (m *member) stats() EnricherStats {
	s := EnricherStats{
		Enricher: m.info.Name,
		Calls:    map[Status]uint64{},
		Breaker:  BreakerState(m.fan.Breaker.State()),
	}
	for status := range m.calls {
		if n := m.calls[status].Load(); n > 0 {
			s.Calls[Status(status)] = n
		}
	}
	s.InFlight, s.Abandoned = m.fan.Slots.Held()
	if c, ok := m.fe.(Counter); ok {
		guard.Do(func() { s.Counts = c.Counts() })
	}
	return s
}
