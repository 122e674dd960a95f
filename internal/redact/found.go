package redact

import (
	"slices"
	"strings"
)

// Found is documented in the public package.
func Found(text string) []string { return Masked(text, Text(text)) }

// Masked returns the values that were masked in text to make redacted of it. If redacted
// has another one left, it may be a word that means no harm, unless it has letters and
// digits.
func Masked(text, redacted string) (values []string) {
	if text == redacted {
		return nil
	}
	parts := strings.Split(redacted, mask)
	rest, ok := strings.CutPrefix(text, parts[0])
	if !ok {
		return nil
	}
	for i, part := range parts[1:] {
		var value string
		if i < len(parts)-2 {
			value, rest, ok = strings.Cut(rest, part)
		} else {
			value, ok = strings.CutSuffix(rest, part)
		}
		if !ok { // more was changed than masked
			return values
		}
		if value = strings.TrimSpace(value); len(value) >= minValue && !isMasked(value) && (!strings.Contains(redacted, value) || isRather(value)) {
			values = append(values, value)
		}
	}
	return values
}

// hideOthers masks in redacted what was masked elsewhere in text: a secret may stand twice,
// once without what it was recognized by. Masked returns no word that is left.
func hideOthers(text, redacted string) string {
	values := slices.DeleteFunc(Masked(text, redacted), func(value string) bool { return !strings.Contains(redacted, value) })
	return Hider(values)(redacted)
}

// Hider returns a function that masks values, and nothing else, as [New] does. What a text
// has masked is to be masked in the texts that it was made of, too: the key or the form by
// which it was found may not be there.
func Hider(values []string) func(text string) string {
	if len(values) == 0 {
		return func(text string) string { return text }
	}
	known := New(values...)
	return func(text string) string { return known.mask(text, false) }
}
