// Package restart has the enricher "restart": can a restart of the job help?
//
//	label               value      meaning
//	retry               retryable  the same job, started again after a while, can succeed
//	                    terminal   it fails again until something is changed
//	                    unknown    nothing says so, or it depends
//	retry_after         a Go duration in whole seconds, such as "30s" or "2m0s": the
//	                    wait that the error asks for, at most "24h0m0s"; not set
//	                    if it asks for none, or if retry is terminal
//	JOB_CANNOT_RESTART  true       do not restart; only if option veto is on
//	attempt_counts      false      the attempt does not use up one of those that the
//	                    job may have, as it was preempted or has to wait; only with
//	                    option uncounted, and not set if retry is terminal
//	expected            true       the failure is no reason for an alarm; only with
//	                    option expected
//
// The first of these that has an answer decides retry:
//
//  1. FailureContext.Terminal: the job manager does not try again, which is terminal
//  2. options terminal and retryable, by labels of other enrichers
//  3. option repeats: the same failure of the same job, again and again
//  4. the error itself: a word of a job queue or retry library, a method
//     Retryable() bool, or what its codes and types mean, as in the enricher "type";
//     Temporary, Timeout, RetryAfter. The package of an error says nothing about it.
//     A method ShouldRetry, IsRetriable, IsRecoverable, IsTransient or Permanent, and a
//     field Retryable or Temporary, count if they are true; false is often a default.
//     A status that mostly stays, such as 422, is unknown if the text of its error says
//     that it passes: "busy", "in progress", "try again"
//
// Of joined errors the first that has an answer counts, as in the enricher "type".
// A cancellation is unknown: only its author knows whether the job should run again.
// The last of a number of attempts is not terminal for that: one more could succeed.
//
// # Options
//
//	terminal            by label key, the values that make a failure terminal, besides
//	                    what the error itself says; none by default. A label counts
//	                    whatever it is based on: type may be a guess by a text
//	retryable           the same for retryable; terminal has precedence,
//	                    and a value cannot be in both
//	uncounted           the same for attempt_counts; such a failure is no repeat either
//	expected            the same for expected
//	repeats             how many failures with the same fingerprint of the same job,
//	                    by its JobID or else its JobName, are terminal: 2 to 100; by
//	                    default 0: repeats do not matter. Rules of the enricher
//	                    fingerprint have no effect on it. Those with the same
//	                    RootID, or ID, count as one; several without count each.
//	                    A cancellation, as by a deployment, is no repeat; a deadline is
//	repeats-window      the time within which they are counted; 1h by default
//	veto                set JOB_CANNOT_RESTART for terminal failures, unless only a
//	                    text, the name of a type or a number named Code says that
//	                    they are, or the job manager does not try again anyway;
//	                    false by default
//	max-restarts-vetoed how many restarts of one job may be vetoed within veto-window,
//	                    by its JobName or else its JobID: 1 to 10000; 100 by default.
//	                    Failures without either count as one job
//	max-restarts-vetoed-total
//	                    the same for all jobs together; 1000 by default. A
//	                    max-restarts-vetoed that is given must not exceed it
//	veto-window         1h by default
//
// The last three have no effect without veto, and repeats-window none without repeats:
// they are an error then.
//
// A terminal failure beyond that budget is counted, but has no JOB_CANNOT_RESTART: bad
// inputs of one kind are vetoed, but a wrong rule must not stop every job.
//
// In a configuration:
//
//	restart:
//	  terminal: [{key: type, value: [USER]}]
//	  uncounted: [{key: error_code, value: ["429", Evicted, Preempted]}]
//	  expected: [{key: type, value: [CANCELLED]}]
//	  repeats: 5
//	  veto: true
//
// No failure is uncounted by default, because a job that always fails so never
// reaches its last attempt. The job manager has to limit how often it accepts that.
//
// Instead of lists, maps may be given, such as terminal: {type: [USER]}, unless the
// loader changes their keys: they must be spelled as the labels are, capitals included.
//
// Values are no patterns, and one such as "data-*" is an error. A value that is never
// set is a warning when the configuration is loaded: see [enricher.ValueReader].
//
// With terminal, retryable, uncounted or expected the enricher reads the labels that
// they name, and starts after the enrichers that set them. Of more than 10000 different failures,
// the repeats of the least recent are forgotten.
//
// # Counts
//
// It counts failures by label, such as "retry=unknown" and "expected=true", vetoes as
// "vetoed", and vetoes withheld because the budget was used up as "not-vetoed". The
// first one that is withheld is logged, for each job and for all.
package restart
