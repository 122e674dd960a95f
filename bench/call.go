package main

import (
	"context"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A call is one failure handed to a peer, as the caller experienced it.
type call struct {
	ending ending
	took   time.Duration

	// What the caller got, if the call returned.
	labels enricher.Labels
	err    error
}

// An ending is how a call ended.
type ending int

const (
	hung     ending = iota // it did not return in time
	returned               // it returned
	exited                 // it exited the caller's goroutine
)

// watch hands the failure to p and waits up to patience for the call to end.
func watch(p peer, patience time.Duration) call {
	var c call
	done := make(chan struct{})
	go func() {
		defer func() {
			if v := recover(); v != nil {
				panic(v) // end the process, instead of reporting an exit
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

// labelled returns how many of the enrichers have their label in labels. Each of
// them declares one key.
func labelled(labels enricher.Labels, enrichers []namedEnricher) int {
	n := 0
	for _, e := range enrichers {
		if _, ok := labels[e.OutputKeys()[0]]; ok {
			n++
		}
	}
	return n
}
