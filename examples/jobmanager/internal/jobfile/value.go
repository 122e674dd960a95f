package jobfile

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// A document collects what is wrong with a job file.
type document struct {
	name string
	env  Env
	errs []lineError
}

type lineError struct {
	line int
	text string
}

// maxErrors are named; nobody reads more.
const maxErrors = 10

// err returns what is wrong, in the order of the lines.
func (d *document) err() error {
	slices.SortStableFunc(d.errs, func(a, b lineError) int { return a.line - b.line })
	var errs []error
	for i, e := range d.errs {
		if i == maxErrors {
			errs = append(errs, fmt.Errorf("%s: and %d more", d.name, len(d.errs)-i))
			break
		}
		errs = append(errs, fmt.Errorf("%s:%d: %s", d.name, e.line, e.text))
	}
	return errors.Join(errs...)
}

// A value is a value in the file, with the path that leads to it, for messages.
// Its methods return what it holds; where it holds something else, they note that
// as an error and return the zero value.
type value struct {
	doc  *document
	node *yaml.Node // nil if it is not given
	line int        // where it is, or should be
	path string
}

func (v value) fail(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if v.path != "" {
		text = v.path + ": " + text
	}
	v.doc.errs = append(v.doc.errs, lineError{v.line, text})
}

// given reports whether v is in the file. An empty value is not.
func (v value) given() bool { return v.node != nil && v.node.Tag != "!!null" }

// required returns v, and notes as an error if it is not given.
func (v value) required() value {
	if !v.given() {
		v.fail("missing")
	}
	return v
}

func (v value) child(n *yaml.Node, name string) value {
	path := name
	if v.path != "" {
		path = v.path + ": " + name
	}
	if n == nil {
		return value{v.doc, nil, v.line, path}
	}
	return value{v.doc, n, n.Line, path}
}

// mapping returns the values of the keys, of which there may be no others.
func (v value) mapping(keys ...string) map[string]value {
	known := make(map[string]value, len(keys))
	for _, key := range keys {
		known[key] = v.child(nil, key)
	}
	v.each(func(key string, child value) {
		if _, ok := known[key]; !ok {
			child.fail("unknown key: want one of %s", strings.Join(keys, ", "))
			return
		}
		known[key] = child
	})
	return known
}

// each calls fn for every key of a mapping, in the order of the file.
func (v value) each(fn func(key string, child value)) {
	if !v.given() {
		return
	}
	if v.node.Kind != yaml.MappingNode {
		v.fail("got %s: want keys and values", v.describe())
		return
	}
	seen := map[string]int{}
	for i := 0; i+1 < len(v.node.Content); i += 2 {
		key, node := v.node.Content[i], v.node.Content[i+1]
		child := v.child(node, shorten(key.Value))
		child.line = key.Line
		if key.Kind != yaml.ScalarNode || key.Tag == "!!merge" {
			child.fail("want a plain key")
			continue
		}
		if line := seen[key.Value]; line > 0 {
			child.fail("given twice, first in line %d", line)
			continue
		}
		seen[key.Value] = key.Line
		fn(key.Value, child)
	}
}

// list returns the items of a list of 1 to most.
func (v value) list(most int) []value {
	if !v.required().given() {
		return nil
	}
	if v.node.Kind != yaml.SequenceNode {
		v.fail("got %s: want a list", v.describe())
		return nil
	}
	if n := len(v.node.Content); n == 0 || n > most {
		v.fail("got %d items: want 1 to %d", n, most)
		return nil
	}
	items := make([]value, len(v.node.Content))
	for i, n := range v.node.Content {
		items[i] = v.child(n, fmt.Sprintf("item %d", i+1))
	}
	return items
}

// text returns a line of 1 to most characters.
func (v value) text(most int) string {
	if !v.required().given() {
		return ""
	}
	if v.node.Kind != yaml.ScalarNode {
		v.fail("got %s: want a text", v.describe())
		return ""
	}
	text := v.node.Value
	switch n := utf8.RuneCountInString(text); {
	case strings.TrimSpace(text) == "":
		v.fail("empty")
	case n > most:
		v.fail("got %d characters: want at most %d", n, most)
	case strings.ContainsFunc(text, unicode.IsControl):
		v.fail("got %s: want one line without control characters", v.describe())
	default:
		return text
	}
	return ""
}

// placeholder is ${name}, or $${name} for one that is left alone.
var placeholder = regexp.MustCompile(`\$?\$\{[^}]*\}`)

// expanded returns a text in which each ${name} is replaced by its value.
func (v value) expanded(most int) string {
	return placeholder.ReplaceAllStringFunc(v.text(most), func(match string) string {
		if strings.HasPrefix(match, "$$") {
			return match[1:]
		}
		with, ok := v.doc.env.Variables[match[2:len(match)-1]]
		if !ok {
			v.fail("unknown variable %s: want ${%s}", match, strings.Join(sortedKeys(v.doc.env.Variables), "}, ${"))
		}
		return with
	})
}

// number returns a whole number from least to most, or otherwise if none is
// given.
func (v value) number(otherwise, least, most int) int {
	if !v.given() {
		return otherwise
	}
	var n int
	if v.node.Tag != "!!int" || v.node.Decode(&n) != nil || n < least || n > most {
		v.fail("got %s: want a whole number from %d to %d", v.describe(), least, most)
		return otherwise
	}
	return n
}

// decimal returns a finite number.
func (v value) decimal() float64 {
	var n float64
	if !v.given() || v.node.Tag != "!!int" && v.node.Tag != "!!float" || v.node.Decode(&n) != nil || n-n != 0 {
		v.fail("got %s: want a number", v.describe())
	}
	return n
}

// duration returns a duration from least to most, or otherwise if none is given.
func (v value) duration(otherwise, least, most time.Duration) time.Duration {
	if !v.given() {
		return otherwise
	}
	d, err := time.ParseDuration(v.node.Value)
	if v.node.Kind != yaml.ScalarNode || err != nil || d < least || d > most {
		v.fail("got %s: want a duration from %v to %v, such as 1.5s", v.describe(), least, most)
		return otherwise
	}
	return d
}

// describe says what is there instead of what should be.
func (v value) describe() string {
	switch {
	case !v.given():
		return "nothing"
	case v.node.Kind == yaml.MappingNode:
		return "keys and values"
	case v.node.Kind == yaml.SequenceNode:
		return "a list"
	case v.node.Kind == yaml.AliasNode:
		return "an alias"
	}
	return fmt.Sprintf("%q", shorten(v.node.Value))
}

// shorten keeps messages readable whatever they quote.
func shorten(s string) string {
	if r := []rune(s); len(r) > 60 {
		return string(r[:60]) + "…"
	}
	return s
}
