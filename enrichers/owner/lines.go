package owner

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/enrichers/internal/reload"
)

const (
	maxFileSize = 1 << 20
	maxLines    = 10_000 // comments not counted
)

// lines are one version of the rules. They are not changed.
type lines struct {
	all             []*line
	outputs, inputs []string // keys
}

// A line is one rule.
type line struct {
	place      string // of it: owners.txt:3
	text       string // of its conditions
	conditions []condition
	owner      owner
}

// find returns the last line that matches, or nil.
func (ls *lines) find(f *failure) *line {
	for _, l := range slices.Backward(ls.all) {
		if l.match(f) {
			return l
		}
	}
	return nil
}

func (l *line) match(f *failure) bool {
	for _, c := range l.conditions {
		if !c.match(f) {
			return false
		}
	}
	return true
}

func (l *line) isCatchAll() bool {
	return !slices.ContainsFunc(l.conditions, func(c condition) bool { return c != anyCondition{} })
}

// open opens the file of opts.
func open(opts Options, fallback owner) (*reload.File[lines], error) {
	var first *lines // which has the keys
	read := func(data []byte, old *lines) (*lines, error) {
		all, errs := parse(strings.Split(string(data), "\n"), opts.File+":", fallback)
		if len(errs) == 0 && old != nil {
			errs = all.newKeys(opts.File, first)
		}
		if len(errs) > 0 {
			return nil, errors.Join(errs...)
		}
		if old == nil {
			first = all
		}
		return all, nil
	}
	return reload.Open(opts.File, reload.Options{MaxSize: maxFileSize, Watch: opts.Reload, Logger: opts.Logger}, read)
}

// parse parses lines of text. In errors and explanations a line is called place
// and its number.
func parse(texts []string, place string, fallback owner) (*lines, []error) {
	ls := &lines{}
	var errs []error
	for i, text := range texts {
		l, err := parseLine(text)
		at := fmt.Sprint(place, i+1)
		if err != nil {
			errs = append(errs, fmt.Errorf("%s: %w", at, err))
		}
		if l != nil {
			l.place = at
			ls.all = append(ls.all, l)
		}
	}
	if len(ls.all) > maxLines {
		return nil, []error{fmt.Errorf("%s: there are %d lines: want at most %d", strings.TrimRight(place, " :"), len(ls.all), maxLines)}
	}
	if errs = append(errs, ls.buried()...); len(errs) > 0 {
		return nil, errs
	}
	if len(ls.all) == 0 {
		return nil, []error{fmt.Errorf("%s: there are no lines but comments: want at least one", strings.TrimRight(place, " :"))}
	}
	ls.outputs, ls.inputs = ls.keys(fallback)
	return ls, nil
}

// buried returns an error where there are lines before one that matches anything.
func (ls *lines) buried() (errs []error) {
	for i, l := range ls.all {
		if i > 0 && l.isCatchAll() {
			errs = append(errs, fmt.Errorf("%s: %q: no line before it can ever match, as the last match wins: want it first", l.place, l.text))
		}
	}
	return errs
}

// keys returns the keys of the labels that are set and read.
func (ls *lines) keys(fallback owner) (outputs, inputs []string) {
	oncall, runbook := fallback.oncall != "", fallback.runbook != ""
	read := map[string]bool{}
	for _, l := range ls.all {
		oncall = oncall || l.owner.oncall != ""
		runbook = runbook || l.owner.runbook != ""
		for _, c := range l.conditions {
			if c, ok := c.(labelCondition); ok {
				read[c.key] = true
			}
		}
	}
	outputs = []string{KeyTeam}
	if oncall {
		outputs = append(outputs, KeyOncall)
	}
	if runbook {
		outputs = append(outputs, KeyRunbook)
	}
	return outputs, slices.Sorted(maps.Keys(read))
}

// newKeys returns an error for each key that the enricher, which was loaded with
// first, does not have.
func (ls *lines) newKeys(file string, first *lines) (errs []error) {
	for _, key := range added(first.outputs, ls.outputs) {
		errs = append(errs, fmt.Errorf("%s: it sets %q, which no line did at the start, and keys are fixed from then on: restart to use it", file, key))
	}
	for _, key := range added(first.inputs, ls.inputs) {
		errs = append(errs, fmt.Errorf("%s: it reads the label %q, which no line did at the start, and keys are fixed from then on: restart to use it", file, key))
	}
	return errs
}

// added returns those of keys that are not among old.
func added(old, keys []string) []string {
	return slices.DeleteFunc(slices.Clone(keys), func(key string) bool { return slices.Contains(old, key) })
}
