// Package enrichertest helps to test enrichers, and the services that use them.
//
// # For the author of an enricher
//
// A test of an enricher begins with
//
//	func TestEnricher(t *testing.T) {
//		enrichertest.Run(t, enricher.NewFactory(defaults, create),
//			enrichertest.WithOptions(map[string]any{"depth": 3}),
//			enrichertest.WithBadOptions("depth", map[string]any{"depth": -1}),
//			enrichertest.WithFailure("a full disk", syscall.ENOSPC),
//			enrichertest.WithEveryKey())
//	}
//
// An enricher that is given no failure it knows sets no labels, and little is proved:
// [WithEveryKey] makes sure that there is a failure for each key.
//
// [Run] makes enrichers with the factory, gives them hostile failures and contexts,
// and proves that they keep the contract of the library. It does not judge what the
// labels say. Run it with the race detector too; "go test -v" shows what could not be
// judged. [Check] does the same outside of a test, or in fake time.
//
// The checks, by the names that [WithSkip] takes:
//
//   - creation: the factory makes several enrichers of the same options, at the
//     same time and one after another, without waiting, panics or nil.
//   - options: an option that no enricher has, and those of [WithBadOptions], are
//     rejected with an error that names the option.
//   - start: a factory that rejects its options leaves no goroutine behind.
//   - output-keys: OutputKeys are valid and distinct.
//   - input-keys: those of a LabelReader are valid, distinct, and not its own.
//   - stable-keys: both stay the same, also in another enricher of the same options.
//   - panics: no failure makes ProcessFailure panic or exit its goroutine.
//   - endless: errors that wrap each other in a cycle are not followed for ever.
//   - context: ProcessFailure returns within ten seconds after its ctx ends, or if it
//     has ended before, and uses no ctx of an earlier call.
//   - errors: an error that it returns is no nil pointer and can be printed.
//   - answers: ProcessFailure does not return an error for every failure.
//   - declared: labels are under declared keys only, also if ctx has ended.
//   - every-key: each declared key is set at least once; with [WithEveryKey].
//   - values: values are valid and within the default limits.
//   - descriptions: what a LabelDescriber and a ValueReader say agrees with the keys and
//     with the labels that there are.
//   - ownership: a map that was returned is not changed, used or returned again.
//   - arguments: the maps of the context are not written to.
//   - concurrency: concurrent calls return what single calls return.
//   - deterministic: the same failure has the same labels; with [WithDeterministic].
//   - explain: an Explainer explains the labels that there are, and has no effects.
//   - counts: those of a CountReporter do not decrease, and are not shared.
//   - close: Close returns soon, also during calls, and may be called again.
//   - goroutines: none is left after Close, also of calls whose ctx ended.
//
// Failures are errors that cannot be compared, that hold nil, whose methods panic, that
// are deep, wide or cyclic, with messages that are empty, long, not UTF-8 or full of
// control characters; panics with odd values; and what ordinary jobs have: missing
// files, refused connections, HTTP statuses, contexts that have ended. Contexts are
// empty and full, with hostile strings, also in the usual attributes, and with attempts
// and times that cannot be.
//
// # What is not proved
//
// Only the race detector finds a data race. A race in a map, an exhausted stack and a
// call of os.Exit end the process: the trace names the enricher, but there is no
// finding. An enricher that uses up all its time is given few failures: a note says so. Effects other than
// labels and goroutines are not seen: files, connections, global variables, goroutines
// that a timer starts.
//
// # For a service
//
// [Fake] is an enricher that does what a test scripts: it answers, waits, hangs until
// it is released, fails, panics. [Replace] puts it in the place of a configured one,
// such as one that sends messages. [Recorder] is an observer that records failures.
// [AssertLabels] and [AssertResult] compare labels.
package enrichertest
