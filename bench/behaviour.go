package main

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A misbehaviour is something that an enricher does wrong.
type misbehaviour struct {
	what string

	// probe starts c with a misbehaving enricher among others, hands it a
	// failure, and returns the outcome in a few words. It may end the process.
	probe func(c *contender) string
}

var misbehaviours = []misbehaviour{
	{"hangs and ignores its context", outcomeOf(func(hang <-chan struct{}) (enricher.Labels, error) {
		<-hang
		return nil, nil
	})},
	{"panics", outcomeOf(func(<-chan struct{}) (enricher.Labels, error) { panic("boom") })},
	{"returns an error", outcomeOf(func(<-chan struct{}) (enricher.Labels, error) {
		return nil, errors.New("the database is down")
	})},
	{"calls runtime.Goexit", outcomeOf(func(<-chan struct{}) (enricher.Labels, error) {
		runtime.Goexit()
		return nil, nil
	})},
	{"sets the key of another", outcomeOfOverlap},
	{"returns a key that it has not declared", outcomeOfLabel("undeclared", "value")},
	{"returns a value of invalid UTF-8", outcomeOfLabel(misbehaving, "caf\xe9")},
}

const (
	probeBudget   = 250 * time.Millisecond // of a failure
	probePatience = 5 * probeBudget        // until a caller counts as hung
)

// Outcomes that tests refer to.
const (
	outcomeHangs = "caller hangs"
	outcomeDies  = "process dies"
)

// outcomeOf returns a probe for the labels of the others if one enricher calls
// fn, which may wait for hang to be closed.
func outcomeOf(fn func(hang <-chan struct{}) (enricher.Labels, error)) func(*contender) string {
	return func(c *contender) string {
		hang := make(chan struct{})
		defer close(hang)
		others := quickEnrichers(3)
		got, _ := try(c, among(others, func(context.Context) (enricher.Labels, error) { return fn(hang) }))
		kept := "kept"
		if labelled(got.labels, others) < len(others) {
			kept = "lost"
		}
		return got.outcome(kept, misbehaving)
	}
}

// outcomeOfLabel returns a probe for one label of a misbehaving enricher.
func outcomeOfLabel(key, value string) func(*contender) string {
	return func(c *contender) string {
		others := quickEnrichers(3)
		got, _ := try(c, among(others, func(context.Context) (enricher.Labels, error) {
			return enricher.Labels{key: value}, nil
		}))
		label := "passed on"
		switch _, ok := got.labels[key]; {
		case labelled(got.labels, others) < len(others):
			label = "others lost"
		case !ok:
			label = "dropped"
		}
		return got.outcome(label, misbehaving)
	}
}

// outcomeOfOverlap is the probe for a key that two enrichers set.
func outcomeOfOverlap(c *contender) string {
	const key, other = "contested", "other"
	enrichers := quickEnrichers(3)
	for _, name := range []string{misbehaving, other} {
		enrichers = append(enrichers, namedEnricher{name, enricher.Func([]string{key},
			func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
				return enricher.Labels{key: name}, nil
			})})
	}
	got, rejected := try(c, enrichers)
	if names(rejected, misbehaving) && names(rejected, other) {
		return "rejected at load, named"
	}
	return got.outcome("one wins", misbehaving, other)
}

// try hands a failure to c with these enrichers, and returns the call and the
// error of rejected enrichers.
func try(c *contender, enrichers []namedEnricher) (got call, rejected error) {
	p, rejected := c.start(enrichers, probeBudget)
	if p == nil {
		panic(rejected)
	}
	defer stop(p)
	return watch(p, probePatience), rejected
}

// outcome returns what happened to the caller if it did not return, or else label
// and whether the error names one of the enrichers.
func (c call) outcome(label string, enrichers ...string) string {
	switch c.ending {
	case hung:
		return outcomeHangs
	case exited:
		return "caller's goroutine exits"
	}
	report := "silently"
	if slices.ContainsFunc(enrichers, func(name string) bool { return names(c.err, name) }) {
		report = "reported"
	}
	if c.took > probeBudget+probeBudget/2 {
		report += ", late"
	}
	return label + ", " + report
}

// names reports whether the text of err has the quoted name of the enricher.
func names(err error, enricher string) bool {
	return err != nil && strings.Contains(err.Error(), `"`+enricher+`"`)
}
