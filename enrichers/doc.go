// Package enrichers is the home of the ready-made failure enrichers, each in a
// package of its own below this one, and has what helps to build more.
//
//	package      registered as  labels
//	fault        type           type
//	errtype      error          error_type, error_code
//	rules        rules          what its rules say
//	fingerprint  fingerprint    fingerprint, fingerprint_message
//	restart      restart        retry, retry_after, JOB_CANNOT_RESTART
//	attached     attached       what errors carry
//	static       static         fixed ones
//	owner        owner          team, oncall, runbook
//	webhook      webhook        none, or one of a key of your choice
//
// Whoever imports a package can configure its enricher; package all imports them
// all. Each can also be made in code, by its function New.
package enrichers
