package soak_test

import (
	"context"
	"io"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A journal counts the lines that a generation logs.
type journal struct {
	slog.Handler // what becomes of a line then
	g            *generation

	mu    sync.Mutex
	lines map[line]*tally
}

// A line is a kind of lines. Of those about misbehaving enrichers, there is one
// a second for each enricher and status.
type line struct{ message, enricher, status string }

// A tally is what is known of a kind of lines.
type tally struct {
	lines, suppressed uint64 // logged, and said to have been left out
	last              time.Time
	events            uint64 // when the books were last closed: how many there should have been
}

// newJournal returns a journal that drops its lines, formats them first, or panics.
func newJournal(g *generation, random *rand.Rand) *journal {
	j := &journal{g: g, lines: map[line]*tally{}}
	switch random.IntN(3) {
	case 0:
		j.Handler = slog.DiscardHandler
	case 1:
		j.Handler = slog.NewTextHandler(panicker{}, nil)
	default:
		j.Handler = slog.NewTextHandler(io.Discard, nil)
	}
	return j
}

type panicker struct{}

func (panicker) Write([]byte) (int, error) { panic("the disk is full") }

func (*journal) Enabled(context.Context, slog.Level) bool { return true }

func (j *journal) Handle(ctx context.Context, r slog.Record) error {
	kind, suppressed, rest := line{message: r.Message}, uint64(0), ""
	r.Attrs(func(a slog.Attr) bool {
		switch a.Key {
		case "enricher":
			kind.enricher = a.Value.String()
		case "status":
			kind.status = a.Value.String()
		case "kind":
			rest = a.Value.String()
		case "suppressed":
			suppressed = a.Value.Uint64()
		}
		return true
	})
	if rest != "" { // what Shutdown says was left out at the end
		kind = suppressedKind(kind.enricher, rest)
		j.mu.Lock()
		j.of(kind).suppressed += suppressed
		j.mu.Unlock()
	} else {
		j.count(kind, suppressed)
	}
	return j.Handler.Handle(ctx, r)
}

// suppressedKind returns the lines that Shutdown calls by the name of rest.
func suppressedKind(enricher, rest string) line {
	switch rest {
	case "skipped":
		if enricher == "" {
			return line{message: "Failure was not enriched"}
		}
	case "observer panicked":
		return line{message: "Failure observer panicked"}
	case "labels dropped or cut":
		return line{"Labels of a failure enricher were dropped or cut", enricher, ""}
	}
	return line{"Failure enricher gave no labels", enricher, rest}
}

func (j *journal) count(kind line, suppressed uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	t := j.of(kind)
	now := time.Now()
	if j.g.r.virtual && now.Sub(t.last) < time.Second {
		j.g.faultf("two log lines like %v within %v", kind, now.Sub(t.last))
	}
	t.lines++
	t.suppressed += suppressed
	t.last = now
}

// of returns the tally of a kind, with mu held.
func (j *journal) of(kind line) *tally {
	t := j.lines[kind]
	if t == nil {
		t = &tally{}
		j.lines[kind] = t
	}
	return t
}

// check checks that lines tell of so many events: of the first one, and of none
// twice. In fake time, a second without events follows when books are closed. So
// the first one afterwards gets a line, and all those before it are counted.
func (j *journal) check(kind line, events uint64) {
	j.mu.Lock()
	defer j.mu.Unlock()
	t := j.of(kind)
	told, before := t.lines+t.suppressed, t.events
	t.events = events
	switch {
	case told > events || events > 0 && told == 0:
		j.g.faultf("of %d events, %d log lines like %v, with %d suppressed", events, t.lines, kind, t.suppressed)
	case j.g.r.virtual && events > before && told <= before:
		j.g.faultf("%d events, and %d more a second later, and %d log lines like %v, with %d suppressed",
			before, events-before, t.lines, kind, t.suppressed)
	}
}

// checkLog checks that all that had to be logged was, when the books are closed.
func (g *generation) checkLog() {
	for _, s := range g.specs {
		g.journal.check(line{"Found failure enricher", s.name, ""}, 1)
	}
	stats := g.e.Stats()
	rejected := stats.Overloaded + stats.AfterShutdown
	g.journal.check(line{message: "Failure was not enriched"}, rejected)
	g.journal.check(line{message: "Failure observer panicked"}, g.observed*g.panicking)
	for i, m := range g.members {
		for status, events := range g.counts[i] {
			status := enricher.Status(status)
			switch status {
			case enricher.StatusOK:
				continue
			case enricher.StatusSkipped:
				events -= rejected
			}
			g.journal.check(line{"Failure enricher gave no labels", m.name, status.String()}, events)
		}
		g.journal.check(line{"Labels of a failure enricher were dropped or cut", m.name, ""}, g.issues[i])
	}
}
