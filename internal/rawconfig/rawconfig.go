// Package rawconfig finds the configuration of failure enrichment in what a
// loader yields, and brings it into one form.
//
// It has three sections: failure-enrichers, failure-enricher and
// failure-enrichment. They stand at the top or below jobmanager. A section is
// written in one spelling: nested, as one key that holds all of it, or flat, as
// several keys whose parts are joined by dots. Keys are matched without regard
// to case, because many loaders lower-case them.
//
// The package knows neither which enrichers exist nor the types of settings.
package rawconfig

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/decode"
	"github.com/failure-enrichers/enricher/internal/nearest"
)

const (
	jobmanager = "jobmanager"
	enrichers  = "failure-enrichers"
	options    = "failure-enricher"
	enrichment = "failure-enrichment"
	policies   = "policies" // in enrichment
)

var sections = []string{enrichers, options, enrichment}

// settings are the keys of enrichment that are no keys of a service below
// jobmanager.
var settings = []string{"strict", "max-pending", policies}

// Into decodes the configuration in raw into the struct that into points to,
// with a field for each section. It does not change raw, and keeps no part of
// it. What is wrong with raw is returned as [decode.Errors], which name a key in
// full, with the level jobmanager if it was written; *into is of no use then.
func Into(raw map[string]any, into any) error {
	p := parser{found: make(map[string][]entry)}
	p.find(raw)
	nested, above := make(map[string]any), make(map[string]string)
	for _, section := range sections {
		entries := p.inOneSpelling(section)
		if len(entries) == 0 {
			continue
		}
		above[section] = entries[0].above
		nested[section] = p.nested(section, entries)
		if section == enrichers {
			p.configure(nested[section])
		}
	}
	err := decode.Into(nested, into)
	errs, ok := err.(decode.Errors)
	if err != nil && !ok {
		return err
	}
	for _, e := range errs {
		section := strings.FieldsFunc(e.Option, func(r rune) bool { return r == '.' || r == '[' })[0]
		switch section {
		case enrichers:
			e.Err = fmt.Errorf("%w; options belong under %s", e.Err, above[section]+options)
		case options:
			e.Err = fmt.Errorf("%w; options belong under %s.NAME, settings under %s", e.Err, above[section]+options, above[section]+enrichment)
		}
		p.errs = append(p.errs, &decode.Error{Option: above[section] + e.Option, Err: e.Err})
	}
	return p.errs.Err()
}

type parser struct {
	found map[string][]entry // by section
	names map[string]string  // the configured ones, by their lower case
	given map[string]string  // the keys of this section as they were written, by what they mean
	errs  decode.Errors

	searched int // keys that misplaced has looked at
}

// An entry is a key that belongs to a section.
type entry struct {
	above   string   // "jobmanager." as it was written, or ""
	section string   // as it was written
	rest    []string // the other parts of a flat key
	spelt   string   // with jobmanager, as in "jobmanager: failure-enrichers" if that is a map
	value   any
}

func (e entry) path() string {
	return strings.Join(append([]string{e.above + e.section}, e.rest...), ".")
}

func (p *parser) fail(path, format string, args ...any) {
	p.errs = append(p.errs, &decode.Error{Option: path, Err: fmt.Errorf(format, args...)})
}

// find finds the sections in raw.
func (p *parser) find(raw map[string]any) {
	var atTop string
	var others []string
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		first, rest, dotted := strings.Cut(key, ".")
		switch {
		case !strings.EqualFold(first, jobmanager):
			if !p.section("", key, key, raw[key]) {
				others = append(others, key)
			} else if atTop == "" && isSection(first) {
				atTop = key
			}
		case dotted:
			p.section(first+".", rest, key, raw[key])
		default:
			below, isMap := entries(raw[key])
			if !isMap {
				p.fail(key, "must be a map with %s", strings.Join(sections, ", "))
			}
			for _, name := range slices.Sorted(maps.Keys(below)) {
				p.section(key+".", name, key+": "+name, below[name])
			}
		}
	}
	if atTop != "" {
		for _, key := range others {
			p.fail(key, "unknown key beside %q; settings belong under %s; in the configuration of a whole service, put failure enrichment under %s",
				atTop, enrichment, jobmanager)
		}
	} else if len(p.found) == 0 {
		p.misplaced("", raw, 0)
	}
}

// section notes a key that belongs to a section, or is a misspelt one. It
// reports whether it is either.
func (p *parser) section(above, key, spelt string, value any) bool {
	parts := strings.Split(key, ".")
	if isSection(parts[0]) {
		name := strings.ToLower(parts[0])
		p.found[name] = append(p.found[name], entry{above, parts[0], parts[1:], spelt, value})
		return true
	}
	if above != "" && slices.Contains(settings, strings.ToLower(parts[0])) {
		p.fail(above+key, "belongs under %s", above+enrichment)
		return true
	}
	for _, written := range []string{parts[0], key} { // key: failure.enrichers
		if misspelt(written) {
			near, _ := nearest.Name(written, sections)
			p.fail(above+key, "unknown key, did you mean %q? known keys: %s", near, strings.Join(sections, ", "))
			return true
		}
	}
	return false
}

func isSection(key string) bool { return slices.Contains(sections, strings.ToLower(key)) }

// misspelt reports whether a key was meant to be a section. It would be taken
// for a key of the service otherwise, and failure enrichment left out.
func misspelt(key string) bool {
	return strings.HasPrefix(strings.ToLower(key), "failure-enrich") ||
		slices.ContainsFunc(sections, func(section string) bool { return nearest.Within(2, key, section) })
}

// Bounds of what misplaced looks through.
const (
	maxLevels   = 4
	maxSearched = 100_000 // keys: one map can be in many places
)

// misplaced reports sections that stand below other keys.
func (p *parser) misplaced(above string, raw map[string]any, level int) {
	p.searched += len(raw)
	for _, key := range slices.Sorted(maps.Keys(raw)) {
		if p.searched > maxSearched {
			return
		}
		parts := strings.Split(key, ".")
		if i := slices.IndexFunc(parts, isSection); i >= 0 {
			rest := strings.Join(parts[i:], ".")
			p.fail(above+key, "must stand at the top, as %q, or below %s, as %q", rest, jobmanager, jobmanager+"."+rest)
		} else if below, _ := entries(raw[key]); level < maxLevels {
			p.misplaced(above+key+".", below, level+1)
		}
	}
}

// entries returns what the map v holds under strings. It reports whether v is a
// map, or nil.
func entries(v any) (map[string]any, bool) {
	m := reflect.ValueOf(v)
	if !m.IsValid() || m.Kind() != reflect.Map {
		return nil, !m.IsValid()
	}
	found := make(map[string]any, m.Len())
	for key, value := range m.Seq2() {
		if key.Kind() == reflect.Interface {
			key = key.Elem()
		}
		if key.Kind() == reflect.String {
			found[key.String()] = value.Interface()
		}
	}
	return found, true
}
