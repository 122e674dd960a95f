package exceptions

import (
	"hash/fnv"
	"maps"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// cutMark ends a text that was cut.
const cutMark = "… [cut]"

// margin is how much more of a text than its bound the redactor gets to see:
// the end of a secret may be what gives it away.
const margin = 4096

// withheld is kept of a text whose redactor panicked.
const withheld = "[withheld: the redactor panicked]"

// keep returns what is kept of a stranger's text: cleaned, redacted, and at most
// limit bytes. It shares no memory with text, which may be a part of something
// large.
func (h *History) keep(text string, limit int) string {
	if text == "" || limit <= 0 {
		return ""
	}
	text, cropped := crop(text, limit+margin)
	text = h.redact(clean(text), limit+margin)
	if cropped && len(text) < limit+margin {
		// The redactor has drawn the end nearer. It may be half a secret, which
		// nobody could recognise.
		text = text[:1+strings.LastIndexAny(text, " \t\n")]
		if len(text) <= limit {
			text += cutMark
		}
	}
	return strings.Clone(cut(text, limit))
}

func crop(s string, limit int) (string, bool) {
	if len(s) <= limit {
		return s, false
	}
	return s[:limit], true
}

// redact calls the redactor, which may be a stranger's.
func (h *History) redact(text string, limit int) (redacted string) {
	defer func() {
		if recover() != nil {
			redacted = withheld
		}
	}()
	redacted, _ = crop(h.opts.Redact(text), limit)
	if redacted == text {
		return text
	}
	return clean(redacted)
}

// cut returns s if it has at most limit bytes, and otherwise its beginning and a
// mark: together at most limit bytes.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	mark := cutMark
	if limit < 4*len(mark) {
		mark = ""
	}
	n := limit - len(mark)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + mark
}

// clean returns s as valid UTF-8 without control characters other than tab and
// newline. Nearly all texts are plain ASCII.
func clean(s string) string {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' && c != '\n' || c >= 0x7f {
			return cleanRunes(s)
		}
	}
	return s
}

func cleanRunes(s string) string {
	if utf8.ValidString(s) && strings.IndexFunc(s, isUnwanted) < 0 {
		return s
	}
	return strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return -1
		case isUnwanted(r):
			return utf8.RuneError
		default:
			return r
		}
	}, s)
}

func isUnwanted(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }

// name returns what is kept of a name.
func (h *History) name(s string) string { return h.keep(s, maxNameLength) }

// identity returns what is kept of an ID or a key: at most limit bytes. Two that
// differ still do: one that is cut ends with a hash of the whole.
func identity(s string, limit int) string {
	if len(s) <= limit {
		return strings.Clone(clean(s))
	}
	sum := fnv.New64a()
	sum.Write([]byte(s))
	tail := "~" + strconv.FormatUint(sum.Sum64(), 36)
	n := limit - len(tail)
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return clean(s[:n]) + tail
}

// keepMap returns what is kept of a map of strings: the first in the order of
// their keys. It is never nil. Where keyed, keys can say that their values are
// secrets.
func (h *History) keepMap(m map[string]string, most int, keyed bool) map[string]string {
	kept := make(map[string]string, min(len(m), most))
	limit := max(h.opts.MaxMessageLength, minValueLength)
	add := func(key, value string) {
		key = identity(key, maxKeyLength)
		if keyed {
			kept[key] = h.keepKeyed(key, value, limit)
		} else {
			kept[key] = h.keep(value, limit)
		}
	}
	if len(m) <= most {
		for key, value := range m {
			add(key, value)
		}
		return kept
	}
	for _, key := range slices.Sorted(maps.Keys(m))[:most] {
		add(key, m[key])
	}
	return kept
}

// keepKeyed is keep for a value whose key may say that it is a secret.
func (h *History) keepKeyed(key, value string, limit int) string {
	prefix := key + "="
	kept := h.keep(prefix+value, limit+len(prefix))
	if kept, ok := strings.CutPrefix(kept, prefix); ok {
		return kept
	}
	return cut(kept, limit) // the redactor has its own way
}
