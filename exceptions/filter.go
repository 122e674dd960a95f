package exceptions

import (
	"fmt"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
)

// A Filter selects failures by their labels. The zero value matches every failure.
type Filter struct{ conditions []Condition }

// A Condition is that a label is there, or that it is not.
type Condition struct {
	Not   bool
	Key   string
	Value string
	Any   bool // any value matches; Value is empty
}

// Conditions returns the conditions of f, all of which must hold. A failure without a
// label is different from one with the value "". The caller owns the result.
func (f Filter) Conditions() []Condition { return slices.Clone(f.conditions) }

// maxConditions bounds the time for one failure.
const maxConditions = 128

// ParseFilter returns the filter of one or several texts, such as the values of
// the query parameter failureLabelFilter. Each is a list of conditions separated
// by commas, all of which have to hold:
//
//	key:value     the label has this value; it may be empty, and may contain colons
//	key=value     the same
//	key           there is such a label
//	!key:value    the label does not have this value, or is not there; also !key=value
//	!key          there is no such label
//
// A key or a value may be in double quotes. It must be if it contains a comma,
// begins with a quote, or begins or ends with white space, and so must a key that
// contains a colon or an equals sign or begins with an exclamation mark. Within quotes, \" is a
// quote and \\ a backslash. White space around keys and values and empty conditions
// are ignored. There may be up to 128 conditions.
//
// Filters of Flink mean the same here, except for quotes, exclamation marks, white
// space, and equals signs in keys.
func ParseFilter(texts ...string) (Filter, error) {
	var f Filter
	for _, text := range texts {
		p := filterParser{text: text, rest: text}
		for {
			c, ok, err := p.condition()
			if err != nil {
				return Filter{}, err
			}
			if ok {
				f.conditions = append(f.conditions, c)
			}
			if len(f.conditions) > maxConditions {
				return Filter{}, fmt.Errorf("more than %d conditions", maxConditions)
			}
			if p.rest == "" {
				break
			}
			p.rest = p.rest[1:] // a comma
		}
	}
	return f, nil
}

// MatchLabels returns the filter that matches failures with all of these labels,
// which may contain any characters.
func MatchLabels(labels enricher.Labels) Filter {
	var f Filter
	for _, key := range labels.Keys() {
		f.conditions = append(f.conditions, Condition{Key: key, Value: labels[key]})
	}
	return f
}

// Match reports whether f matches a failure with these labels.
func (f Filter) Match(labels enricher.Labels) bool {
	for i := range f.conditions {
		c := &f.conditions[i]
		value, ok := labels[c.Key]
		if (ok && (c.Any || value == c.Value)) == c.Not {
			return false
		}
	}
	return true
}

// IsZero reports whether f matches every failure.
func (f Filter) IsZero() bool { return len(f.conditions) == 0 }

// String returns the filter in the syntax of [ParseFilter].
func (f Filter) String() string {
	var b strings.Builder
	for i, c := range f.conditions {
		if i > 0 {
			b.WriteByte(',')
		}
		if c.Not {
			b.WriteByte('!')
		}
		b.WriteString(quoted(c.Key, strings.ContainsAny(c.Key, ":=") || strings.HasPrefix(c.Key, "!") || c.Key == ""))
		if !c.Any {
			b.WriteByte(':')
			b.WriteString(quoted(c.Value, false))
		}
	}
	return b.String()
}

// quoted returns s in the syntax of a filter.
func quoted(s string, must bool) string {
	if !must && !strings.Contains(s, ",") && !strings.HasPrefix(s, `"`) && strings.TrimSpace(s) == s {
		return s
	}
	return `"` + strings.NewReplacer(`"`, `\"`, `\`, `\\`).Replace(s) + `"`
}

type filterParser struct {
	text, rest string
	start      int // of the current condition
}

// condition reads up to the next comma, or the end.
func (p *filterParser) condition() (c Condition, ok bool, err error) {
	p.space()
	p.start = len(p.text) - len(p.rest)
	if c.Not = strings.HasPrefix(p.rest, "!"); c.Not {
		p.rest = p.rest[1:]
	}
	key, wasQuoted, err := p.word(":=,")
	if err != nil {
		return c, false, err
	}
	c.Key, c.Any = key, true
	if p.rest != "" && p.rest[0] != ',' {
		p.rest = p.rest[1:]
		c.Any = false
		if c.Value, _, err = p.word(","); err != nil {
			return c, false, err
		}
	} else if key == "" && !c.Not && !wasQuoted {
		return c, false, nil
	}
	if key == "" {
		return c, false, p.fail("missing label key")
	}
	return c, true, nil
}

// word reads a quoted text, or one up to a character of stop; what follows is
// such a character, or the end.
func (p *filterParser) word(stop string) (word string, wasQuoted bool, err error) {
	p.space()
	if !strings.HasPrefix(p.rest, `"`) {
		n := strings.IndexAny(p.rest, stop)
		if n < 0 {
			n = len(p.rest)
		}
		word, p.rest = strings.TrimSpace(p.rest[:n]), p.rest[n:]
		return word, false, nil
	}
	var b strings.Builder
	for i := 1; i < len(p.rest); i++ {
		c := p.rest[i]
		switch {
		case c == '"':
			p.rest = p.rest[i+1:]
			p.space()
			if p.rest != "" && !strings.Contains(stop, p.rest[:1]) {
				return "", true, p.fail("text after a closing quote")
			}
			return b.String(), true, nil
		case c == '\\' && i+1 < len(p.rest) && (p.rest[i+1] == '"' || p.rest[i+1] == '\\'):
			i++
			c = p.rest[i]
		}
		b.WriteByte(c)
	}
	return "", true, p.fail("missing closing quote")
}

func (p *filterParser) space() { p.rest = strings.TrimLeft(p.rest, " \t\r\n") }

func (p *filterParser) fail(what string) error {
	return fmt.Errorf("%s in %q: must be key:value, key, !key:value or !key, separated by commas; "+
		"use double quotes around a comma", what, cut(p.text[p.start:], maxNameLength))
}
