package exceptions

import "github.com/failure-enrichers/enricher/redact"

// Redact returns text with what looks like a secret replaced by "***". It is
// [redact.Text].
func Redact(text string) string { return redact.Text(text) }
