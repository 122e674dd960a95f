// Package restart has the enricher "restart": can a restart of the job help?
//
//	label               value      meaning
//	retry               retryable  the same job, started again after a while, can succeed
//	                    terminal   it fails again until somebody changes something
//	                    unknown    nothing says so, or it depends
//	retry_after         a Go duration in whole seconds, such as "30s" or "2m0s":
//	                    what the error asks to wait; at most "24h0m0s"; not set
//	                    where it does not, or where retry is terminal
//	JOB_CANNOT_RESTART  true       do not restart; only where option veto is on
//
// retry is decided by the first of these that says something:
//
//  1. options terminal and retryable, which go by labels of other enrichers
//  2. option repeats: the same failure of the same job, again and again
//  3. the error itself: a method Retryable() bool, or what its codes and types
//     mean, as in the enricher "type"; Temporary, Timeout, RetryAfter
//
// # Options
//
//	terminal            by label key, the values that make a failure terminal:
//	                    {type: [USER]}; none by default
//	retryable           the same for retryable; terminal wins
//	repeats             how many failures with the same fingerprint of the same job,
//	                    by its JobID or else its JobName, make it terminal: 2 to 100;
//	                    0, the default: this does not matter
//	repeats-window      within which they are counted; 1h by default
//	veto                set JOB_CANNOT_RESTART for terminal failures, unless only a
//	                    text or the name of a type says that they are; false by default
//	max-restarts-vetoed how many restarts may be vetoed within veto-window, at most
//	                    10000; 10 by default. Failures beyond that have no JOB_CANNOT_RESTART,
//	                    and are counted: a wrong rule must not stop a fleet
//	veto-window         1h by default
//
// In a configuration:
//
//	restart:
//	  terminal: {type: [USER]}
//	  repeats: 5
//	  veto: true
//
// Of joined errors the first that says something counts, as in the enricher
// "type". What was cancelled is unknown: whoever did it knows whether it should
// run again.
//
// Loaders of configuration that lower-case their keys spoil the keys of labels in
// terminal and retryable that have capitals.
//
// With terminal or retryable the enricher reads the labels that they name, and
// waits for whoever sets them.
//
// # Counts
//
// [Enricher.Counts] has the number of failures by value of retry, of vetoes, and
// of those that were withheld.
package restart
