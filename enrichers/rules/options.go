package rules

import (
	"log/slog"

	"github.com/failure-enrichers/enricher"
)

// Options are the options of the enricher. Either File or Rules is needed.
type Options struct {
	// File is the path of a JSON file with the rules, as the package comment
	// shows it.
	File string

	// Reload has File read again when it changes. By default, it is read once.
	Reload bool

	// Rules are the rules in place of a File, at most 10,000.
	Rules []Rule

	// All merges the labels of all rules that match. A File may say so, too. By
	// default, the first rule that matches decides.
	All bool

	// Examples are checked by New, and have to come true. Those for the rules of
	// a File are in it. By default, there are none.
	Examples []Example

	// Logger is told what becomes of new versions of File. By default, it is
	// slog.Default().
	Logger *slog.Logger
}

// A Rule sets labels on failures that meet all of its conditions. A condition
// that is left at its zero value is none, and without any the rule is a
// catch-all.
//
// In a configuration or file the fields are called name, type, chain, message,
// job, task, attributes, attempt, failure-type, labels and set. Globs match all
// of a text: in them * is any text, ? any character, [a-cx] one of these, [!a-cx]
// one of all others, and a backslash takes the meaning from the next one. Upper
// and lower case differ.
type Rule struct {
	// Name is for people. If there is one, no other rule must have it.
	Name string

	// Type holds names of Go types, of which the error must have one: as %T prints
	// it, "*fs.PathError", or with the full path of the package,
	// "*io/fs.PathError". Wrappers that only add a text, labels or a stack, such
	// as those of fmt.Errorf, are looked through, and of joined errors the first
	// counts.
	Type []string

	// Chain holds names of Go types, as Type does, of which any error in the
	// chain must have one: the error itself, or what it wraps or joins.
	Chain []string

	// Message is a regular expression that has to be found in the text of the
	// error: in the syntax of package regexp, where (?i) makes it ignore case.
	Message string

	// Job and Task hold globs, of which the name must match one.
	Job, Task []string

	// Attributes holds globs by the key of an attribute. All of these attributes
	// must be there, and match one.
	Attributes map[string][]string

	// Attempt is the number of the attempt, such as "3"; a comparison with one of
	// =, !=, <, <=, > and >=, such as ">= 3"; or "last", see
	// [enricher.FailureContext.Final]. An attempt of which the number is not known
	// meets none.
	Attempt string

	// FailureType holds the types that the failure may have.
	FailureType []enricher.FailureType

	// Labels holds globs by the key of a label of another enricher. All of these
	// labels must be there, and match one.
	Labels map[string][]string

	// Set holds the labels to set. It may be empty, but not nil: what such a rule
	// matches gets no labels, and is not left to the rules after it.
	Set map[string]string
}

// An Example is a failure and the labels that the rules have to give it. Its keys
// are name, given and expect.
type Example struct {
	Name   string            // for people
	Given  Given             // the failure
	Expect map[string]string // its labels, all of them
}

// Given is the failure of an Example. Its keys are error, type, chain, job, task,
// attributes, attempt, max-attempts, failure-type and labels. What is left out is
// unknown.
type Given struct {
	Error       string   // the text
	Type        string   // the Go type of the error, as a rule may have it
	Chain       []string // the Go types of the errors in its chain, beside Type
	Job, Task   string
	Attributes  map[string]string
	Attempt     int
	MaxAttempts int
	FailureType enricher.FailureType
	Labels      map[string]string
}
