//go:build linux

package corpustest

import "slices"

// common are failures of clients that many services use, and errors that services make
// themselves. What is expected of each was written down before the enrichers were run on
// them, which were improved with it later, and is in testdata/common.json with its source.
var common = slices.Concat(
	commonTexts,
	commonTypes,
	commonStandard,
	commonClients,
	commonMore,
)
