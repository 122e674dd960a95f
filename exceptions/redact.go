package exceptions

import "github.com/failure-enrichers/enricher/redact"

// Redact returns text with what looks like a secret replaced by "***":
//
//   - passwords in URLs, such as postgres://user:***@host/db, and in data source
//     names, such as user:***@tcp(host)/db
//   - values of keys such as password, token, secret or api_key, alone or at the
//     end of a longer key, numbered or not, in query strings, JSON, log lines,
//     key=value lists and command lines: quoted or not, and also where the quotes
//     are escaped
//   - bearer and basic credentials, Authorization and Cookie headers
//   - private keys in PEM form
//
// It knows forms, not secrets: one that stands in a sentence stays. And it would
// rather mask a word too many than a password too few.
//
// Redacting what is redacted changes nothing. The time is proportional to the
// length of text, whatever it is.
func Redact(text string) string { return redact.Text(text) }
