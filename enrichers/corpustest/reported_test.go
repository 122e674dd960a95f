//go:build linux

package corpustest

import (
	"testing"

	"github.com/failure-enrichers/enricher/enrichers/corpustest/reported"
)

// reportedFailures are failures of public bug reports, made by the clients
// themselves.
var reportedFailures = func() []provocation {
	var all []provocation
	for _, f := range reported.All {
		all = append(all, provocation{f.Name, func(*testing.T) error { return f.Make() }})
	}
	return all
}()
