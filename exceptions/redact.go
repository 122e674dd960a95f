package exceptions

import "github.com/failure-enrichers/enricher/redact"

// Redact returns text with what looks like a secret replaced by "***":
//
//   - passwords in URLs, such as postgres://user:***@host/db, and in data source
//     names, such as user:***@tcp(host)/db
//   - values of keys such as password, token, secret or api_key, alone or at the
//     end of a longer key, numbered or not, in query strings, JSON, log lines,
//     key=value lists and command lines: quoted or not, also with escaped quotes
//   - bearer and basic credentials, Authorization and Cookie headers
//   - private keys in PEM form
//
// It recognizes forms, not secrets: a password in a sentence is not masked. When
// in doubt, it masks.
//
// Redact is idempotent. Its time is proportional to the length of text. It is
// [redact.Text].
func Redact(text string) string { return redact.Text(text) }
