// Package jobs is what the adapters of all job managers share: a job manager has
// facts about a failed job, and needs a verdict on what to do next.
//
// An adapter calls the job within [Run]. If it fails, the adapter leaves out what is
// no failure ([Interrupted], and what the job manager itself uses errors for), writes
// what it knows into an [enricher.FailureContext], and calls [Judge], which labels
// the failure and returns a [Verdict]. The adapter stores the labels where users of
// the job manager look for them, and does what the verdict asks for. In a loop:
//
//	err := jobs.Run(func() error { return job(ctx) }, func(cause error) jobs.Verdict {
//		if jobs.Interrupted(ctx, cause) {
//			return jobs.Verdict{}
//		}
//		v = jobs.Judge(ctx, e, options, cause, enricher.FailureContext{JobID: id, Attempt: n})
//		return v
//	})
//
// Package jobstest has the tests that an adapter must pass. A nil context is
// [context.Background] for all functions of this package.
//
// # What the labels ask for
//
//	label               value        the verdict
//	JOB_CANNOT_RESTART  not "false"  Terminal: there is no further attempt
//	retry_after         a duration   RetryAfter: the wait before the next attempt
//	attempt_counts      false        Uncounted: the attempt is not one of those allowed
//	expected            true         Expected: no alarm is needed
//
// The enricher "restart" sets them if it is configured to.
//
// # One failure, several layers
//
// A failure often passes an adapter and then a log handler. An adapter hands the
// error on with its Result attached ([enricher.WithResult]), so that the second layer
// finds the labels of the first. If the job manager or the user compares the error
// with ==, the Result travels in the context instead: see [WithResult]. Without
// enrichers, handlers get the job's own error.
package jobs
