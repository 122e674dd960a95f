// Package soak holds no code, only a test of the whole library under load.
//
// The test is built like a service in its worst week. Several callers report
// failures in every way there is, while somebody else swaps the Enricher again
// and again for one with another random configuration and shuts the old one
// down, often by force. Among the enrichers are good ones and ones that are
// slow, hang, fail, panic, exit their goroutine, lie about their labels, write
// to maps that they have given away, and leak.
//
// What each call does is a function of the seed, the enricher and the failure,
// so that a plain model can tell what every [enricher.Result] may say. It is
// checked against that model, failure by failure. Counts, log lines and goroutines
// are checked at quiet moments, when nobody reports a failure, and what failures
// leave in memory between two of them; calls to Close and the rest in the end.
//
// The test comes in two variants: one in fake time, where budgets are exact, and
// one in real time, where goroutines really race and a machine may be too slow
// for anything. In fake time it is also checked that those which found no slot, or
// were left alone, had to be. When a circuit breaker opens and closes is exact
// where a lone caller reports one failure after another, as in half of the rounds
// of fake time; where several race, internal/breaker proves it by a model of its
// own.
//
// Together the variants take five seconds, or what is asked for:
//
//	go test -race ./internal/soak -soak.time 10m -timeout 15m -v
//	go test -race ./internal/soak -soak.seed 42
//
// A seed fixes the configurations and what each enricher does, not how
// goroutines are scheduled.
package soak
