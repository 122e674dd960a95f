// Package exceptions keeps the latest failures of jobs, with their labels, and
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
// enrichment is done: its [LabelState] tells labels that are pending from labels
// that there are none of, and from labels that some enricher failed to give.
// Everything is bounded, under any load: the failures of a job, the jobs, and
// the memory of each failure. The oldest goes first.
//
// A failure whose FailureContext.RootID names another one of the same job stands
// under it, with labels of its own, whichever of the two comes first. Where the
// root is not there any more, or never comes, it stands for itself.
//
// # Strangers
//
// The texts of errors come from strangers. They are built on the goroutine that
// reports the failure and in isolation: a method that panics, returns a hundred
// megabytes or writes for ever costs its text, no more. (What cannot be survived
// is a method that never returns, or that fills a buffer of its own without
// end.) Before a text is kept, what looks like a secret in it is masked by
// [Redact], or by what Options.Redact says. Texts are valid UTF-8 without control
// characters other than tab and newline.
//
// No lock is held while the code of an error, a redactor or a follower runs.
package exceptions
