// Package fault provides the enricher "type", which says who is at fault. It sets
// the label type on every failure.
//
//	label  value       meaning
//	type   USER        what the job was given is wrong: its input, its parameters
//	       SYSTEM      the machine, the platform or the service itself: a full disk,
//	                   no memory, a bug
//	       DEPENDENCY  another system that the job needs: refused, slow, failing
//	       CANCELLED   a person, a shutdown or the job's own deadline has ended it
//	       UNKNOWN     the error does not say
//	hint   a sentence  for the person who has to act: "The disk of the worker is
//	                   full."; only with option hints or default-hints
//
// It looks at every error of the chain, and the strongest evidence decides: first a code
// that a service adds to a status ("AccessDenied"), then other codes (errno, SQLSTATE,
// HTTP and gRPC status, exit status, signal, the numbers of databases and brokers), then
// types of the standard library and texts of clients' sentinels, then the packages of
// well-known clients, whose errors are mostly those of another system, and last the words
// in the names of types, such as ValidationError and RequestTimeout, and the text of an
// error that has nothing else, or a code that is not known: "unexpected status code: 503",
// "exit status 137", "try again later", what fmt.Errorf with %v has kept of an error that
// it does not wrap, or the last lines that a command wrote. Of equally strong evidence the
// outermost decides. So the errno in a net.Error counts more than the net.Error. A deadline
// of a context is the job's own, unless it is wrapped in an error that only calls return:
// then it is the dependency's.
// CODES.md beside this file lists all codes, and docs/judgments.md says how often
// the labels are right.
//
// Of joined errors the first with evidence decides, because [errors.Join] is mostly
// called with the failure first and its consequences after it. A word in the name of
// a type, a text, a cancelled context, and that something is closed already count less
// than the errors after them.
//
// Codes are found without importing the packages that have them: by methods, such as
// StatusCode() int, SQLState() string, GRPCStatus() and Code() string; by fields, such as
// StatusCode, Code, Response, ExitCode and Extensions; and for some sixty clients by their
// package and the names of their fields. What an error wraps is also found by a method
// Cause, Errors or WrappedErrors, in a list of errors, and, if it has no method Unwrap, in
// a field such as Err, or in its only exported field that is an error.
//
// # Options
//
// Each of these maps keys to one of the values, and counts more than the evidence. Of
// several overrides in a chain the outermost counts, and for one error the first of
// this list. A code that only a text has, as in "unexpected status code: 404", counts
// if no other override does and it is the label error_code.
//
//	sentinels     by the name given to [RegisterSentinel]
//	types         by Go type, as %T prints it: "*shop.StockError"; with the full
//	              path of the package as well: "*example.com/shop.StockError"
//	errnos        by name, or by number if it has none: "ENOSPC", "117"
//	sqlstates     by SQLSTATE, or by its class: "23505", "23"
//	statuses      by HTTP status, or by its class: "404", "4xx"
//	grpc-codes    by name: "NOT_FOUND"
//	exit-statuses by exit status of a command: "3"
//	signals       by name: "SIGKILL"
//
// And for the label hint, which is set on failures that have one:
//
//	hints         sentences by Go type, as in option types, or by a code after its
//	              kind, as the reasons of Explain have it: "errno ENOSPC",
//	              "HTTP status 4xx", "exit reason OOMKilled"; none by default. The
//	              outermost error that matches one decides, and a code of a text last
//	default-hints true: failures that match none have a sentence of this package, if
//	              they are among the common ones, see default_hints.go; false by default
//
// Without these options there is no such label, because logs, metrics and histories
// would keep a text that not everyone reads. It has at most as many values as there
// are sentences.
//
// In a configuration:
//
//	type:
//	  types: [{match: "*shop.StockError", is: USER}]
//	  statuses: [{match: "404", is: SYSTEM}]
//	  default-hints: true
//	  hints: [{match: "errno ENOSPC", is: "The disk is full: the storage team is on call."}]
//
// Instead of lists, maps may be given, such as statuses: {"404": SYSTEM}, unless the
// loader changes their keys.
//
// # Counts
//
// [enricher.EnricherStats] has the number of failures by value, and by override and
// entry of hints that decided. If the share of UNKNOWN rises, an override is missing:
// "type=UNKNOWN error_type=*shop.StockError" says for which type, as the enricher
// "error" names it. After the first 20 types, the others are counted as "_OTHER". If the
// count of an override stays zero, it may be misspelt.
package fault
