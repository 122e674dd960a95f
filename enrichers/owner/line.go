package owner

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
	"github.com/failure-enrichers/enricher/internal/text"
)

// lines are one version of the rules. They do not change.
type lines struct {
	all       []*line
	set, read map[string][]string // values by key; no globs
}

// A line is one rule.
type line struct {
	place      string // of it: owners.txt:3
	text       string // of its conditions
	conditions []condition
	owner      owner
}

func (ls *lines) OutputKeys() []string { return slices.Sorted(maps.Keys(ls.set)) }

func (ls *lines) InputKeys() []string { return slices.Sorted(maps.Keys(ls.read)) }

func (ls *lines) InputValues() map[string][]string { return ls.read }

func (ls *lines) DescribeLabels() (all []enricher.LabelDescription) {
	docs := map[string]string{
		KeyTeam: "The team that is responsible.", KeyOncall: "Who is on call for that.", KeyRunbook: "What to do about it.",
	}
	for _, key := range ls.OutputKeys() {
		all = append(all, enricher.LabelDescription{Key: key, Doc: docs[key], Values: ls.set[key]})
	}
	return all
}

// find returns the last line that matches, or nil.
func (ls *lines) find(f *failure) *line {
	for _, l := range slices.Backward(ls.all) {
		if !slices.ContainsFunc(l.conditions, func(c condition) bool { return !c.match(f) }) {
			return l
		}
	}
	return nil
}

// parse parses lines. Errors and explanations name a line by place and its number.
func parse(texts []string, place string, fallback owner) (*lines, []error) {
	ls := &lines{}
	var errs []error
	places := map[string]string{} // by conditions
	for i, s := range texts {
		l, err := parseLine(s)
		at := fmt.Sprint(place, i+1)
		switch {
		case err != nil:
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
		case l != nil:
			l.place = at
			ls.all = append(ls.all, l)
			same := strings.Join(slices.Sorted(strings.FieldsSeq(l.text)), " ")
			switch {
			case places[same] != "":
				errs = append(errs, fmt.Errorf("%s: %q: has the conditions of %s, which no failure can match then: remove one of them", at, l.text, places[same]))
			case len(ls.all) > 1 && l.isCatchAll():
				errs = append(errs, fmt.Errorf("%s: %q: must be the first line, as no line above it can match", at, l.text))
			}
			places[same] = at
		}
	}
	if len(errs) == 0 && len(ls.all) == 0 {
		errs = []error{fmt.Errorf("%s: must have at least one line that is not a comment", strings.TrimRight(place, " :"))}
	}
	ls.addLabels(fallback)
	return ls, errs
}

func (l *line) isCatchAll() bool {
	return !slices.ContainsFunc(l.conditions, func(c condition) bool { return c != anyCondition{} })
}

// addLabels collects the labels that the lines set and read.
func (ls *lines) addLabels(fallback owner) {
	ls.set, ls.read = map[string][]string{}, map[string][]string{}
	ls.addOwner(fallback)
	for _, l := range ls.all {
		ls.addOwner(l.owner)
		for _, c := range l.conditions {
			if c, ok := c.(labelCondition); ok {
				ls.read[c.key] = append(ls.read[c.key], glob.Literals(c.value)...)
			}
		}
	}
}

func (ls *lines) addOwner(o owner) {
	for key, value := range o.labels() {
		if !slices.Contains(ls.set[key], value) {
			ls.set[key] = append(ls.set[key], value)
		}
	}
}

// parseLine parses a line. It returns nil if there is no rule in it.
func parseLine(s string) (*line, error) {
	if !utf8.ValidString(s) {
		return nil, errors.New("must be valid UTF-8")
	}
	if strings.ContainsAny(strings.TrimSpace(s), "\n\r") { // the rest would belong to a comment
		return nil, errors.New("must be one line: write a list with an item for each line")
	}
	words := split(s)
	if len(words) == 0 {
		return nil, nil
	}
	l := &line{}
	n := 0
	for ; n < len(words) && isCondition(words[n]); n++ {
		c, err := parseCondition(words[n])
		if err != nil {
			return nil, fmt.Errorf("%q: %w", words[n], err)
		}
		for i, other := range l.conditions {
			if c.excludes(other) {
				return nil, fmt.Errorf("%q: no failure also meets %q: write a line for each", words[n], words[i])
			}
		}
		l.conditions = append(l.conditions, c)
	}
	switch n {
	case 0:
		return nil, fmt.Errorf("%q: must follow a condition: %s", words[0], conditionForms)
	case len(words):
		return nil, fmt.Errorf("%q: must be followed by the team", words[n-1])
	}
	l.text = strings.Join(words[:n], " ")
	return l, l.owner.parse(words[n], words[n+1:])
}

// parse parses the team and the words after it.
func (o *owner) parse(team string, words []string) error {
	if key, value, found := cut(team, '='); found {
		return fmt.Errorf(`%q: must be the team; if it is, write %s\=%s`, team, key, value)
	}
	o.team = unescape(team)
	for _, word := range words {
		key, value, _ := cut(word, '=')
		field := map[string]*string{KeyOncall: &o.oncall, KeyRunbook: &o.runbook}[key]
		switch {
		case field == nil || value == "":
			return fmt.Errorf("%q: must be oncall=NAME or runbook=URL, as it follows the team", word)
		case *field != "":
			return fmt.Errorf("%q: %s must be given once", word, key)
		}
		*field = unescape(value)
	}
	return errors.Join(checkValue(o.team), checkValue(o.oncall), checkValue(o.runbook))
}

// checkValue returns an error if value cannot be the value of a label.
func checkValue(value string) error {
	if text.Clean(value, enricher.DefaultMaxValueLength) != value {
		return fmt.Errorf("%.64q: must have at most %d bytes of valid UTF-8 without control characters", value, enricher.DefaultMaxValueLength)
	}
	return nil
}

var (
	wordPattern    = regexp.MustCompile(`(?s)(?:\\.?|[^\\\s])+`)
	escapedPattern = regexp.MustCompile(`(?s)\\(.)`)
)

// split returns the words of a line, backslashes included, without the comment.
func split(s string) []string {
	words := wordPattern.FindAllString(s, -1)
	if i := slices.IndexFunc(words, func(word string) bool { return word[0] == '#' }); i >= 0 {
		return words[:i]
	}
	return words
}

// cut is like [strings.Cut] but ignores a separator after a backslash.
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

// unescape returns the meaning of a word.
func unescape(word string) string { return escapedPattern.ReplaceAllString(word, "$1") }
