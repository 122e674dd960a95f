package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A template is the value of a label, in which groups of a regular expression may
// stand. The form is that of [regexp.Regexp.Expand], but what is nothing there,
// such as a group that the expression does not have, is an error here.
type template struct {
	parts  []part
	groups bool
	fixed  string // the whole value where there are no groups
}

// A part is a text, or a group.
type part struct {
	text  string
	group int // -1: none
}

// parseTemplate parses text with the groups of re, which may be nil.
func parseTemplate(text string, re *regexp.Regexp) (template, error) {
	var t template
	rest := text
	for rest != "" {
		literal, after, found := strings.Cut(rest, "$")
		if literal != "" {
			t.parts = append(t.parts, part{literal, -1})
		}
		if rest = after; !found {
			break
		}
		if after, ok := strings.CutPrefix(rest, "$"); ok {
			t.parts, rest = append(t.parts, part{"$", -1}), after
			continue
		}
		name, after, err := groupName(rest)
		if err != nil {
			return template{}, err
		}
		group, err := groupIndex(name, re)
		if err != nil {
			return template{}, err
		}
		t.parts, t.groups, rest = append(t.parts, part{group: group}), true, after
	}
	if !t.groups {
		t.fixed = clean(t.join("", nil))
	}
	return t, nil
}

// groupName returns the name or number that stands after a dollar sign.
func groupName(text string) (name, rest string, err error) {
	if braced, ok := strings.CutPrefix(text, "{"); ok {
		name, rest, ok = strings.Cut(braced, "}")
		if ok && name != "" {
			return name, rest, nil
		}
	} else if rest = strings.TrimLeftFunc(text, isWord); len(rest) < len(text) {
		return text[:len(text)-len(rest)], rest, nil
	}
	return "", "", fmt.Errorf(`"$" is followed by no group: want $1, ${1}, $name or ${name}, or "$$" for a dollar sign`)
}

func isWord(r rune) bool {
	return r == '_' || '0' <= r && r <= '9' || 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z'
}

// groupIndex returns the index of a group.
func groupIndex(name string, re *regexp.Regexp) (int, error) {
	if re == nil {
		return 0, fmt.Errorf(`there is no message to take group %q from: want the key "message" in the rule, or "$$" for a dollar sign`, name)
	}
	if i := re.SubexpIndex(name); i >= 0 {
		return i, nil
	}
	if n, err := strconv.ParseUint(name, 10, 31); err == nil && int(n) <= re.NumSubexp() {
		return int(n), nil
	}
	want := fmt.Sprintf("0 to %d", re.NumSubexp())
	for _, name := range re.SubexpNames() {
		if name != "" {
			want += ", " + name
		}
	}
	err := fmt.Errorf("message has no group %q: want one of %s", name, want)
	if '0' <= name[0] && name[0] <= '9' && strings.TrimLeft(name, "0123456789") != "" {
		err = fmt.Errorf("%w; digits before other text need braces, as in ${1}", err)
	}
	return 0, err
}

// expand returns the value, with what groups are in the text of f. They are as
// [regexp.Regexp.FindStringSubmatchIndex] returns them.
func (t *template) expand(f *failure, groups []int) string {
	if !t.groups {
		return t.fixed
	}
	return clean(t.join(f.text(), groups))
}

func (t *template) join(text string, groups []int) string {
	var b strings.Builder
	for _, p := range t.parts {
		if p.group < 0 {
			b.WriteString(p.text)
		} else if start, end := groups[2*p.group], groups[2*p.group+1]; start >= 0 {
			b.WriteString(text[start:end])
		}
	}
	return b.String()
}

// clean returns s as a label can have it.
func clean(s string) string { return text.Clean(s, enricher.DefaultMaxValueLength) }
