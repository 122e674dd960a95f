package main

import (
	"context"
	"errors"
	"os"
	"runtime"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
)

// A misbehaviour is something that an enricher does to others.
type misbehaviour struct {
	what string

	// probe starts c with an enricher that does it, among others that do not,
	// hands it a failure, and returns what became of it in a word or two. It
	// may end the process.
	probe func(c *contender) string
}

var misbehaviours = []misbehaviour{
	{"hangs, whatever its context says", fateOf(func(hang <-chan struct{}) (enricher.Labels, error) {
		<-hang
		return nil, nil
	})},
	{"panics", fateOf(func(<-chan struct{}) (enricher.Labels, error) { panic("boom") })},
	{"returns an error", fateOf(func(<-chan struct{}) (enricher.Labels, error) {
		return nil, errors.New("the database is down")
	})},
	{"calls runtime.Goexit", fateOf(func(<-chan struct{}) (enricher.Labels, error) {
		runtime.Goexit()
		return nil, nil
	})},
	{"calls os.Exit", fateOf(func(<-chan struct{}) (enricher.Labels, error) {
		os.Exit(exitStatusOfEnricher)
		return nil, nil
	})},
	{"sets the key of another", overlap},
	{"returns a key that it has not declared", fateOfLabel("undeclared", "value")},
	{"returns a value of invalid UTF-8", fateOfLabel(strange, "caf\xe9")},
}

const (
	probeBudget   = 500 * time.Millisecond // of a failure
	probePatience = 3 * probeBudget        // until a caller counts as hanging
)

// What becomes of the labels of others, and of the caller.
const (
	fateKept     = "kept"
	fateLost     = "lost"
	fateHangs    = "caller hangs"
	fateExits    = "caller's goroutine ends"
	fateDies     = "process dies"
	fateLate     = "late"
	fateReported = "reported"
	fateSilent   = "silently"
)

// fateOf returns a probe of what becomes of the labels of others, and of the
// caller, where one enricher does fn. It may hang until it is told to stop.
func fateOf(fn func(hang <-chan struct{}) (enricher.Labels, error)) func(*contender) string {
	return func(c *contender) string {
		hang := make(chan struct{})
		defer close(hang)
		others := quickEnrichers(3)
		got, _ := try(c, among(others, func(context.Context) (enricher.Labels, error) { return fn(hang) }))
		kept := fateKept
		if labelled(got.labels, others) < len(others) {
			kept = fateLost
		}
		return got.fate(kept, strange)
	}
}

// fateOfLabel returns a probe of what becomes of a label.
func fateOfLabel(key, value string) func(*contender) string {
	return func(c *contender) string {
		others := quickEnrichers(3)
		got, _ := try(c, among(others, func(context.Context) (enricher.Labels, error) {
			return enricher.Labels{key: value}, nil
		}))
		became := "passed on"
		switch own, ok := got.labels[key]; {
		case labelled(got.labels, others) < len(others):
			became = "others " + fateLost
		case !ok:
			became = "dropped"
		case own != value && utf8.ValidString(own):
			became = "repaired"
		}
		return got.fate(became, strange)
	}
}

// try hands a failure to c with these enrichers, and returns what its caller saw
// and which enrichers were refused before.
func try(c *contender, enrichers []namedEnricher) (got call, refused error) {
	p, refused := c.start(enrichers, probeBudget)
	if p == nil {
		panic(refused)
	}
	defer stop(p)
	return watch(p, probePatience), refused
}

// fate returns what became of the caller, if it is not well, or became with a
// word on whether the caller was told of a stranger by name.
func (c call) fate(became string, strangers ...string) string {
	switch c.ending {
	case hung:
		return fateHangs
	case exited:
		return fateExits
	}
	told := fateSilent
	if slices.ContainsFunc(strangers, func(s string) bool { return names(c.err, s) }) {
		told = fateReported
	}
	if c.took > probeBudget+probeBudget/2 {
		told += ", " + fateLate
	}
	return became + ", " + told
}

// names reports whether err names enrichers, all of these.
func names(err error, enrichers ...string) bool {
	if err == nil {
		return false
	}
	for _, name := range enrichers {
		if !strings.Contains(err.Error(), `"`+name+`"`) {
			return false
		}
	}
	return true
}
