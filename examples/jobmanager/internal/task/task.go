// Package task has the kinds of work that jobs do. Each is a
// [manager.Task], and each fails the way such work fails: with an error that has
// a type, so that enrichers can tell it from others without reading its text.
package task

import "github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"

var _ = []manager.Task{Command{}, HTTP{}, CSV{}, Primes{}, Percentile{}, Steps{}}
