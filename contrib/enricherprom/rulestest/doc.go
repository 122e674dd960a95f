// Package rulestest contains only tests. They evaluate alerts.yaml and dashboard.json
// of enricherprom with the engine of Prometheus: on the series of alerts_test.yaml, and
// on those that the exporter gives over hours of simulated time.
//
// Because of what Prometheus depends on, the module is not in go.work: run
// GOWORK=off go test -count=1 . in this directory.
package rulestest
