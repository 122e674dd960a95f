// Package soak has no code, only a test of the whole library under load.
//
// Several callers report failures in every way there is, while the Enricher is replaced
// again and again by one with another random configuration, and the old one is shut
// down, often by force. Among the enrichers are good ones, and ones that are slow, hang,
// fail, panic, exit their goroutine, set undeclared or invalid labels, write to maps
// that they have returned, and leak goroutines.
//
// What each call does is a function of the seed, the enricher and the failure, so that a
// plain model can tell what every [enricher.Result] may be. Each is checked against that
// model. Counts, log lines, goroutines and memory are checked while no failure is
// reported; calls to Close at the end.
//
// The test has two variants: one in fake time, where budgets are exact, and one in real
// time, where goroutines race and the machine may be slow. Which
// calls get a slot, and when a breaker opens and closes, is left to the model tests of
// internal/bulkhead, internal/breaker and internal/fanout.
//
// Together the variants take five seconds, or what is asked for:
//
//	go test -race ./internal/soak -soak.time 10m -timeout 15m -v
//	go test -race ./internal/soak -soak.seed 42
//
// A seed fixes the configurations and what each enricher does, not how goroutines are
// scheduled.
package soak
