package enricher

import (
	"fmt"
	"strings"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// An Info describes an enricher that is loaded.
type Info struct {
	Name       string   `json:"name"`                // as configured
	OutputKeys []string `json:"outputKeys"`          // as it declared them
	InputKeys  []string `json:"inputKeys,omitempty"` // of a LabelReader, as it declared them
	Location   Location `json:"location"`
}

// A Location says where an enricher comes from. What is not known is empty.
type Location struct {
	Type    string `json:"type,omitempty"`    // the Go type of the enricher
	Module  string `json:"module,omitempty"`  // of its factory, or of the enricher if it was made in code
	Version string `json:"version,omitempty"` // of the module; "(devel)" in its own working copy
	File    string `json:"file,omitempty"`    // where the factory, or else the enricher, is written
	Line    int    `json:"line,omitempty"`
}

// String returns l in a line: "*acme.enricher from github.com/acme/enrichers
// v1.2.3 (/src/acme/enricher.go:42)".
func (l Location) String() string {
	s := l.Type
	if l.Module != "" {
		s += " from " + strings.TrimSpace(l.Module+" "+l.Version)
	}
	if l.File != "" {
		s += fmt.Sprintf(" (%s:%d)", l.File, l.Line)
	}
	return s
}

// Stats are counts since the Enricher was made, read while it works: they are
// not of one moment.
type Stats struct {
	Enrichers     []EnricherStats `json:"enrichers"`     // in configured order
	Overloaded    uint64          `json:"overloaded"`    // failures rejected by EnrichAsync with ErrOverloaded
	AfterShutdown uint64          `json:"afterShutdown"` // failures rejected with ErrShutdown
}

// EnricherStats are the counts of one enricher.
type EnricherStats struct {
	Enricher  string            `json:"enricher"`
	Calls     map[Status]uint64 `json:"calls"`     // outcomes by status, those without a call included
	InFlight  int               `json:"inFlight"`  // calls under way, abandoned ones included
	Abandoned int               `json:"abandoned"` // of those, the abandoned ones
	Breaker   BreakerState      `json:"breaker"`
	Counts    map[string]uint64 `json:"counts,omitempty"` // what a [CountReporter] has counted; nil for any other
}

// A CountReporter is a FailureEnricher that counts something of its own, such as the
// failures that it could not tell. [Enricher.Stats] shows it.
type CountReporter interface {
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
	if c, ok := m.fe.(CountReporter); ok {
		guard.Do(func() { s.Counts = c.Counts() })
	}
	return s
}
