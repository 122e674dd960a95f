//go:build linux

package corpustest

import "slices"

// further are failures out of public bug reports and the documentation of clients and
// servers that are in no other set, or of which few codes are. What is expected of each
// was written down before the enrichers were run on them, which were improved with it
// later, and is in testdata/further.json with its source.
var further = slices.Concat(
	furtherDatabases,
	furtherBrokers,
	furtherAPIs,
	furtherNetworks,
)
