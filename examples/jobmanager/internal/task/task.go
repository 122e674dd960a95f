// Package task has the kinds of work that jobs do. Each is a [manager.Task], and
// fails with an error that has a type, so that enrichers need not read its text.
package task

import "github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"

var _ = []manager.Task{Command{}, HTTP{}, CSV{}, Primes{}, Percentile{}, Steps{}}
