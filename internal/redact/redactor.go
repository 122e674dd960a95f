package redact

import (
	"bytes"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

// A Redactor is documented in the public package. Its zero value is usable.
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

// New is documented in the public package.
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

// Text is documented in the public package.
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
	e := edit{src: s, told: true}
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
	return secretkey.Is(s[start : to+wordLen(s[to:])])
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
