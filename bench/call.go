package main

import (
	"context"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A call is a failure handed to a peer, as its caller saw it.
type call struct {
	ending ending
	took   time.Duration

	// What the caller got, if it is back.
	labels enricher.Labels
	err    error
}

// An ending is how a call ended for its caller.
type ending int

const (
	hung     ending = iota // it did not, while somebody looked
	returned               // the caller is back
	exited                 // its goroutine has gone
)

// watch hands the failure to p, and looks on for a while.
func watch(p peer, patience time.Duration) call {
	var c call
	done := make(chan struct{})
	go func() {
		defer func() {
			if v := recover(); v != nil {
				panic(v) // before anybody takes it for the end of a goroutine
			}
			close(done)
		}()
		c.ending = exited
		start := time.Now()
		c.labels, c.err = p.enrich(context.Background(), errFailure, failureContext)
		c.took = time.Since(start)
		c.ending = returned
	}()
	select {
	case <-done:
		return c
	case <-time.After(patience):
		return call{ending: hung} // c may still change
	}
}

// labelled returns how many of these enrichers have their label in labels, under
// the one key that each declares.
func labelled(labels enricher.Labels, enrichers []namedEnricher) int {
	n := 0
	for _, e := range enrichers {
		if _, ok := labels[e.OutputKeys()[0]]; ok {
			n++
		}
	}
	return n
}
