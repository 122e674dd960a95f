// Package enrichertest helps to test enrichers, and the services that use them.
//
// # For the author of an enricher
//
// A test of an enricher begins with
//
//	func TestEnricher(t *testing.T) {
//		enrichertest.Run(t, enricher.NewFactory(defaults, create),
//			enrichertest.WithOptions(map[string]any{"depth": 3}),
//			enrichertest.BadOptions("depth", map[string]any{"depth": -1}),
//			enrichertest.WithFailure("a full disk", syscall.ENOSPC),
//			enrichertest.EveryKey())
//	}
//
// Without a failure that the enricher knows, it sets no labels, and next to nothing is
// proved: [EveryKey] makes sure that there is one for each key.
//
// [Run] makes enrichers with the factory, gives them failures and contexts to trip
// over, and proves that they keep the contract of the library. What the labels say
// is for other tests to prove. Run it with the race detector too, and "go test -v"
// shows what could not be judged. [Check] does the same outside of a test.
//
// The checks are, by the names that [Skip] takes:
//
//   - creation: the factory makes several enrichers of the same options, at the
//     same time and one after another, without waiting, panics or nil.
//   - options: an option that no enricher has, and those of [BadOptions], are
//     refused with an error that names the option.
//   - start: a factory that refuses its options leaves no goroutine behind.
//   - output-keys: OutputKeys are valid, and each is there once.
//   - input-keys: those of a LabelReader are valid, there once, and not its own.
//   - stable-keys: both are the same when they are asked for again, after failures,
//     and in another enricher of the same options.
//   - panics: no failure makes ProcessFailure panic or exit its goroutine.
//   - endless: errors that wrap each other in circles are not followed for ever.
//   - context: ProcessFailure returns within a margin after its ctx ends, or has
//     ended before, and keeps none. The margin is long: see [WithMargin].
//   - errors: an error that it returns is no nil pointer and can be printed.
//   - answers: ProcessFailure returns something else than an error, if only once.
//     For how many failures it did not is logged.
//   - declared: labels are under declared keys only.
//   - every-key: each declared key is set, if only once, so that something is known
//     of its labels; with [EveryKey].
//   - values: values are valid and within the limits.
//   - ownership: a map that was returned is not kept: it is neither changed nor
//     returned again, and whoever changes it changes nothing else.
//   - arguments: the maps of the context are not written to.
//   - concurrency: calls from several goroutines at once do what they do alone.
//   - deterministic: the same failure has the same labels; with [Deterministic].
//   - explain: an Explainer explains the labels that there are, and has no effects.
//   - close: Close returns soon, also while calls are under way, and may be
//     called again. What it returns then is up to the enricher.
//   - goroutines: none is left after Close, also of calls whose ctx ended.
//
// Failures are errors that cannot be compared, that hold nil, whose methods panic
// or lie, that are deep, wide or wrap each other in circles, with messages that are
// empty, long, not UTF-8 or full of control characters; panics with odd values;
// and what ordinary jobs have: missing files, refused connections, statuses of
// HTTP, contexts that have ended. Contexts are empty and full, with strings of every
// sort, and attempts and times that cannot be.
//
// # What is not proved
//
// A data race is found by the race detector only. One in a map can end the process,
// as can an exhausted stack or a call of os.Exit: the trace names the enricher, but
// there is no finding. An enricher that hangs only in production does not hang here.
// A slow one is given fewer failures, and one that uses up all patience little time,
// so that less is known of its labels: [WithPatience] gives it more. Effects other
// than labels and goroutines are not seen: files, connections, global variables. Nor
// are goroutines that a timer starts.
//
// # For a service
//
// [Fake] is an enricher that does what a test tells it: answers, waits, hangs until it
// is released, fails, panics. [Replace] puts it in the place of a configured one, such
// as one that sends messages. [Recorder] is an observer that remembers. [Labels]
// compares the labels of a failure.
package enrichertest
