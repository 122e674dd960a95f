// Package fault has the enricher "type": who is at fault. Its one label is always
// set.
//
//	label  value       meaning
//	type   USER        what the job was given is wrong: its input, its parameters
//	       SYSTEM      the machine, the platform or the service itself: a full disk,
//	                   no memory, a bug
//	       DEPENDENCY  another system that the job needs: refused, slow, failing
//	       CANCELLED   somebody, or the job's own deadline, has ended it
//	       UNKNOWN     the error does not say
//
// It looks at every error of the chain, and the evidence that says most decides:
// codes (errno, SQLSTATE, HTTP and gRPC status, exit status, signal) before types
// of the standard library, these before the packages of well-known clients, and
// last the words in the names of types, such as ValidationError and
// RequestTimeout, and texts of the standard library. Among equals the outermost
// counts. So the errno within a net.Error counts more than the net.Error. A
// deadline of a context is the job's own, unless it is wrapped in what only calls
// return: then it is the dependency's. CODES.md beside this file has all codes.
//
// Of joined errors the first that says something counts, as [errors.Join] is
// mostly called with what went wrong and then with what went wrong afterwards. A
// guess by a word or text, and a cancelled context, count less than what follows.
//
// Codes are found by their methods, without importing whose they are:
// StatusCode() int or HTTPStatusCode() int, SQLState() string, GRPCStatus(),
// Timeout() bool.
//
// # Options
//
// Each maps to one of the values, and counts more than what the enricher thinks.
// Of several overrides in a chain the outermost counts, and for one error they
// count in this order.
//
//	sentinels     by the name under which [RegisterSentinel] was called
//	types         by Go type, as %T prints it: "*shop.StockError"; with the full
//	              path of the package as well: "*example.com/shop.StockError"
//	errnos        by name, or by number where it has none: "ENOSPC", "117"
//	sqlstates     by SQLSTATE, or by its class: "23505", "23"
//	statuses      by HTTP status, or by its class: "404", "4xx"
//	grpc-codes    by name: "NOT_FOUND"
//	exit-statuses by exit status of a command: "3"
//	signals       by name: "SIGKILL"
//
// In a configuration:
//
//	type:
//	  types: {"*shop.StockError": USER}
//	  statuses: {"404": SYSTEM}
//
// # Counts
//
// [Enricher.Counts], and so Stats of the service's Enricher, has the number of
// failures by value, and of those that each override decided. A rising share of
// UNKNOWN says that an override is missing, one that stays at zero that it is
// misspelt.
package fault
