// Package inflight counts what is under way, until it is told to let nothing
// more begin.
package inflight

import (
	"sync"
	"sync/atomic"
)

// closed is a bit of the count that no number of failures reaches.
const closed = 1 << 62

// A Group counts what is under way. Its methods may be called concurrently.
// The zero value is an open group; it must not be copied.
//
// It is a WaitGroup that can be closed: Add racing with Wait is what a
// sync.WaitGroup forbids, and what shutting down is about.
type Group struct {
	n    atomic.Int64
	once sync.Once
	init sync.Once
	done chan struct{}
}

// Enter reports whether something may begin. If so, Leave has to follow.
func (g *Group) Enter() bool {
	if g.n.Add(1)&closed == 0 {
		return true
	}
	g.Leave()
	return false
}

// Leave says that something has ended.
func (g *Group) Leave() {
	if g.n.Add(-1) == closed {
		g.finish()
	}
}

// Close lets nothing more begin. It returns a channel that is closed when
// nothing is under way any more. It may be called again.
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
