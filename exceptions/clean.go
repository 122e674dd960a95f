package exceptions

import (
	"crypto/sha256"
	"encoding/binary"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/internal/text"
)

// cutMark ends a text that was cut.
const cutMark = "… [cut]"

// margin is how much more of a text than its bound the redactor gets: a secret
// may be recognizable only by its end.
const margin = 4096

// withheld is kept in place of a text whose redactor panicked.
const withheld = "[withheld: the redactor panicked]"

// keep returns what is kept of a third-party text: cleaned, redacted, and at most
// limit bytes. The result shares no memory with s, which may be part of something
// large.
func (h *History) keep(s string, limit int) string {
	kept, _, _ := h.keepWhole(s, limit)
	return kept
}

// keepWhole is keep, and also returns the text that the redactor got, and what it made
// of it.
func (h *History) keepWhole(s string, limit int) (kept, near, redacted string) {
	if s == "" || limit <= 0 {
		return "", "", ""
	}
	near = clean(s, limit+margin)
	redacted = h.redact(near, limit+margin)
	kept = redacted
	if len(s) > limit+margin && len(kept) < len(near) {
		// Redacting made the text shorter, so its end may be within the limit
		// now. That end may be a part of a secret that was not recognized.
		kept = kept[:1+strings.LastIndexAny(kept, " \t\n")]
		if len(kept) <= limit {
			kept += cutMark
		}
	}
	return h.cut(kept, limit), near, redacted
}

// join returns what is kept of a text that is made of texts that were kept: it may have
// a secret now that was in none of them, such as password: on a line before it.
func (h *History) join(s string, limit int) string {
	return h.cut(h.redact(text.Cut(s, limit+margin), limit+margin), limit)
}

// Bounds of what a text loses so that the redactor leaves it.
const (
	maxShorter = 4   // words
	maxWord    = 256 // bytes of one
)

// cut is like the function, but the redactor leaves the result as it is: a text is
// not cut in a mask, nor between a key and its value.
func (h *History) cut(s string, limit int) string {
	kept := cut(s, limit)
	shorter, marked := strings.CutSuffix(kept, cutMark)
	if kept == s || !marked {
		return kept
	}
	for range maxShorter {
		if shown := shorter + cutMark; h.redact(shown, limit+margin) == shown {
			return shown
		}
		shorter = strings.TrimRight(shorter, " \t\n")
		shorter = text.Cut(shorter, max(1+strings.LastIndexAny(shorter, " \t\n"), len(shorter)-maxWord))
	}
	return kept // a redactor that always finds something
}

// redact calls the redactor.
func (h *History) redact(s string, limit int) string {
	redacted := withheld
	guard.Do(func() { redacted = h.opts.Redact(s) })
	if redacted == s {
		return s
	}
	return clean(redacted, limit)
}

// clean returns at most limit bytes of s as [text.Clean] does, but without
// carriage returns, so that lines may end as on Windows.
func clean(s string, limit int) string {
	return text.Clean(strings.ReplaceAll(text.Cut(s, limit), "\r", ""), limit)
}

// cut returns s if it has at most limit bytes, and otherwise its beginning and a
// mark: together at most limit bytes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	if limit < 4*len(cutMark) {
		return text.Cut(s, limit)
	}
	return text.Cut(s, limit-len(cutMark)) + cutMark
}

// name returns what is kept of a name.
func (h *History) name(s string) string { return h.keep(s, maxNameLength) }

// identity returns what is kept of an ID or a key: at most limit bytes. IDs that
// differ stay different: one that is not kept as it is ends with a hash of the
// whole. If a secret was masked, the hash depends on the history, because a secret
// can be guessed from its hash.
func (h *History) identity(s string, limit int) string {
	if s == "" {
		return ""
	}
	near := clean(s, limit+margin)
	kept := h.redact(near, limit+margin)
	if kept == s && len(s) <= limit {
		return kept
	}
	whole := s
	if kept != near {
		whole = h.salt + s
	}
	sum := sha256.Sum256([]byte(whole))
	hash := "~" + strconv.FormatUint(binary.BigEndian.Uint64(sum[:]), 36)
	return h.keep(s, limit-len(hash)) + hash
}

// keepMap returns what is kept of a map of strings: the first entries in the order
// of their keys, and how many there were more. The map is never nil.
func (h *History) keepMap(m map[string]string, most int) (kept map[string]string, dropped int) {
	keys := slices.Collect(maps.Keys(m))
	if len(keys) > most {
		slices.Sort(keys)
		dropped = len(keys) - most
		keys = keys[:most]
	}
	kept = make(map[string]string, len(keys))
	for _, k := range keys {
		kept[h.identity(k, maxKeyLength)] = h.keepKeyed(k, m[k], max(h.opts.MaxMessageLength, minValueLength))
	}
	return kept, dropped
}

// keepKeyed is like keep, but the redactor sees the value behind its key, which may
// say that the value is a secret.
func (h *History) keepKeyed(key, value string, limit int) string {
	if h.masksKeys && redact.IsSecret(key, value) {
		return "***" // all of it, also if the redactor would end at a space
	}
	prefix := clean(key, maxKeyLength) + "="
	kept := h.keep(prefix+value, limit+len(prefix))
	// If the redactor changed the key as well, it stays.
	return h.join(strings.TrimPrefix(kept, prefix), limit)
}

// masksSecretKeys reports whether the redactor masks the values of secret keys.
func (h *History) masksSecretKeys() bool {
	const secret = "password=x"
	return h.redact(secret, len(secret)+margin) != secret
}
