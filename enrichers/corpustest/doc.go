// Package corpustest contains only tests. They provoke real failures of jobs and
// check the labels that the enrichers type, error and restart set for each. It is a
// module of its own because of the drivers and clients whose failures it provokes,
// and it needs Linux for the failures of the system.
//
// The failures in the set grown were chosen along with the enrichers, which must
// label all of them correctly. The failures in the other sets were chosen, provoked
// and judged without knowledge of the enrichers, and measure how good these are at
// failures that they were not written for. Those of the set independent were used
// later to improve the enrichers: at first, 11.9 % were UNKNOWN that should not have
// been, 5.1 % had another wrong type, and 18.6 % a wrong retry. Those of the set
// unseen were not: at first, 2.0 %, none, and 4.0 %. Those of the set reported come from
// public bug reports, and package reported makes them with some sixty clients: they were
// used to improve the enrichers, too. So were those of the set fresh, which come from bug
// reports of other clients: at first, 32.7 %, 7.3 % and 34.5 %. And so were those of the
// set further: at first, 38.9 %, 15.6 % and 41.1 %; and those of the set common, of clients
// that many services use and of services themselves: at first, 60.2 %, 3.4 % and 31.4 %; and
// those of the set batch, of job managers and batch systems: at first, 26.3 %, 2.5 % and 17.8 %.
//
// Those of the set siblings are other failures of the clients in reported: at first, 0.8 %,
// none and 4.0 %.
//
// docs/judgments.md has the figures of all sets. Because of its many clients the
// module is not in go.work: run GOWORK=off go test in this directory.
package corpustest
