package enrichertest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/failure-enrichers/enricher"
)

// Run proves that the enrichers which factory makes keep the contract of
// [enricher.FailureEnricher], and of the optional interfaces that they have. Each
// check is a subtest of its name. A check that is left out, or that there is
// nothing to check for, is a subtest that is skipped and says why.
//
// Where the factory makes no enricher, the test fails and there are no subtests.
//
// Run calls the factory some twenty times and ProcessFailure some thousand times,
// and closes what it has made. Where the enricher answers at once, that takes
// well under two seconds; with calls of 20 milliseconds some ten, and some fifteen
// where they go on although their ctx has ended. See [WithPatience]. The calls that
// most checks judge are made once, in the first of these, stable-keys: it takes their
// time.
func Run(t *testing.T, factory enricher.Factory, options ...Option) {
	t.Helper()
	s, err := newSuite(factory, options)
	if err != nil {
		t.Fatal(err)
	}
	if s.prepare(); s.unusable != nil {
		t.Fatal(s.run(checks[0]).findings[0])
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			r := s.run(c)
			for i, f := range r.findings {
				if last := len(r.findings) - 1; i < last {
					t.Error(f.what())
				} else {
					t.Error(f) // and what the contract is
				}
			}
			for _, note := range r.notes {
				t.Log(note)
			}
			if r.skipped != "" {
				t.Skip(r.skipped)
			}
		})
	}
}

// Check is Run for use outside of a test. It returns nil, or all that is wrong,
// joined, each a [*Finding]. An option that makes no sense is an error too, and
// then nothing has been checked. What Run logs, and why it skips a check, is for
// [WithNotes].
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
	}
	return errors.Join(errs...)
}

// A Finding is one way in which an enricher does not keep the contract.
type Finding struct {
	Check    string // the name of the check, as in the list above
	Failure  string // the name of the failure that it happens with; empty: it has to do with none
	Err      error  // what happened
	Contract string // what the contract says
}

// Error returns all of f, in two lines or more.
func (f *Finding) Error() string {
	return f.what() + "\n\tcontract: " + f.Contract
}

// what is Error without the contract.
func (f *Finding) what() string {
	var b strings.Builder
	b.WriteString(f.Check + ": ")
	if f.Failure != "" {
		fmt.Fprintf(&b, "failure %q: ", f.Failure)
	}
	fmt.Fprint(&b, f.Err)
	return b.String()
}

func (f *Finding) Unwrap() error { return f.Err }

// A check proves one part of the contract.
type check struct {
	name     string
	contract string // as a Finding quotes it
	run      func(*suite, *report)
}

// checks are in the order of the package comment. What is needed to check
// anything at all comes first.
var checks = []check{
	{"creation", contractCreation, checkCreation},
	{"options", contractOptions, checkOptions},
	{"start", contractStart, checkStart},
	{"output-keys", contractOutputKeys, checkOutputKeys},
	{"input-keys", contractInputKeys, checkInputKeys},
	{"stable-keys", contractStableKeys, checkStableKeys},
	{"panics", contractPanics, checkPanics},
	{"endless", contractEndless, checkEndless},
	{"context", contractContext, checkContext},
	{"errors", contractErrors, checkErrors},
	{"answers", contractAnswers, checkAnswers},
	{"declared", contractDeclared, checkDeclared},
	{"every-key", contractEveryKey, checkEveryKey},
	{"values", contractValues, checkValues},
	{"ownership", contractOwnership, checkOwnership},
	{"arguments", contractArguments, checkArguments},
	{"concurrency", contractConcurrency, checkConcurrency},
	{"deterministic", contractDeterministic, checkDeterministic},
	{"explain", contractExplain, checkExplain},
	{"close", contractClose, checkClose},
	{"goroutines", contractGoroutines, checkGoroutines},
}

// names returns the names of all checks.
func names() (all []string) {
	for _, c := range checks {
		all = append(all, c.name)
	}
	return all
}

// run does one check.
func (s *suite) run(c check) *report {
	r := &report{check: c}
	s.prepare()
	defer s.tell(r)
	s.remaining = s.patience
	switch reason, ok := s.skip[c.name]; {
	case ok:
		r.skip("left out: " + reason)
	case s.unusable != nil && c.name != "creation":
		r.skip("there is no enricher to check: see creation")
	default:
		c.run(s, r)
	}
	return r
}

// tell hands notes to an author who wants them.
func (s *suite) tell(r *report) {
	if s.note == nil {
		return
	}
	for _, note := range r.notes {
		s.note(r.check.name, note)
	}
	if r.skipped != "" {
		s.note(r.check.name, r.skipped)
	}
}

// A report is what a check has found.
type report struct {
	check    check
	findings []*Finding
	notes    []string // for the author; no faults
	skipped  string   // why there was nothing to check
	failures []string // those reported already
}

// maxFindings bounds what one check reports: an enricher that panics for every
// failure has one fault, not sixty.
const maxFindings = 6

// addf reports what is wrong, once for each failure.
func (r *report) addf(failure, format string, args ...any) {
	if failure != "" && slices.Contains(r.failures, failure) {
		return
	}
	r.failures = append(r.failures, failure)
	if len(r.findings) < maxFindings {
		r.findings = append(r.findings, &Finding{r.check.name, failure, fmt.Errorf(format, args...), r.check.contract})
		return
	}
	more := len(r.failures) - maxFindings + 1
	last := r.findings[maxFindings-1]
	last.Failure, last.Err = "", fmt.Errorf("and so on, %d more", more)
}

// notef tells the author something that is no fault.
func (r *report) notef(format string, args ...any) {
	r.notes = append(r.notes, fmt.Sprintf(format, args...))
}

// skip says that there was nothing to check, and why.
func (r *report) skip(reason string) { r.skipped = reason }
