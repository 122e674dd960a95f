// Package report prints what the job manager does: [Text] for people, [JSON] for
// programs.
package report

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
)

// Text reports in lines of text. Its methods may be called concurrently.
type Text struct {
	mu      sync.Mutex
	w       io.Writer
	err     error // of the first write that failed
	colours bool
	start   time.Time
	keys    []string // of labels, in order
	name    int      // columns of the longest name
}

var _ manager.Reporter = (*Text)(nil)

// NewText returns a Text that writes to w. It shows times since start, and labels
// in the order of keys, followed by any others.
func NewText(w io.Writer, colours bool, start time.Time, jobs []manager.Job, keys []string) *Text {
	t := &Text{w: w, colours: colours, start: start, keys: keys}
	for _, job := range jobs {
		t.name = max(t.name, width(shortName(job)))
	}
	return t
}

// Failed shows a failure: the job, what happens next, the error, the labels.
func (t *Text) Failed(f manager.Failure) {
	symbol, next := t.paint(red, "✗"), ""
	switch f.State {
	case manager.Restarting:
		symbol, next = t.paint(yellow, "↻"), fmt.Sprintf("restart in %v", f.Delay)
	case manager.Vetoed:
		next = "no restart: vetoed by " + enricher.KeyJobCannotRestart
	case manager.Failed:
		next = "no restart: no attempts left"
	case manager.Cancelled:
		next = "no restart: shutting down"
	}
	var b strings.Builder
	t.heading(&b, symbol, f.Job, f.Context.Attempt, f.Context.Time)
	fmt.Fprintf(&b, "%s\n", next)
	for _, line := range lines(fmt.Sprint(f.Err)) {
		fmt.Fprintf(&b, "%s%s\n", indent, line)
	}
	if len(f.Result.Labels) > 0 {
		fmt.Fprintf(&b, "%s%s\n", indent, t.labels(f.Result.Labels))
	}
	if err := f.Result.Err(); err != nil {
		for _, line := range lines("labels are missing: " + err.Error()) {
			fmt.Fprintf(&b, "%s%s\n", indent, t.paint(yellow, line))
		}
	}
	t.write(b.String())
}

// Ended shows the end of a job that has not failed: failures were shown by Failed.
func (t *Text) Ended(o manager.Outcome) {
	var b strings.Builder
	switch {
	case o.State == manager.Succeeded:
		t.heading(&b, t.paint(green, "✓"), o.Job, o.Attempts, o.Ended)
		fmt.Fprintf(&b, "%s\n", clean(o.Summary))
	case o.State == manager.Cancelled && o.Err == nil:
		t.heading(&b, t.paint(yellow, "-"), o.Job, o.Attempts, o.Ended)
		b.WriteString("not started: shutting down\n")
	}
	t.write(b.String())
}

// indent aligns the text below a heading with the name of the job.
const indent = "           "

func (t *Text) heading(b *strings.Builder, symbol string, job manager.Job, attempt int, at time.Time) {
	elapsed := fmt.Sprintf("%7.3fs", at.Sub(t.start).Seconds())
	fmt.Fprintf(b, "%s %s %s  %s  ", t.paint(dim, elapsed), symbol,
		t.paint(bold, pad(shortName(job), t.name)), t.paint(dim, fmt.Sprintf("%d/%d", attempt, job.Attempts)))
}

// labels returns labels in order.
func (t *Text) labels(labels enricher.Labels) string {
	var b strings.Builder
	for i, key := range t.ordered(labels.Keys()) {
		if i > 0 {
			b.WriteString("  ")
		}
		b.WriteString(t.paint(dim, clean(key)+"="))
		b.WriteString(clean(labels[key]))
	}
	return b.String()
}

// ordered sorts keys in the order of t.keys, followed by any others.
func (t *Text) ordered(keys []string) []string {
	place := func(key string) int {
		if i := slices.Index(t.keys, key); i >= 0 {
			return i
		}
		return len(t.keys)
	}
	slices.SortStableFunc(keys, func(a, b string) int { return place(a) - place(b) })
	return keys
}

// Summary shows the outcome of each job, and returns the first error of writing.
func (t *Text) Summary(outcomes []manager.Outcome, took time.Duration) error {
	var b strings.Builder
	b.WriteByte('\n')
	t.table(&b, outcomes)
	counts := count(outcomes)
	fmt.Fprintf(&b, "\n%s in %.1fs: ", plural(len(outcomes), "job"), took.Seconds())
	for i, state := range states {
		if i > 0 {
			b.WriteString(", ")
		}
		fmt.Fprintf(&b, "%s %s", t.paint(colourOf(state), fmt.Sprint(counts[state])), state)
	}
	b.WriteString(".\n")
	t.write(b.String())
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.err
}

func (t *Text) write(s string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if _, err := io.WriteString(t.w, s); t.err == nil {
		t.err = err
	}
}

// states are the states in which a job can end.
var states = []manager.State{manager.Succeeded, manager.Failed, manager.Vetoed, manager.Cancelled}

func count(outcomes []manager.Outcome) map[manager.State]int {
	counts := make(map[manager.State]int, len(states))
	for _, state := range states {
		counts[state] = 0
	}
	for _, o := range outcomes {
		counts[o.State]++
	}
	return counts
}

// A colour is the code that switches it on.
type colour string

const (
	bold   colour = "\x1b[1m"
	dim    colour = "\x1b[2m"
	red    colour = "\x1b[31m"
	green  colour = "\x1b[32m"
	yellow colour = "\x1b[33m"
)

func colourOf(state manager.State) colour {
	switch state {
	case manager.Succeeded:
		return green
	case manager.Cancelled:
		return yellow
	}
	return red
}

func (t *Text) paint(c colour, s string) string {
	if !t.colours || s == "" {
		return s
	}
	return string(c) + s + "\x1b[0m"
}

func plural(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
