package main

import (
	"context"
	"time"

	"github.com/failure-enrichers/enricher"
)

// overlap is the probe of what becomes of a key that two enrichers set.
func overlap(c *contender) string {
	got, winner, refused := overlapWithSlow(c, 0)
	if refused != nil {
		if names(refused, overlapping[:]...) {
			return "refused at load, named"
		}
		return "refused at load"
	}
	_, other, _ := overlapWithSlow(c, 1)
	switch [2]string{winner, other} {
	case [2]string{overlapping[0], overlapping[1]}:
		return got.fate("slower one wins", overlapping[:]...)
	case [2]string{overlapping[1], overlapping[1]}:
		return got.fate("last one wins", overlapping[:]...)
	case [2]string{overlapping[0], overlapping[0]}:
		return got.fate("first one wins", overlapping[:]...)
	case [2]string{"", ""}:
		return got.fate("dropped", overlapping[:]...)
	}
	return got.fate("one wins", overlapping[:]...)
}

// overlapping are the names of two enrichers that set the same key.
var overlapping = [2]string{strange, "stranger"}

// overlapWithSlow hands a failure to c with the two, of which one takes its time,
// and returns who won.
func overlapWithSlow(c *contender, slow int) (got call, winner string, refused error) {
	const key = "contested"
	quickIsDone := make(chan struct{})
	enrichers := quickEnrichers(3)
	for i, name := range overlapping {
		enrichers = append(enrichers, namedEnricher{name, enricher.Func([]string{key},
			func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				if i != slow {
					close(quickIsDone)
				} else {
					waitFor(quickIsDone)
				}
				return enricher.Labels{key: name}, nil
			})})
	}
	got, refused = try(c, enrichers)
	return got, got.labels[key], refused
}

// waitFor returns some time after done is closed, so that what has been done has
// got to where it goes. Where enrichers run one after another it is never closed
// in time, and waitFor returns all the same.
func waitFor(done <-chan struct{}) {
	select {
	case <-done:
	case <-time.After(probeBudget / 4):
	}
	time.Sleep(probeBudget / 8)
}
