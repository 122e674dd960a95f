package enrichertest

import (
	"errors"
	"fmt"
	"slices"
	"testing"

	"github.com/failure-enrichers/enricher"
)

// Run proves that the enrichers which factory makes keep the contract of
// [enricher.FailureEnricher], and of the optional interfaces that they have. Each
// check is a subtest of its name. A check that is left out, or that has nothing to
// check, is skipped and says why. Without an enricher, Run stops after the first.
//
// Run calls the factory some thirty times and ProcessFailure some two thousand times,
// and closes what it has made. That takes a second or two if the enricher answers at
// once. A slow one is better checked with [Check] in a bubble of testing/synctest, in
// which waiting takes no time.
func Run(t *testing.T, factory enricher.Factory, options ...Option) {
	t.Helper()
	s, err := newSuite(factory, options)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range checks {
		ok := t.Run(c.name, func(t *testing.T) {
			r := s.run(c)
			for _, f := range r.findings {
				t.Error(f)
			}
			for _, note := range r.notes {
				t.Log(note)
			}
			if r.skipped != "" {
				t.Skip(r.skipped)
			}
		})
		if !ok && c.name == "creation" {
			return
		}
	}
}

// Check is Run for use outside of a test. It returns nil, or all that is wrong,
// joined, each a [*Finding]. An invalid option is an error too, and then nothing has
// been checked.
func Check(factory enricher.Factory, options ...Option) error {
	s, err := newSuite(factory, options)
	if err != nil {
		return err
	}
	var errs []error
	for _, c := range checks {
		for _, f := range s.run(c).findings {
			errs = append(errs, f)
		}
		if c.name == "creation" && len(errs) > 0 {
			break
		}
	}
	return errors.Join(errs...)
}

// A Finding is one way in which an enricher does not keep the contract.
type Finding struct {
	Check    string // the name of the check, as in the package comment
	Failure  string // the name of the failure; empty if it happens without one
	Err      error  // what happened
	Contract string // what the contract says
}

// Error returns all of f, in several lines.
func (f *Finding) Error() string {
	failure := ""
	if f.Failure != "" {
		failure = fmt.Sprintf("failure %q: ", f.Failure)
	}
	return fmt.Sprintf("%s: %s%v\n\tcontract: %s", f.Check, failure, f.Err, f.Contract)
}

func (f *Finding) Unwrap() error { return f.Err }

// A check proves one part of the contract.
type check struct {
	name     string
	contract string // as a Finding quotes it
	run      func(*suite, *report, *instance)
}

// checks are in the order of the package comment: first what the others need.
var checks = []check{
	{"creation", "a factory returns an enricher or an error, does not wait for remote systems, and can make several of the same options", checkCreation},
	{"options", "a factory rejects an option that it does not know or cannot use, with an error that names it: use NewFactory or FactoryConfig.Decode, and return a ConfigError", checkOptions},
	{"start", "a factory that returns an error has started no goroutine, because none could be stopped", checkStart},
	{"output-keys", "OutputKeys returns distinct keys of 1 to 128 bytes of valid UTF-8 without control characters", checkOutputKeys},
	{"input-keys", "InputKeys returns \"*\", or distinct valid keys, none of them an output key of the same enricher", checkInputKeys},
	{"stable-keys", "OutputKeys and InputKeys are called once, when the enricher is loaded: they are the same, in the same order, for every enricher of the same options and at any time", checkStableKeys},
	{"panics", "the cause may be any error, also a typed nil or one whose methods panic: walk it with enricher.Chain, look for types with enricher.AsType and for values with enricher.Is, which survive that", checkPanics},
	{"endless", "errors may wrap each other in a cycle: enricher.Chain, enricher.AsType and enricher.Is end then; errors.Is, errors.As and a loop over Unwrap do not", checkEndless},
	{"context", "ProcessFailure obeys the ctx of its own call and returns when that ends: otherwise the call is abandoned and its labels are lost", checkContext},
	{"errors", "an error that ProcessFailure returns can be printed, and is nil if there is none: a nil pointer in an error is not nil", checkErrors},
	{"answers", "an enricher under test has what it needs, such as a test server or WithOptions, and a failure that it knows, WithFailure; if it cannot have it, use WithSkip(\"answers\", why)", checkAnswers},
	{"declared", "labels are under keys that OutputKeys has declared: all others are dropped", checkDeclared},
	{"every-key", "the author says that there is a failure and a context for every declared key", checkEveryKey},
	{"values", "a value is valid UTF-8 without control characters other than tab and newline, or it is dropped; by default, one of more than 1024 bytes is cut, and labels beyond 64 are dropped", checkValues},
	{"descriptions", "DescribeLabels has output keys, each once, and all values of a label if it has Values; InputValues has input keys", checkDescriptions},
	{"ownership", "the map that ProcessFailure returns is no longer the enricher's: it neither changes it nor returns it again", checkOwnership},
	{"arguments", "the context of a failure is read only", checkArguments},
	{"concurrency", "ProcessFailure is called from several goroutines at once", checkConcurrency},
	{"deterministic", "the author says that labels depend only on the failure and its context", checkDeterministic},
	{"explain", "ExplainFailure is called like ProcessFailure and returns the same labels; reasons are under declared keys or the empty one; it has no effects", checkExplain},
	{"counts", "Counts returns a map that is the caller's; no name disappears, and no count decreases", checkCounts},
	{"close", "Shutdown calls Close once, perhaps during calls whose ctx has ended. Close returns soon, and without an error if there was no failure; a second call does no harm, whatever it returns", checkClose},
	{"goroutines", "every goroutine of an enricher ends with Close, or by itself", checkGoroutines},
}

// run does one check, with an enricher of its own.
func (s *suite) run(c check) *report {
	r := &report{check: c}
	if reason, ok := s.skip[c.name]; ok {
		r.skipped = "left out: " + reason
		return r
	}
	in, err := s.create(s.options)
	if err != nil {
		needs := ""
		if in.own != nil && len(s.options) == 0 {
			needs = ": WithOptions gives it what it needs"
		}
		r.addf("", "no enricher can be made with the options %v: %s%s", s.options, text(err), needs)
		return r
	}
	defer in.close()
	c.run(s, r, in)
	return r
}

// A report is what a check has found.
type report struct {
	check    check
	findings []*Finding
	notes    []string // for the author; no faults
	skipped  string   // why there was nothing to check
}

// maxFindings bounds what one check reports: an enricher that panics for every
// failure has one fault, not sixty.
const maxFindings = 6

// addf reports what is wrong, once for each failure.
func (r *report) addf(failure, format string, args ...any) {
	same := func(f *Finding) bool { return failure != "" && f.Failure == failure }
	if len(r.findings) < maxFindings && !slices.ContainsFunc(r.findings, same) {
		r.findings = append(r.findings, &Finding{r.check.name, failure, fmt.Errorf(format, args...), r.check.contract})
	}
}
