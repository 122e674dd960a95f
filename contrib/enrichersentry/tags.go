package enrichersentry

import (
	"cmp"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"unicode"

	"github.com/failure-enrichers/enricher"
)

const (
	maxTagKey   = 32  // characters
	maxTagValue = 200 // characters
)

// ownTags are keys of tags that Sentry makes of other fields of the event. It drops
// those of a client; of "environment" it makes that of the event.
var ownTags = []string{"dist", "environment", "filename", "function", "release", "user"}

// A tagger makes tags of labels.
type tagger struct {
	logger *slog.Logger // nil is the default one
	warned sync.Map     // keys that Sentry does not accept, as a set
}

// addTags returns tags with those of labels that it does not have and that Sentry
// accepts. Labels must not hold secrets.
func (t *tagger) addTags(tags map[string]string, labels enricher.Labels) map[string]string {
	if tags == nil {
		tags = make(map[string]string, len(labels))
	}
	for key, value := range labels {
		if !isTagKey(key) {
			t.warn(key)
			continue
		}
		if value = tagValue(value); value == "" {
			continue // Sentry takes it for an error
		}
		if _, taken := tags[key]; !taken {
			tags[key] = value
		}
	}
	return tags
}

// warn logs that key is no key of a tag, once. The keys are those that enrichers declare,
// so there are not many.
func (t *tagger) warn(key string) {
	if _, before := t.warned.LoadOrStore(key, true); before {
		return
	}
	cmp.Or(t.logger, slog.Default()).Warn("Label without a tag in Sentry: the key must be 1 to 32 of the characters a-z A-Z 0-9 _ . : - and none of Sentry's own",
		"key", key, "own", ownTags)
}

func isTagKey(key string) bool {
	const special = "_.:-"
	for _, r := range key {
		if !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune(special, r)) {
			return false
		}
	}
	return key != "" && len(key) <= maxTagKey && !slices.Contains(ownTags, key)
}

// tagValue returns value in one line, cut to the length that Sentry accepts.
func tagValue(value string) string {
	value = strings.Map(func(r rune) rune {
		if unicode.IsSpace(r) {
			return ' '
		}
		return r
	}, value)
	n := 0
	for i := range value {
		if n++; n > maxTagValue {
			value = value[:i]
			break
		}
	}
	return strings.TrimSpace(value)
}

const (
	maxValue = 1 << 10 // bytes, of a string in a section
	maxKeys  = 64      // of a map in a section
)

// short returns the first keys of m, with their values cut: Sentry rejects an event
// that is too large.
func short(m map[string]string) map[string]string {
	out := make(map[string]string, min(len(m), maxKeys))
	for _, key := range slices.Sorted(maps.Keys(m))[:min(len(m), maxKeys)] {
		out[cut(key, maxName)] = cut(m[key], maxValue)
	}
	return out
}
