package rules

import (
	"errors"
	"log/slog"

	"github.com/failure-enrichers/enricher"
)

// Options are the options of the enricher. Either File or Rules is required.
type Options struct {
	// File is the path of a JSON file with the rules, as shown in the package
	// documentation.
	File string

	// Reload is whether to read File again when it changes. By default, false.
	Reload bool

	// Rules are the rules in place of a File.
	Rules []Rule

	// All is whether to merge the labels of all rules that match; it may also be
	// set in File. By default, only the first rule that matches sets labels.
	All bool

	// Examples are checked when the rules are loaded. Those for the rules of a File
	// stand in the file. By default, there are none.
	Examples []Example

	// Logger logs what becomes of new versions of File. By default, it is
	// slog.Default().
	Logger *slog.Logger `mapstructure:"-"`
}

// A Rule sets labels on failures that meet all of its conditions. A rule without
// conditions is a catch-all. So that it is not one by mistake, an empty list or map
// is an error, and in a configuration or file an empty text as well.
//
// In a configuration or file the fields are called name, type, chain, message,
// job, task, attributes, attempt, failure-type, labels and set. Globs match the
// whole text: in them * is any text, ? any character, [a-cx] one of these, [!a-cx]
// any other, and a backslash takes the special meaning from the next character.
// Upper and lower case differ.
type Rule struct {
	// Name is for people. It is not compared with other names.
	Name string

	// Type holds names of Go types, of which the error must have one: as %T prints
	// it, "*fs.PathError", or with the full path of the package,
	// "*io/fs.PathError". Wrappers that only add a text, labels or a stack, such
	// as those of fmt.Errorf, are skipped, so their types are an error here. Of joined
	// errors the first counts. A panic has the type *enricher.PanicError; Chain finds
	// that of its value, if it is an error.
	Type []string

	// Chain holds names of Go types, as Type does, of which any error in the chain
	// must have one: the error itself, or what it wraps or joins.
	Chain []string

	// Message must be found in the text of the error; (?i) makes it ignore case.
	Message Expression

	// Job and Task hold globs. The name must match one of them.
	Job, Task []string

	// Attributes holds globs by the key of an attribute. Each of these attributes
	// must be present and match one of its globs.
	Attributes map[string][]string

	// Attempt is the number of the attempt, 3 or "3"; a comparison with one of =, !=,
	// <, <=, > and >=, such as ">= 3"; or "last", see
	// [enricher.FailureContext.Final]. An attempt whose number is unknown meets no
	// comparison.
	Attempt any

	// FailureType holds the types that the failure may have.
	FailureType []enricher.FailureType

	// Labels holds globs by the key of a label of another enricher. Each of these
	// labels must be present and match one of its globs.
	Labels map[string][]string

	// Set holds the labels to set. If it is empty, failures that match get no
	// labels. At least one rule must set a label.
	Set map[string]string
}

// An Expression is a regular expression of package regexp.
type Expression string

// UnmarshalText sets e to text, which must not be empty.
func (e *Expression) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		return errEmpty
	}
	*e = Expression(text)
	return nil
}

var errEmpty = errors.New("must not be empty: remove it, or say which failures meet it")

// An Example is a failure and the labels that the rules must set. Its keys are
// name, given and expect.
type Example struct {
	Name   string            // for people
	Given  Given             // the failure
	Expect map[string]string // all of its labels
}

// Given is the failure of an Example. Its keys are error, type, chain, job, task,
// attributes, attempt, max-attempts, failure-type and labels. A zero value is
// unknown.
type Given struct {
	Error       string   // the text
	Type        string   // the Go type of the error, as in Rule.Type
	Chain       []string // the Go types of other errors in its chain
	Job, Task   string
	Attributes  map[string]string
	Attempt     int
	MaxAttempts int
	FailureType enricher.FailureType
	Labels      map[string]string
}
