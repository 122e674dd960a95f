// Package evidence judges errors by what they are: whose fault a failure is,
// whether trying again can help, and which code it has. It goes by structure,
// which is types, codes and methods; texts count last, and of these it knows only
// what the standard library gives to errors without any structure.
//
// Whatever the error is, nothing here panics.
package evidence

import (
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// A Fault says who is at fault.
type Fault string

// The faults. An empty one says nothing.
const (
	User       Fault = "USER"       // what the job was given is wrong
	System     Fault = "SYSTEM"     // the machine, the platform or the service itself
	Dependency Fault = "DEPENDENCY" // another system that the job needs
	Cancelled  Fault = "CANCELLED"  // somebody, or its own deadline, ended the job
	Unknown    Fault = "UNKNOWN"
)

// A Retry says whether the same job, started again after a while, can succeed.
type Retry string

// The answers. An empty one says nothing.
const (
	Retryable Retry = "retryable"
	Terminal  Retry = "terminal"
	Undecided Retry = "unknown" // it depends on what the error does not say
)

// A Kind says what a code is a code of.
type Kind string

// The kinds of codes.
const (
	Errno      Kind = "errno"       // "ECONNREFUSED"
	SQLState   Kind = "SQLSTATE"    // "23505"
	HTTPStatus Kind = "HTTP status" // "503"
	GRPCStatus Kind = "gRPC status" // "UNAVAILABLE"
	ExitStatus Kind = "exit status" // "3"
	Signal     Kind = "signal"      // "SIGKILL"
	SQLite     Kind = "SQLite code" // "5"
	Redis      Kind = "Redis reply" // "WRONGTYPE"
	SMTPReply  Kind = "SMTP reply"  // "550"
	OwnCode    Kind = "code"        // of a set that is not known here: what a method Code or ErrorCode says
)

// A Weight is how much evidence counts. Of the evidence of a chain the heaviest
// decides, and of equally heavy pieces the outermost.
type Weight int

// The weights, ascending.
const (
	None     Weight = iota
	Text            // words of the standard library
	Deadline        // a deadline of nobody knows what: any sign of a call makes it the call's
	Generic         // what says little: a panic, a timeout, any error of a client's package
	Typed           // a type or sentinel that has one meaning
	Coded           // a code that has one meaning
	Author          // a method by which the author of the error says so
)

// Evidence is what one error says. Its zero value says nothing, and any field
// may be empty.
type Evidence struct {
	Weight Weight
	Fault  Fault
	Retry  Retry
	Kind   Kind
	Code   string
	Why    string // for people, where there is no code
}

// Reason returns what speaks for the evidence, for people.
func (e Evidence) Reason() string {
	if e.Code != "" {
		return string(e.Kind) + " " + e.Code
	}
	return e.Why
}

// A Verdict is what a chain of errors says.
type Verdict struct {
	Fault Evidence      // what decides about the Fault; zero where nothing does
	Retry Evidence      // what decides about the Retry; zero where nothing does
	Code  Evidence      // the outermost one with a code, one of a known Kind if there is any
	After time.Duration // to wait before trying again, as the outermost error has it that does; 0: none does
}

// Of judges err and all that it wraps. Of joined errors the first that says
// something counts, as errors.Join(err, file.Close()) has it: the others are
// mostly its consequences. Only a guess counts less than what follows, and that a
// context was cancelled, which is itself the consequence of a failure elsewhere.
func Of(err error) Verdict {
	w := walk{left: maxVisits}
	return w.along(err, 0)
}

// A walk goes through a tree of errors, which may be cyclic.
type walk struct {
	left int // errors to look at
}

const (
	maxVisits = 10_000
	maxJoins  = 100 // within one another
)

func (w *walk) along(err error, joins int) Verdict {
	var v Verdict
	for e := range enricher.Chain(err) {
		if w.left--; w.left < 0 {
			break
		}
		v.hear(e)
		if joined, ok := e.(interface{ Unwrap() []error }); ok {
			if joins < maxJoins {
				v.join(w, joined, joins+1)
			}
			break // Chain would go into the branches as well
		}
	}
	return v
}

// join adds what joined errors say.
func (v *Verdict) join(w *walk, joined interface{ Unwrap() []error }, joins int) {
	var branches []error
	guard.Do(func() { branches = joined.Unwrap() })
	var chosen Verdict
	for _, branch := range branches {
		if w.left <= 0 {
			break
		}
		b := w.along(branch, joins)
		better := chosen.interrupted() || chosen.guessed() && !b.guessed()
		if !chosen.decided() || better && b.fails() {
			chosen.Fault, chosen.Retry = b.Fault, b.Retry
		}
		v.addCode(b.Code)
		if v.After == 0 {
			v.After = b.After
		}
	}
	v.add(chosen.Fault)
	v.add(chosen.Retry)
}

func (v *Verdict) decided() bool { return v.Fault.Fault != "" || v.Retry.Retry != "" }

// interrupted reports whether the verdict is that somebody cancelled it.
func (v *Verdict) interrupted() bool { return v.Fault.Fault == Cancelled && v.Fault.Weight == Coded }

// guessed reports whether the verdict rests on a text or a name.
func (v *Verdict) guessed() bool { return v.Fault.Weight <= Text }

// fails reports whether the verdict is a failure of which the cancellation of its
// siblings is a consequence. A signal is itself the consequence of that.
func (v *Verdict) fails() bool {
	return v.decided() && v.Fault.Fault != Cancelled && v.Fault.Kind != Signal
}

// CodeOf returns what err itself says that has a code, whatever it wraps; zero
// where it has none.
func CodeOf(err error) Evidence {
	var v Verdict
	v.hear(err)
	return v.Code
}

// hear takes the evidence of one error.
func (v *Verdict) hear(err error) {
	v.ask(standard, err)
	for _, judge := range judgesOf(err) {
		v.ask(judge, err)
	}
}

// A judge adds what an error says.
type judge func(v *Verdict, err error)

// ask asks one judge. An error whose method panics says nothing, and the next
// judge is still asked.
func (v *Verdict) ask(j judge, err error) {
	defer func() { _ = recover() }()
	j(v, err)
}

func (v *Verdict) add(e Evidence) {
	if e.Fault != "" && e.Weight > v.Fault.Weight {
		v.Fault = e
	}
	if e.Retry != "" && e.Weight > v.Retry.Weight {
		v.Retry = e
	}
	v.addCode(e)
}

func (v *Verdict) addCode(e Evidence) {
	if e.Code != "" && (v.Code.Code == "" || v.Code.Kind == OwnCode && e.Kind != OwnCode) {
		v.Code = e
	}
}
