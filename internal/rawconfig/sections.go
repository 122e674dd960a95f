package rawconfig

import (
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/nearest"
)

// sections are the keys that failure enrichment has of its own.
var sections = []string{sectionEnrichers, sectionOptions, sectionEnrichment}

// isSection reports whether a part of a key is a section's name.
func isSection(part string) bool { return slices.Contains(sections, fold(part)) }

// top reads the keys of the whole configuration.
func (p *parser) top(raw map[string]any) {
	var direct *place // the first section that stands here without the level jobmanager
	var others []item
	for _, it := range p.entries(item{value: raw}, "") {
		switch {
		case fold(it.rest[0]) == jobmanager:
			p.jobmanager(it.next())
		case p.section(it):
			if direct == nil && isSection(it.rest[0]) {
				direct = it.at
			}
		default:
			if meant, ok := p.nearJobmanager(it); ok {
				p.fault(it.at, "unknown key %q, did you mean %q?", it.at.key, meant)
			} else {
				others = append(others, it)
			}
		}
	}
	if direct == nil {
		return
	}
	// Whoever writes the sections at the top hands over a configuration of
	// failure enrichment and nothing else, in which a key that is not known can
	// only be a mistake.
	for _, it := range others {
		p.fault(it.at, "unknown key beside %q; to pass a whole configuration, put %s under %q",
			direct.key, phrase(sections, "and"), jobmanager)
	}
}

// jobmanager reads what stands below the level jobmanager; most of it is the
// service's own.
func (p *parser) jobmanager(it item) {
	if len(it.rest) == 0 && !p.sound(it) {
		return
	}
	for _, it := range p.entries(it, "a map that holds "+phrase(sections, "and")) {
		p.section(it)
	}
}

// section keeps an item that belongs to a section until its turn comes. It
// reports whether the item is about failure enrichment at all, be it misspelt.
func (p *parser) section(it item) bool {
	if isSection(it.rest[0]) {
		if p.sound(it) {
			name := fold(it.rest[0])
			p.found[name] = append(p.found[name], it.next())
		}
		return true
	}
	// The second is for somebody who writes failure.enrichers.
	for _, key := range []string{it.rest[0], strings.Join(it.rest, ".")} {
		if misspelt(key) {
			p.fault(it.at, "%s", unknown(key, sections))
			return true
		}
	}
	return false
}

// misspelt reports whether a key that is no section was meant to be one. Left
// alone it would be taken for a key of the service, and failure enrichment
// would silently do without it.
func misspelt(key string) bool {
	return strings.HasPrefix(fold(key), "failure-enrich") ||
		slices.ContainsFunc(sections, func(section string) bool { return nearest.Within(2, key, section) })
}

// nearJobmanager returns the key that was probably meant where a section stands
// below something like jobmanager. Without a section below, a key that merely
// looks like it may well be the service's own.
func (p *parser) nearJobmanager(it item) (meant string, ok bool) {
	if len(it.rest) > 1 && isSection(it.rest[1]) {
		return jobmanager + "." + strings.Join(it.rest[1:], "."), nearest.Within(2, it.rest[0], jobmanager)
	}
	if isMap, _ := mapLen(it.value); !isMap || !nearest.Within(2, it.at.key, jobmanager) {
		return "", false
	}
	below := p.entries(item{at: it.at, value: it.value}, "")
	return jobmanager, slices.ContainsFunc(below, func(it item) bool { return isSection(it.rest[0]) })
}
