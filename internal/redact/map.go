package redact

import (
	"maps"
	"slices"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

// Map is documented in the public package of this name, but the copy of a nil map is nil.
func Map(m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	out := make(map[string]string, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		shown := Text(key)
		if _, taken := out[shown]; taken {
			continue
		}
		if m[key] != "" && secretkey.Is(key) && !isReference(key, m[key]) {
			out[shown] = mask
		} else {
			out[shown] = Text(m[key])
		}
	}
	return out
}

// All returns a copy of texts, with each as [Text] returns it. The copy of nil is nil.
func All(texts []string) []string {
	texts = slices.Clone(texts)
	for i, s := range texts {
		texts[i] = Text(s)
	}
	return texts
}
