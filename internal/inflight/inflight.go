// Package inflight counts what is under way, and lets it come to an end.
package inflight

import (
	"sync"
	"sync/atomic"
)

// closed is a bit of the count. No number of entries reaches it.
const closed = 1 << 62

// A Group counts what is under way. Its methods may be called concurrently.
// The zero value is an open group; it must not be copied.
//
// It is a WaitGroup that can be closed. A sync.WaitGroup must not be used for
// that, as Add must not be called concurrently with Wait at a count of 0.
type Group struct {
	n    atomic.Int64
	once sync.Once
	init sync.Once
	done chan struct{}
}

// Enter counts one more and returns true, unless the group is closed. If it
// returns true, Leave must follow.
func (g *Group) Enter() bool {
	if g.n.Add(1)&closed == 0 {
		return true
	}
	g.Leave()
	return false
}

// Leave counts one less.
func (g *Group) Leave() {
	if g.n.Add(-1) == closed {
		g.finish()
	}
}

// Close closes the group. It returns a channel that is closed when all that
// entered have left. It may be called again.
func (g *Group) Close() <-chan struct{} {
	done := g.channel()
	if g.n.Or(closed) == 0 {
		g.finish()
	}
	return done
}

func (g *Group) finish() { g.once.Do(func() { close(g.channel()) }) }

func (g *Group) channel() chan struct{} {
	g.init.Do(func() { g.done = make(chan struct{}) })
	return g.done
}
