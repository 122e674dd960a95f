// Package exceptions keeps failures of jobs with their labels, and serves them: to programs over REST, as Apache Flink does, and to people as a
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
// A failure that passes several layers of a service is kept once: see [History.Enrich].
// The size of each failure is bounded. If labels, attributes or failed enrichers of a
// failure are not kept, the [Entry] says how many.
//
// # Where it is kept
//
// By default failures are kept in memory, in [Memory], where the number of failures of
// a job, the number of jobs and the memory of all, [Options].MaxBytes, are bounded. The
// oldest are removed first. With another [Store] in [Options], such as that of
// contrib/enrichersql, they outlive the process, and the histories of several
// processes show the failures of all.
//
// Failures are then written in batches, a tenth of a second after the first of a
// batch, by a goroutine of its own, so they are visible a little later.
// [History.Flush] waits for it. A store that fails, panics, is slow or hangs affects
// no job and no enrichment: failures wait for it in at most MaxBytes of memory, further
// ones are dropped, and [History.Status] says so. What a process has not written when it
// is killed is lost, and a failure whose enrichment was under way stays pending.
//
// # Counts
//
// The store counts. Labels, groups and histograms count every failure that it has,
// those under others included, as of the time of the query. A failure without a label
// counts as one with an empty value. A [Group] has the failures with one value of a
// label, such as its fingerprint, and is new or regressed in the time of a query; see
// [GroupState]. In memory, when a value was seen first is known as long as the process
// lives, for the last 16,384 values.
//
// # Concurrent failures
//
// A failure whose FailureContext.RootID is the ID of another failure of the same
// job is kept under that one, with its own labels, in whichever order the two
// arrive. If the root is not in the history, the failure is kept by itself.
//
// # Third-party code
//
// The methods of an error run on a goroutine of their own. A panic, a call of
// runtime.Goexit or a method that does not return costs the text of that error and
// nothing else: the caller goes on after a second at most. Go cannot end a
// goroutine, so while 64 of them hang, the texts of further errors are not read. An
// observer of the Enricher that calls runtime.Goexit costs the labels of the failure.
//
// # Secrets
//
// What looks like a secret in a text, a name, an ID or a key is masked by [Redact],
// or by Options.Redact, before it is kept, and so are attributes and labels whose
// keys are those of secrets, such as password. IDs and keys stay different: one that
// was masked, cleaned or cut ends with a hash, which is another in each history if a
// secret was masked. A job is found by the ID that the service gave it and by the one
// that is shown. A message, which is one line, a chain with its stack, and a text that is
// cut are masked once more, because lines that are joined may have a secret that each had
// not. Texts are valid UTF-8 without control characters other than tab and newline.
//
// No lock is held while the code of an error, a redactor or a follower runs.
package exceptions
