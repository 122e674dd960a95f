package enricher

import (
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/failure-enrichers/enricher/internal/breaker"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/sparse"
)

// An Info describes a loaded enricher.
type Info struct {
	Name       string             `json:"name"`                // as configured
	OutputKeys []string           `json:"outputKeys"`          // as it declared them
	InputKeys  []string           `json:"inputKeys,omitempty"` // of a LabelReader, as it declared them
	Labels     []LabelDescription `json:"labels,omitempty"`    // of a [LabelDescriber], as it described them
	Location   Location           `json:"location"`
}

// A Location says where an enricher comes from. Unknown fields are empty.
type Location struct {
	Type    string `json:"type,omitempty"`    // the Go type of the enricher
	Module  string `json:"module,omitempty"`  // of its factory, or of the enricher if it was made in code
	Version string `json:"version,omitempty"` // of the module; "(devel)" in its own working copy
	File    string `json:"file,omitempty"`    // where the factory, or else the enricher, is written
	Line    int    `json:"line,omitempty"`
	Sum     string `json:"sum,omitempty"` // SHA-256 of the file in hexadecimal, of an enricher that is not compiled in
}

// A Locator is a [Factory] that knows where its enrichers come from: they are not
// compiled into the program.
type Locator interface {
	Factory

	// Location returns where the enrichers come from. It is called once for
	// each enricher, after CreateFailureEnricher.
	Location() Location
}

// A LabelDescription says what a label means.
type LabelDescription struct {
	Key    string   `json:"key"`
	Doc    string   `json:"doc"`              // one sentence
	Values []string `json:"values,omitempty"` // all possible values; nil: any
}

// A LabelDescriber is a FailureEnricher that says what its labels mean. People
// read it, metrics use the number of values as a bound, and [New] finds misspelt
// values with it: see [ValueReader].
type LabelDescriber interface {
	FailureEnricher

	// DescribeLabels returns a description of each output key that the enricher
	// can describe. It is called once, when the enricher is loaded; the answer is
	// copied.
	DescribeLabels() []LabelDescription
}

// String returns l in one line: "*acme.enricher from github.com/acme/enrichers
// v1.2.3 (/src/acme/enricher.go:42)".
func (l Location) String() string {
	s := l.Type
	if l.Module != "" {
		s += " from " + strings.TrimSpace(l.Module+" "+l.Version)
	}
	switch {
	case l.Sum != "":
		s += fmt.Sprintf(" (%s, sha256 %s)", l.File, l.Sum)
	case l.File != "":
		s += fmt.Sprintf(" (%s:%d)", l.File, l.Line)
	}
	return s
}

// Stats are counts since the Enricher was made. They are read while it works and
// are not an atomic snapshot.
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

// A CountReporter is a FailureEnricher with counts of its own, such as the number
// of failures that it could not classify. [Enricher.Stats] shows them.
type CountReporter interface {
	FailureEnricher

	// Counts returns the counts since the enricher was made, by name. The names
	// are few, and none disappears. The map is the caller's. Counts is called from
	// several goroutines at once and must not block.
	Counts() map[string]uint64
}

// A BreakerState is the state of an enricher's circuit breaker.
type BreakerState uint8

const (
	BreakerClosed   BreakerState = BreakerState(breaker.Closed)   // calls pass; text "closed"
	BreakerOpen     BreakerState = BreakerState(breaker.Open)     // no call passes; "open"
	BreakerHalfOpen BreakerState = BreakerState(breaker.HalfOpen) // one call passes, or is under way, as a probe; "half-open"
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

// counters are what an Enricher counts, and what limits its log lines.
type counters struct {
	overloaded    atomic.Uint64
	afterShutdown atomic.Uint64
	failures      atomic.Uint64 // for their numbers
	allOK         atomic.Uint64 // failures with the outcome OK of every enricher, see failure.count

	skipped        sparse.Limiter
	observerPanics sparse.Limiter
	slowObservers  sparse.Limiter
}

// Stats returns the counts so far. A nil Enricher has none.
func (e *Enricher) Stats() Stats {
	if e.isEmpty() {
		return Stats{}
	}
	s := Stats{
		Enrichers:     make([]EnricherStats, len(e.members)),
		Overloaded:    e.counts.overloaded.Load(),
		AfterShutdown: e.counts.afterShutdown.Load(),
	}
	allOK := e.counts.allOK.Load()
	for i, m := range e.members {
		s.Enrichers[i] = m.stats(allOK)
	}
	return s
}

// stats returns the counts of m, whose outcome was OK allOK times more than it has counted.
func (m *member) stats(allOK uint64) EnricherStats {
	s := EnricherStats{
		Enricher: m.Name,
		Calls:    map[Status]uint64{},
		Breaker:  BreakerState(m.fan.Breaker.State()),
	}
	for status := range m.calls {
		if n := m.calls[status].Load(); n > 0 {
			s.Calls[Status(status)] = n
		}
	}
	if allOK > 0 {
		s.Calls[StatusOK] += allOK
	}
	s.InFlight, s.Abandoned = m.fan.Slots.Held()
	if c, ok := m.fe.(CountReporter); ok {
		guard.Apart(func() { s.Counts = c.Counts() })
	}
	return s
}

// A ValueReader is a [LabelReader] that compares labels with fixed values, for
// example in conditions of its options. [New] warns of a value that is never set:
// it is probably misspelt.
type ValueReader interface {
	LabelReader

	// InputValues returns by input key the values that it looks for. It is
	// called once, when the enricher is loaded; the answer is copied.
	InputValues() map[string][]string
}
