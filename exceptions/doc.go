// Package exceptions keeps the latest failures of jobs with their labels, and
// serves them: to programs over REST, as Apache Flink does, and to people as a
// page.
//
//	history := exceptions.NewHistory(exceptions.Options{})
//	...
//	res := history.Enrich(ctx, e, jobErr, enricher.FailureContext{JobID: job.ID, Attempt: n})
//	if res.Labels.CannotRestart() {
//		...
//	}
//	...
//	mux.Handle("/failures/", http.StripPrefix("/failures", exceptions.NewHandler(history)))
//
// # What is kept
//
// A failure is kept at once, before its labels are known, and gets them when its
// enrichment is done. Its [LabelState] distinguishes labels that are pending from
// no labels, and from labels that are missing because an enricher failed.
// The number of failures of a job, the number of jobs and the memory of each
// failure are bounded. The oldest are removed first.
//
// A failure whose FailureContext.RootID is the ID of another failure of the same
// job is kept under that one, with its own labels, in whichever order the two
// arrive. If the root is not in the history, the failure is kept by itself.
//
// # Third-party code
//
// The methods of an error run on the goroutine that reports the failure. If one
// panics, its text is lost and nothing else. A method that never returns, or that
// never stops writing, blocks the caller. What looks like a secret in a text is
// masked by [Redact], or by Options.Redact, before the text is kept. Texts are
// valid UTF-8 without control characters other than tab and newline.
//
// No lock is held while the code of an error, a redactor or a follower runs.
package exceptions
