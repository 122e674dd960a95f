// Package reported makes failures that public bug reports tell of, with the client
// libraries that the reports are about. What is expected of each, and where it was
// reported, is in testdata/reported.json of the package above.
package reported

import "slices"

// A Failure is one that a client library makes itself.
type Failure struct {
	Name string
	Make func() error // returns nil if this machine does not let it happen
}

// All are all failures.
var All = slices.Concat(databases, brokers, clouds, apis, platform, jobs, network)
