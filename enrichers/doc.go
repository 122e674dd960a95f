// Package enrichers is the home of the ready-made failure enrichers, each in a
// package of its own below this one. It also has [Coalesce], which helps to write
// more.
//
//	package      registered as  labels
//	fault        type           type, hint
//	errtype      error          error_type, error_code
//	rules        rules          the ones that its rules set
//	fingerprint  fingerprint    fingerprint, fingerprint_message
//	restart      restart        retry, retry_after, JOB_CANNOT_RESTART, attempt_counts,
//	                            expected
//	attached     attached       the ones that errors carry
//	static       static         fixed ones
//	owner        owner          team, oncall, runbook
//	webhook      webhook        none, or one under a key of your choice
//
// Each describes its labels (enricher.LabelDescriber), and those with conditions on
// labels say which values they look for (enricher.ValueReader), so that a misspelt
// value is a warning when the configuration is loaded. It is not if the label may
// have any value, such as one that a reloaded file sets, nor is a glob that matches no
// value.
//
// Import a package to make its enricher available to configurations; package all
// imports them all. Each can also be made in code, by its function New.
package enrichers
