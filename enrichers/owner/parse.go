package owner

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/nearest"
)

// parseLine parses one line. It returns nil for one without a rule.
func parseLine(text string) (*line, error) {
	words, err := split(text)
	if err != nil || len(words) == 0 {
		return nil, err
	}
	l := &line{}
	n := 0
	for n < len(words) && isCondition(words[n]) {
		c, err := parseCondition(words[n])
		if err != nil {
			return nil, err
		}
		l.conditions = append(l.conditions, c)
		n++
	}
	l.text = strings.Join(words[:n], " ")
	switch {
	case n == 0:
		return nil, fmt.Errorf("%q: want a condition before the team: %s", words[0], conditionForms)
	case n == len(words):
		return nil, fmt.Errorf("%q: want the team after it", words[n-1])
	}
	if l.owner, err = parseOwner(words[n:]); err != nil {
		return nil, err
	}
	return l, nil
}

// split returns the words of a line, backslashes included, without the comment.
func split(text string) (words []string, err error) {
	if i := strings.IndexFunc(text, func(r rune) bool { return r == utf8.RuneError }); i >= 0 {
		if r, size := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && size == 1 {
			return nil, fmt.Errorf("the byte 0x%02x is not valid UTF-8", text[i])
		}
	}
	start := -1 // of the word, if there is one
	escaped := false
	for i, r := range text {
		space := !escaped && unicode.IsSpace(r)
		switch {
		case start < 0 && r == '#':
			return words, nil
		case start < 0 && !space:
			start = i
		case start >= 0 && space:
			words = append(words, text[start:i])
			start = -1
		}
		escaped = !escaped && r == '\\'
	}
	if escaped {
		return nil, errors.New(`want a character after the backslash at the end; one that means itself is written "\\"`)
	}
	if start >= 0 {
		words = append(words, text[start:])
	}
	return words, nil
}

// cut is [strings.Cut] for a separator without a backslash before it.
func cut(word string, separator rune) (before, after string, found bool) {
	escaped := false
	for i, r := range word {
		if r == separator && !escaped {
			return word[:i], word[i+1:], true
		}
		escaped = !escaped && r == '\\'
	}
	return word, "", false
}

// unescape returns what a word means.
func unescape(word string) string {
	var b strings.Builder
	escaped := false
	for _, r := range word {
		if escaped = !escaped && r == '\\'; !escaped {
			b.WriteRune(r)
		}
	}
	return b.String()
}

// parseOwner parses the team and what follows it.
func parseOwner(words []string) (o owner, err error) {
	key, value, found := cut(words[0], '=')
	switch {
	case found && key == KeyTeam:
		return o, fmt.Errorf("%q: want the team alone: %s", words[0], value)
	case found:
		return o, fmt.Errorf(`%q: want the team before it; where it is the team, write %s\=%s`, words[0], key, value)
	}
	o.team = unescape(words[0])
	if err := checkValue(o.team); err != nil {
		return o, err
	}
	for _, word := range words[1:] {
		key, value, found := cut(word, '=')
		if !found {
			return o, fmt.Errorf("%q: want oncall=NAME or runbook=URL after the team; there is one team, and conditions stand before it", word)
		}
		field := o.field(key)
		if field == nil {
			return o, unknown(word, key, "=", []string{KeyOncall, KeyRunbook}, "oncall=NAME or runbook=URL")
		}
		if *field != "" {
			return o, fmt.Errorf("%q: %s is given twice in a line", word, key)
		}
		*field = unescape(value)
		if *field == "" {
			return o, fmt.Errorf("%q: want a value, or no %s", word, key)
		}
		if err := checkValue(*field); err != nil {
			return o, err
		}
	}
	return o, nil
}

// field returns the field for a key, or nil.
func (o *owner) field(key string) *string {
	switch key {
	case KeyOncall:
		return &o.oncall
	case KeyRunbook:
		return &o.runbook
	}
	return nil
}

// checkValue returns an error if value cannot be the value of a label.
func checkValue(value string) error {
	if len(value) > enricher.DefaultMaxValueLength || !utf8.ValidString(value) || strings.IndexFunc(value, unicode.IsControl) >= 0 {
		return fmt.Errorf("%.64q: want at most %d bytes of valid UTF-8 without control characters", value, enricher.DefaultMaxValueLength)
	}
	return nil
}

// unknown returns the error for a word that begins with no known key.
func unknown(word, key, separator string, known []string, want string) error {
	if near, ok := nearest.Name(key, known); ok {
		return fmt.Errorf("%q: unknown %q, did you mean %q? want %s", word, key+separator, near+separator, want)
	}
	return fmt.Errorf("%q: unknown %q: want %s", word, key+separator, want)
}
