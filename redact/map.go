package redact

import (
	"maps"
	"slices"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

// Map returns a copy of m, such as labels or attributes, with each key and value as
// [Text] returns it. A value under the key of a secret, such as "password", is replaced
// by "***" as a whole, unless it is empty. The copy is never nil. If two keys become
// the same, the value of the one that is first in ascending order stays.
func Map(m map[string]string) map[string]string {
	out := make(map[string]string, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		value := Text(m[key])
		if value != "" && secretkey.Is(key) {
			value = "***"
		}
		if _, taken := out[Text(key)]; !taken {
			out[Text(key)] = value
		}
	}
	return out
}
