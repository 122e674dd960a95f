package redact

import (
	"bytes"
	"encoding/json"
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

// known has the given values by their first minValue bytes, the longest first.
type known struct {
	forms   map[string][]string // as they are, and as JSON and Go write them
	encoded map[string][]string // with + for a space, as decoded returns them
}

// New is documented in the public package.
func New(values ...string) Redactor {
	k := known{map[string][]string{}, map[string][]string{}}
	for _, value := range values {
		value = strings.TrimSpace(value)
		if len(value) < minValue {
			continue
		}
		for _, form := range formsOf(value) {
			add(k.forms, form)
		}
		add(k.encoded, strings.ReplaceAll(value, " ", "+"))
	}
	return Redactor{k.mask}
}

// add adds form, unless it is there.
func add(forms map[string][]string, form string) {
	head := form[:minValue]
	if slices.Contains(forms[head], form) {
		return
	}
	forms[head] = append(forms[head], form)
	slices.SortFunc(forms[head], func(a, b string) int { return len(b) - len(a) })
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
	encoded := strings.ContainsAny(s, "%+")
	for i := 0; i+minValue <= len(s); i++ {
		end := k.find(s, i, keepKeys, encoded)
		if end > i && i >= to {
			e.mask(from, to)
			from = i
		}
		to = max(to, end)
	}
	e.mask(from, to)
	return e.String()
}

// find returns where the longest known value that begins at i ends, or 0. If encoded, it
// may be percent-encoded.
func (k *known) find(s string, i int, keepKeys, encoded bool) (end int) {
	for _, form := range k.forms[s[i:i+minValue]] {
		if strings.HasPrefix(s[i:], form) && (!keepKeys || !inKey(s, i, i+len(form))) {
			end = i + len(form)
			break
		}
	}
	if !encoded {
		return end
	}
	var head [minValue]byte
	for j, n := 0, i; j < minValue && n < len(s); j++ {
		c, width := decoded(s[n:])
		head[j] = c
		n += width
	}
	for _, value := range k.encoded[string(head[:])] {
		if n := encodedLen(s[i:], value); n > 0 && (!keepKeys || !inKey(s, i, i+n)) {
			return max(end, i+n)
		}
	}
	return end
}

// encodedLen returns how many bytes at the beginning of s stand for value, or 0 if s does
// not begin with it. As programs differ in what they encode, any character may be.
func encodedLen(s, value string) (n int) {
	for i := range len(value) {
		if n == len(s) {
			return 0
		}
		c, width := decoded(s[n:])
		if c != value[i] {
			return 0
		}
		n += width
	}
	return n
}

// decoded returns the byte that is at the beginning of s, perhaps percent-encoded, and
// its length there. A space, which may be written as +, is returned as +.
func decoded(s string) (c byte, n int) {
	c, n = s[0], 1
	if c == '%' && len(s) >= 3 {
		if code, err := strconv.ParseUint(s[1:3], 16, 8); err == nil {
			c, n = byte(code), 3
		}
	}
	if c == ' ' {
		c = '+'
	}
	return c, n
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

func jsonString(s string, escapeHTML bool) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(escapeHTML)
	_ = enc.Encode(s) // a string has no errors
	return unquoted(strings.TrimSuffix(b.String(), "\n"))
}

func unquoted(s string) string { return s[1 : len(s)-1] }
