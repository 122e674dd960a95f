package redact

import (
	"maps"
	"slices"
	"strings"

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
		out[shown] = shownUnder(key, m[key])
	}
	return out
}

// IsSecret reports whether key says that all of value is a secret.
func IsSecret(key, value string) bool {
	return value != "" && secretkey.Is(key) && !isReference(key, value)
}

// shownUnder returns what is shown of a value that is apart from its key.
func shownUnder(key, value string) string {
	if IsSecret(key, value) {
		return mask
	}
	value = Text(value)
	if isKeyWord(key) || isNumberKey(key) || isForeignKey(key) || isVariable(key) { // the value says whether it is a secret
		if shown, ok := strings.CutPrefix(Text(key+"="+value), key+"="); ok {
			return shown
		}
	}
	return value
}

// All returns a copy of texts, with each as [Text] returns it. The copy of nil is nil.
func All(texts []string) []string {
	texts = slices.Clone(texts)
	for i, s := range texts {
		texts[i] = Text(s)
	}
	return texts
}
