// Package corpustest has nothing but tests: they provoke real failures, as jobs
// meet them, and check what the enrichers type, error and restart say about
// each. It is a module of its own for the sake of the drivers and clients whose
// failures it provokes, and it needs Linux, for the failures of the system.
//
// The corpus has two halves. The one named grown was written along with the
// enrichers, and they have to know all of it. The one named independent was
// written by somebody who did not know them; it measures how good they are at
// failures that nobody had in mind.
package corpustest
