package enrichertest

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
)

// good returns the records with labels. If there are none, it skips the check.
func (p *pass) good(r *report) (good []*record) {
	for _, rec := range p.records {
		if rec.good() {
			good = append(good, rec)
		}
	}
	if len(good) == 0 {
		r.skipped = nothing
	}
	return good
}

func checkDeclared(s *suite, r *report, in *instance) {
	p := s.passOf(r)
	if p.keys.outputsCrash != nil {
		r.skipped = "OutputKeys does not return: see output-keys"
		return
	}
	judge := func(rec *record, when string) {
		for _, key := range rec.was.Keys() {
			if rec.good() && !slices.Contains(p.keys.outputs, key) {
				r.addf(rec.failure.name, "there is a label under %.200q: declared are %q (context %s%s)", key, p.keys.outputs, rec.in.name, when)
			}
		}
	}
	for _, rec := range p.good(r) {
		judge(rec, "")
	}
	for _, i := range sample(p.returned, 8) {
		for _, how := range endings {
			rec := in.processEnding(i, how)
			if rec.crash != nil {
				return // see context
			}
			judge(rec, "; its ctx "+how.name)
		}
	}
}

func checkEveryKey(s *suite, r *report, in *instance) {
	p := s.passOf(r)
	unset := slices.Clone(p.keys.outputs)
	for _, rec := range p.good(r) {
		unset = slices.DeleteFunc(unset, func(key string) bool { _, set := rec.was[key]; return set })
	}
	switch {
	case len(unset) == 0 || r.skipped != "":
	case s.everyKey:
		r.addf("", "no failure made it set %q: WithFailure and WithContext add some", unset)
	default:
		r.skipped = fmt.Sprintf("no failure made it set %q, so their labels were not checked: WithFailure and WithContext add some, and WithEveryKey proves that they do", unset)
	}
}

func checkValues(s *suite, r *report, in *instance) {
	for _, rec := range s.passOf(r).good(r) {
		if len(rec.was) > enricher.DefaultMaxLabels {
			r.addf(rec.failure.name, "there are %d labels, more than %d (context %s)", len(rec.was), enricher.DefaultMaxLabels, rec.in.name)
		}
		for _, key := range rec.was.Keys() {
			if fault := fault(rec.was[key]); fault != "" {
				r.addf(rec.failure.name, "the value of %.200q %s: %.64q (context %s)", key, fault, rec.was[key], rec.in.name)
			}
		}
	}
}

// fault says what is wrong with the value of a label; empty: nothing.
func fault(value string) string {
	switch {
	case !utf8.ValidString(value):
		return "is not valid UTF-8"
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }):
		return "has control characters"
	case len(value) > enricher.DefaultMaxValueLength:
		return fmt.Sprintf("has %d bytes, more than %d", len(value), enricher.DefaultMaxValueLength)
	}
	return ""
}

func checkOwnership(s *suite, r *report, in *instance) {
	p := s.passOf(r)
	p.kept(r.addf)
	if len(r.findings) > 0 || len(p.good(r)) == 0 {
		return
	}
	// Changes to maps that the enricher has returned must not show in later ones.
	const mark = "changed by enrichertest"
	for _, i := range sample(p.answered, 24) {
		for range 2 {
			rec := in.process(i)
			if rec.crash != nil {
				return
			} else if !rec.good() || rec.labels == nil {
				break
			}
			for key, value := range rec.was {
				if key == mark || value == mark {
					r.addf(rec.failure.name, "the map that was returned shows what was done to an earlier one: %.200q", rec.was)
				}
				rec.labels[key] = mark
			}
			rec.labels[mark] = mark
		}
	}
}

// kept reports each map that the enricher has changed after it was returned, or has
// returned twice.
func (p *pass) kept(report func(failure, format string, args ...any)) {
	first := map[uintptr]*record{}
	for _, rec := range p.records {
		if rec.crash != nil || rec.labels == nil {
			continue
		}
		if !maps.Equal(rec.labels, rec.was) {
			report(rec.failure.name, "the map that was returned has changed since: it was %.200q and is %.200q", rec.was, rec.labels)
		}
		at := reflect.ValueOf(rec.labels).Pointer()
		if other, ok := first[at]; ok {
			report(rec.failure.name, "the map that was returned is the same as the one for %q", other.name())
		}
		first[at] = rec
	}
}

func checkArguments(s *suite, r *report, in *instance) {
	for _, rec := range s.passOf(r).records {
		if rec.wrote != "" {
			r.addf(rec.failure.name, "ProcessFailure has written to the %s of the context (context %s)", rec.wrote, rec.in.name)
		}
	}
}
