// Package enrichers has the failure enrichers of the example job manager. Copy and
// change them for your own service.
//
//   - example-cause derives from the error what kind of failure it was and its
//     reason: the labels kind and reason.
//   - example-triage reads these two, and says who is responsible for the failure
//     and whether a restart can help: the labels owner and JOB_CANNOT_RESTART.
//
// Importing the package registers both, as importing a database driver does. They
// run if the configuration names them:
//
//	failure-enrichers: [example-cause, example-triage]
//	failure-enricher:
//	  example-triage:
//	    final-reasons: [malformed-row, panic]
//	    owners: {SYSTEM: platform, DEPENDENCY: integrations}
package enrichers

import "github.com/failure-enrichers/enricher"

func init() {
	enricher.Register("example-cause", enricher.FactoryFunc(newCause))
	enricher.Register("example-triage", enricher.NewFactory(triageDefaults, newTriage))
}
