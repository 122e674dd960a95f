//go:build linux

package corpustest

import "slices"

// grown is the set that was written along with the enrichers.
var grown = slices.Concat(
	fileFailures,
	systemFailures,
	netFailures,
	dnsFailures,
	tlsFailures,
	httpFailures,
	statusFailures,
	execFailures,
	contextFailures,
	panicFailures,
	jsonFailures,
	parseFailures,
	binaryFailures,
	wrappedFailures,
	sqliteFailures,
	postgresFailures,
	mysqlFailures,
	redisFailures,
	grpcFailures,
	connectFailures,
	smithyFailures,
)
