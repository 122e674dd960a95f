package enrichertest

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

const (
	contractDeclared  = "labels are under keys that OutputKeys has declared: all others are dropped"
	contractEveryKey  = "the author says that the enricher is given failures and contexts for which it sets every key that it declares"
	contractValues    = "a value is valid UTF-8 without control characters other than tab and newline, or it is dropped; one that is too long is cut, and labels beyond a number are dropped; by default, at 1024 bytes and 64 labels"
	contractOwnership = "the map that ProcessFailure returns is no longer the enricher's: it neither changes it nor hands it out again"
	contractArguments = "the context of a failure is there to be read"
)

func checkDeclared(s *suite, r *report) {
	p := s.passOf(r)
	if !p.keysKnown {
		r.skip("the keys cannot be had: see output-keys")
		return
	}
	if p.silent() {
		r.skip(p.nothing())
		return
	}
	for _, rec := range p.records {
		if !rec.good() {
			continue
		}
		for _, key := range rec.was.Keys() {
			if !slices.Contains(p.keys, key) {
				r.addf(rec.failure.name, "there is a label under %.200q: declared are %q%s", key, p.keys, rec.inContext())
			}
		}
	}
}

func checkEveryKey(s *suite, r *report) {
	p := s.passOf(r)
	if p.silent() {
		r.skip(p.nothing())
		return
	}
	unset := slices.Clone(p.keys)
	for _, rec := range p.records {
		if rec.good() {
			unset = slices.DeleteFunc(unset, func(key string) bool { _, set := rec.was[key]; return set })
		}
	}
	switch {
	case len(unset) == 0:
	case s.everyKey:
		r.addf("", "no failure made it set %q: give it one that does, with WithFailure or WithContext", unset)
	default:
		r.skip(fmt.Sprintf("no failure made it set %q, so nothing is known of those: give it one that does, with WithFailure or WithContext, and see EveryKey", unset))
	}
}

func checkValues(s *suite, r *report) {
	p := s.passOf(r)
	if p.silent() {
		r.skip(p.nothing())
		return
	}
	for _, rec := range p.records {
		if !rec.good() {
			continue
		}
		if len(rec.was) > s.limits.MaxLabels {
			r.addf(rec.failure.name, "there are %d labels, more than %d%s", len(rec.was), s.limits.MaxLabels, rec.inContext())
		}
		for _, key := range rec.was.Keys() {
			if fault := fault(rec.was[key], s.limits.MaxValueLength); fault != "" {
				r.addf(rec.failure.name, "the value of %.200q %s: %.64q%s", key, fault, rec.was[key], rec.inContext())
			}
		}
	}
}

// fault says what is wrong with the value of a label; empty: nothing.
func fault(value string, most int) string {
	switch {
	case !utf8.ValidString(value):
		return "is not valid UTF-8"
	case strings.ContainsFunc(value, func(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }):
		return "has control characters"
	case len(value) > most:
		return fmt.Sprintf("has %d bytes, more than %d", len(value), most)
	}
	return ""
}

func checkOwnership(s *suite, r *report) {
	p := s.passOf(r)
	for _, rec := range p.records {
		if rec.changed() {
			r.addf(rec.failure.name, "the map that was returned has changed since: it was %.200q and is %.200q", rec.was, rec.labels)
		}
	}
	for _, two := range p.shared {
		r.addf(two[0].failure.name, "the map that was returned is the same as the one for %q", two[1].name())
	}
	switch {
	case len(r.findings) > 0:
	case p.silent():
		r.skip(p.nothing())
	default:
		changeLabels(s, r)
	}
}

// changeLabels changes maps that the enricher has returned, which must make no
// difference to later ones.
func changeLabels(s *suite, r *report) {
	in, ok := s.instance(r)
	if !ok {
		return
	}
	defer in.close()
	const mark = "changed by enrichertest"
	for _, input := range s.sample(r, 24, 2) {
		for range 2 {
			rec := in.process(input.failure, input.in)
			if !rec.good() || rec.labels == nil {
				break
			}
			for key, value := range rec.was {
				if key == mark || value == mark {
					r.addf(rec.failure.name, "the map that was returned has in it what was done to the one before: %.200q", rec.was)
				}
				rec.labels[key] = mark
			}
			rec.labels[mark] = mark
		}
	}
}

// shared returns the pairs of records that have the same map.
func shared(records []*record) (pairs [][2]*record) {
	first := map[uintptr]*record{}
	for _, rec := range records {
		if !rec.end.ok() || rec.labels == nil {
			continue
		}
		// The records keep the maps alive, so no two have the same address.
		at := reflect.ValueOf(rec.labels).Pointer()
		if other, ok := first[at]; ok {
			pairs = append(pairs, [2]*record{rec, other})
			continue
		}
		first[at] = rec
	}
	return pairs
}

func checkArguments(s *suite, r *report) {
	p := s.passOf(r)
	if !p.returned() {
		r.skip(p.nothing())
		return
	}
	for _, rec := range p.records {
		if rec.wrote != "" {
			r.addf(rec.failure.name, "ProcessFailure has written to the %s of the context%s", rec.wrote, rec.inContext())
		}
	}
}
