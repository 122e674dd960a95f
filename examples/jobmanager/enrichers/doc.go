// Package enrichers has the failure enrichers of the example job manager. They
// are meant to be copied, and changed to say what matters where you work.
//
//   - example-cause tells from the error what kind of failure it is and what the
//     reason is: the labels kind and reason.
//   - example-triage reads these two, and says who has to look at the failure and
//     whether running the job again is any use: the labels owner and
//     JOB_CANNOT_RESTART.
//
// Importing the package registers both, as importing a database driver does. They
// run where the configuration names them:
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
