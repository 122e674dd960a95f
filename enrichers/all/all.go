// Package all imports every ready-made enricher, so that a configuration can name
// them:
//
//	import _ "github.com/failure-enrichers/enricher/enrichers/all"
package all

import (
	_ "github.com/failure-enrichers/enricher/enrichers/attached"    // attached
	_ "github.com/failure-enrichers/enricher/enrichers/errtype"     // error
	_ "github.com/failure-enrichers/enricher/enrichers/fault"       // type
	_ "github.com/failure-enrichers/enricher/enrichers/fingerprint" // fingerprint
	_ "github.com/failure-enrichers/enricher/enrichers/owner"       // owner
	_ "github.com/failure-enrichers/enricher/enrichers/restart"     // restart
	_ "github.com/failure-enrichers/enricher/enrichers/rules"       // rules
	_ "github.com/failure-enrichers/enricher/enrichers/static"      // static
	_ "github.com/failure-enrichers/enricher/enrichers/webhook"     // webhook
)
