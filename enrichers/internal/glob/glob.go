// Package glob matches names against patterns such as "import-*".
package glob

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/internal/text"
)

const (
	MaxPattern = 1024     // the longest pattern, in bytes
	MaxText    = 64 << 10 // the part of a text that is matched, in bytes
)

// Compile returns the pattern that s describes. In it
//
//	?       is any one character
//	*       is any text, including none, and including slashes
//	[a-cx]  is one of these characters; [!a-cx] and [^a-cx] are any other
//	\c      is the character c, without its special meaning
//
// and every other character is itself. Upper and lower case differ. A pattern
// that is malformed, longer than [MaxPattern] or not valid UTF-8 is an error.
func Compile(s string) (*Pattern, error) {
	if len(s) > MaxPattern {
		return nil, fmt.Errorf("pattern %q... has %d bytes: must have at most %d", text.Cut(s, 32), len(s), MaxPattern)
	}
	if !utf8.ValidString(s) {
		return nil, fmt.Errorf("pattern %q is not valid UTF-8", s)
	}
	expression, literal, isLiteral := `(?s)\A`, "", true
	for rest := replacement.Replace(s); rest != ""; {
		token := element.FindString(rest)
		translated, err := translate(token)
		if err != nil {
			return nil, fmt.Errorf("pattern %q: %w", s, err)
		}
		expression, rest = expression+translated, rest[len(token):]
		literal += strings.TrimPrefix(token, `\`)
		isLiteral = isLiteral && token != "*" && token != "?" && token[0] != '['
	}
	re, err := regexp.Compile(expression + `\z`)
	if err != nil {
		return nil, fmt.Errorf("pattern %q: %w", s, err)
	}
	p := &Pattern{text: s, literal: literal, isLiteral: isLiteral, prefix: s, suffix: s[strings.LastIndexAny(s, `*?]\`)+1:], re: re}
	if i := strings.IndexAny(s, `*?[\`); i >= 0 {
		p.prefix = s[:i]
	}
	return p, nil
}

// A Pattern is a compiled glob. Its methods may be called concurrently.
type Pattern struct {
	text           string
	literal        string // the only text that re matches, if isLiteral
	isLiteral      bool
	prefix, suffix string // of what re matches; quicker to look for
	re             *regexp.Regexp
}

// String returns the text that p was compiled from.
func (p *Pattern) String() string { return p.text }

// Literals returns the texts of those patterns that match one text only.
func Literals(patterns ...*Pattern) (texts []string) {
	for _, p := range patterns {
		if p.isLiteral {
			texts = append(texts, p.literal)
		}
	}
	return texts
}

// Disjoint reports whether no text matches both p and q, as far as their beginnings and
// ends say, or a pattern that matches one text only.
func Disjoint(p, q *Pattern) bool {
	return p.isLiteral && !q.Match(p.literal) || q.isLiteral && !p.Match(q.literal) ||
		!strings.HasPrefix(p.prefix, q.prefix) && !strings.HasPrefix(q.prefix, p.prefix) ||
		!strings.HasSuffix(p.suffix, q.suffix) && !strings.HasSuffix(q.suffix, p.suffix)
}

// Match reports whether p describes all of s, or the first [MaxText] bytes of a
// longer s. A byte of s that is not valid UTF-8 is a character that differs from
// every other. The time it takes grows linearly with the length of s.
func (p *Pattern) Match(s string) bool {
	s = s[:min(len(s), MaxText)]
	return strings.HasPrefix(s, p.prefix) && strings.HasSuffix(s, p.suffix) && p.re.MatchString(replacement.Replace(s))
}

// replacement keeps U+FFFD apart from bytes that are not valid UTF-8: package
// regexp takes such a byte for U+FFFD. U+10FFFF is no character.
var replacement = strings.NewReplacer("\uFFFD", "\U0010FFFF")

var (
	// element matches what one call of translate translates; the empty string if
	// the text begins with a malformed class or ends with a backslash.
	element = regexp.MustCompile(`(?s)\A(?:\[(?:\\.|[^\\\]])+\]|\\.|[^\\\[])?`)

	// member matches a character or a range of characters in a class.
	member = regexp.MustCompile(`(?s)(\\.|[^\\])(?:-(\\.|[^\\]))?`)
)

var (
	errMalformed = errors.New(`must have a character after each backslash, and a "]" and at least one character after each "["; ` +
		`write "\\" and "\[" for the characters themselves`)
	errRange = errors.New(`must have ascending ranges, such as "[a-z]"`)
)

// translate returns the regular expression for an element of a pattern.
func translate(element string) (string, error) {
	switch {
	case element == "":
		return "", errMalformed
	case element == "*":
		return ".*", nil
	case element == "?":
		return ".", nil
	case element[0] == '[':
		return translateClass(element[1 : len(element)-1])
	}
	return regexp.QuoteMeta(strings.TrimPrefix(element, `\`)), nil
}

// translateClass returns the regular expression for a class without its brackets.
func translateClass(class string) (string, error) {
	expression := "["
	if class[0] == '!' || class[0] == '^' {
		expression, class = "[^", class[1:]
	}
	if class == "" {
		return "", errMalformed
	}
	for _, m := range member.FindAllStringSubmatch(class, -1) {
		first, _ := utf8.DecodeLastRuneInString(m[1])
		last := first
		if m[2] != "" {
			last, _ = utf8.DecodeLastRuneInString(m[2])
		}
		if last < first {
			return "", errRange
		}
		expression += fmt.Sprintf(`\x{%x}-\x{%x}`, first, last)
	}
	return expression + "]", nil
}
