package redact

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/internal/secretkey"
)

// A Redactor is for a service that knows its secrets: besides what [Text] masks, it
// masks given values wherever they are. Its zero value knows none and masks what Text
// does. A Redactor may be copied, and its methods may be called concurrently. It keeps
// the values in memory; printing it does not show them.
type Redactor struct {
	// mask is known.mask, or nil. Package fmt prints no more than the address of a
	// function.
	mask func(text string, keepKeys bool) string
}

// minValue is the length of the shortest value that is masked.
const minValue = 4

// known has the forms of the given values by their first minValue bytes, the longest
// first.
type known struct{ forms map[string][]string }

// New returns a Redactor that masks each of values: as it is, percent-encoded, and
// within JSON or Go strings, which may be quoted again. White space around a value is
// ignored. So is a value of fewer than 4 bytes, because it would be found in other
// words. It does not recognize other encodings, such as Base64.
func New(values ...string) Redactor {
	k := known{map[string][]string{}}
	for _, value := range values {
		value = strings.TrimSpace(value)
		if len(value) < minValue {
			continue
		}
		for _, form := range formsOf(value) {
			head := form[:minValue]
			if !slices.Contains(k.forms[head], form) {
				k.forms[head] = append(k.forms[head], form)
			}
		}
	}
	for _, forms := range k.forms {
		slices.SortFunc(forms, func(a, b string) int { return len(b) - len(a) })
	}
	return Redactor{k.mask}
}

// Text returns text as [Text] does, with the known values replaced by "***" too. Those
// that overlap are replaced together. If the known values are valid UTF-8, a text that
// is valid UTF-8 stays so. The time is proportional to the length of text and, at
// worst, the total length of the values.
func (r Redactor) Text(text string) string {
	if r.mask == nil {
		return Text(text)
	}
	for range maxRounds {
		// At first the key in secret=hunter2 stays, even if it is a known value:
		// Text must find what it is the key of.
		redacted := r.mask(Text(r.mask(text, true)), false)
		if redacted == text {
			break
		}
		text = redacted
	}
	return text
}

// mask masks the known values. If keepKeys, it keeps those that are part of a word
// that can be the key of a secret.
func (k *known) mask(s string, keepKeys bool) string {
	e := edit{src: s}
	from, to := 0, 0 // what is to be masked
	for i := 0; i+minValue <= len(s); i++ {
		for _, form := range k.forms[s[i:i+minValue]] {
			if !strings.HasPrefix(s[i:], form) || keepKeys && inKey(s, i, i+len(form)) {
				continue
			}
			if i >= to {
				e.mask(from, to)
				from = i
			}
			to = max(to, i+len(form))
			break
		}
	}
	e.mask(from, to)
	return e.String()
}

// inKey reports whether s[from:to] is within a word that can be the key of a secret.
func inKey(s string, from, to int) bool {
	for i := from; i < to; i++ {
		if !isWord(s[i]) {
			return false
		}
	}
	_, start := wordBefore(s, 0, from)
	for end := to; to < len(s) && to-end < maxKey && isWord(s[to]); {
		to++
	}
	return secretkey.Is(s[start:to])
}

// formsOf returns how value, which is not empty, may be written.
func formsOf(value string) []string {
	forms := []string{value}
	for _, escaped := range []string{
		url.QueryEscape(value), url.PathEscape(value), url.User(value).String(), (&url.URL{Path: value}).EscapedPath(),
	} {
		forms = append(forms, escaped, lowerEscapes(escaped))
	}
	quoted := []string{value}
	for range 2 {
		var next []string
		for _, s := range quoted {
			next = append(next, unquoted(strconv.Quote(s)), unquoted(strconv.QuoteToASCII(s)), jsonString(s, true), jsonString(s, false))
		}
		slices.Sort(next)
		quoted = slices.Compact(next)
		forms = append(forms, quoted...)
	}
	return forms
}

// lowerEscapes returns s with %2F as %2f.
func lowerEscapes(s string) string {
	b := []byte(s)
	for i := 0; i+2 < len(b); i++ {
		if b[i] == '%' {
			copy(b[i:], bytes.ToLower(b[i:i+3]))
		}
	}
	return string(b)
}

func jsonString(s string, escapeHTML bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	_ = enc.Encode(s) // a string has no errors
	return unquoted(strings.TrimSuffix(b.String(), "\n"))
}

func unquoted(s string) string { return s[1 : len(s)-1] }
