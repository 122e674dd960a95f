package wire

import (
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/wire/internal/form"
)

const (
	// maxTime bounds how long the methods of a failure's errors may take. They take
	// microseconds, unless they hang.
	maxTime = time.Second

	// maxAbandoned bounds how many goroutines may hang in methods of errors.
	maxAbandoned = 64
)

var abandoned atomic.Int64

// A reader reads the errors of a failure on a goroutine of its own, which third-party
// code may end or keep.
type reader struct {
	mu    sync.Mutex
	chain []form.Node
	cut   bool // chain is not all
	ended bool
	left  bool // nobody waits: chain must not be changed
}

// read returns the errors of cause, and whether there are more.
func read(cause error) (chain []form.Node, cut bool) {
	r := &reader{cut: true}
	if abandoned.Load() >= maxAbandoned {
		r.begin(cause, 0)
		return r.chain, r.cut
	}
	guard.Within(maxTime, func() {
		defer r.end()
		r.readAll(cause)
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.ended {
		r.left = true
		abandoned.Add(1)
	}
	return r.chain, r.cut
}

func (r *reader) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = true
	if r.left {
		abandoned.Add(-1)
	}
}

func (r *reader) readAll(cause error) {
	more := false
	var walk guard.Walk
	walk.Visit(cause, func(err error, depth int) guard.Step {
		if len(r.chain) == form.MaxErrors {
			more = true
			return guard.Stop
		}
		if !r.begin(err, depth-1) {
			return guard.Stop
		}
		n := r.chain[len(r.chain)-1]
		n.Text = form.Cut(guard.Text(err), form.MaxText, &n.TextCut)
		describe(&n, err)
		return r.finish(n)
	})
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.left {
		r.cut = more
	}
}

// begin adds an error whose methods were not called yet.
func (r *reader) begin(err error, depth int) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left {
		return false
	}
	names := inspect.TypeNames(err)
	n := form.Node{Depth: depth, Type: names[0], Text: "(the methods of a " + names[0] + " do not return)"}
	if names[1] != names[0] {
		n.TypePath = names[1]
	}
	r.chain = append(r.chain, n)
	return true
}

// finish replaces what begin has added.
func (r *reader) finish(n form.Node) guard.Step {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.left {
		return guard.Stop
	}
	r.chain[len(r.chain)-1] = n
	return guard.Into
}

func newForm(cause error, fc enricher.FailureContext) form.Failure {
	f := form.Failure{V: form.Version, Failure: form.ContextOf(fc)}
	if cause != nil {
		f.Chain, f.Cut = read(cause)
	}
	f.Bound()
	return f
}
