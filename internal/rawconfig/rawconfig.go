// Package rawconfig brings what a configuration loader yields into one shape,
// whichever way its keys are spelt.
//
// There are three spellings. Two are nested maps, with the level "jobmanager"
// and without it:
//
//	jobmanager:
//	  failure-enrichers: rules/payments, webhook
//	  failure-enricher:
//	    rules/payments: {file: payments.yaml}
//	  failure-enrichment:
//	    timeout: 2s
//
// In the third one key holds several of them, joined by dots:
//
//	jobmanager.failure-enricher.rules/payments.file = payments.yaml
//
// They mix at every level, so there are not three parsers but one walk. It
// reads a key part by part and opens a map where the key ends; once it has
// arrived it does not matter which of the two it did. Keys are matched without
// regard to case, since many loaders lower-case them.
//
// What is not about failure enrichment is left alone, so that the configuration
// of the whole service may be passed. That makes a mistake easy to miss, so a
// key that looks as if it were about failure enrichment has to be.
//
// The package judges form only: it knows neither which enrichers exist nor what
// type a setting has.
package rawconfig

import (
	"slices"
	"strings"
)

const (
	jobmanager = "jobmanager"

	sectionEnrichers  = "failure-enrichers"
	sectionOptions    = "failure-enricher"
	sectionEnrichment = "failure-enrichment"
)

// Config is a configuration in its one internal shape. A field is nil where
// nothing was given for it.
//
// Maps are map[string]any and belong to the caller at every depth. A list whose
// items are scalars keeps its type; any other is a []any. What is neither map,
// list nor scalar (a [time.Time] of a TOML document) is kept as it is.
type Config struct {
	// Enrichers is failure-enrichers, in order and as written, duplicates
	// included.
	Enrichers []string

	// Options is failure-enricher: options by configured name. A name is spelt
	// as in Enrichers where it stands there in any case, else as it was
	// written.
	Options map[string]map[string]any

	// Enrichment is failure-enrichment without policies, its keys as written.
	Enrichment map[string]any

	// Policies is failure-enrichment.policies by configured name, spelt as in
	// Options.
	Policies map[string]map[string]any
}

// Parse brings raw into its one shape. It does not change raw, keeps no part of
// it, and does not panic.
//
// The Places tell where its settings were written.
//
// Where raw has faults, the error joins an [*Error] for each of them, sorted by
// path, and the Config holds the rest, so that what is wrong with that can be
// said at the same time. Only a configuration that is nested too deep or too
// large, or that contains itself, is not looked at further.
func Parse(raw map[string]any) (Config, Places, error) {
	p := &parser{found: make(map[string][]item)}
	p.top(raw)

	// The names come first, since it takes them to tell a name with dots from
	// the option behind it.
	cfg := Config{Enrichers: p.enrichers(p.found[sectionEnrichers])}
	p.configured = newNames(cfg.Enrichers)

	var options, enrichment, policies node
	for _, it := range p.found[sectionOptions] {
		p.byName(&options, it, "a map of options by failure enricher", "a map of options")
	}
	for _, it := range p.found[sectionEnrichment] {
		p.enrichment(&enrichment, &policies, it)
	}
	cfg.Options = options.maps()
	cfg.Enrichment = enrichment.plainMap()
	cfg.Policies = policies.maps()
	return cfg, Places{&enrichment, &policies}, p.err()
}

// Places know in which spelling the settings of failure-enrichment were given,
// for messages about their values.
type Places struct{ enrichment, policies *node }

// Setting returns the key in full of an option below Config.Enrichment, such as
// "limits.max-labels", with the level jobmanager where it was written.
func (at Places) Setting(option string) string {
	setting, _, _ := strings.Cut(option, ".")
	return at.enrichment.above(setting) + sectionEnrichment + "." + option
}

// Policy is Setting for an option below Config.Policies.
func (at Places) Policy(name, option string) string {
	return at.policies.above(name) + sectionEnrichment + ".policies." + name + "." + option
}

// above returns what stood above the section in which key was first written:
// "jobmanager." or nothing.
func (n *node) above(key string) string {
	for _, kid := range n.kids[fold(key)] {
		if path := kid.at.path(); strings.HasPrefix(fold(path), jobmanager+".") {
			return path[:len(jobmanager)+1]
		}
	}
	return ""
}

// A parser is one run of Parse.
type parser struct {
	found      map[string][]item // what belongs to a section, wherever it was written
	configured *names
	faults     []*Error

	opened int  // maps opened so far
	values int  // values copied so far
	halted bool // the rest is not worth looking at
}

// enrichment reads one item of failure-enrichment.
func (p *parser) enrichment(enrichment, policies *node, section item) {
	for _, it := range p.children(section, "a map of "+phrase(settings, "and")) {
		written := it.rest[0]
		switch setting := fold(written); {
		case setting == "policies":
			p.byName(policies, it.next(), "a map of policies by failure enricher", "a map of policy settings")
		case setting == "policy", setting == "limits":
			p.fill(enrichment.child(written, it.at, 0), it.next(), "a map of "+setting+" settings")
		case slices.Contains(settings, setting):
			p.put(enrichment, it.rest, it)
		default:
			p.fault(it.at, "%s", unknown(written, settings))
		}
	}
}

// settings are the keys of failure-enrichment.
var settings = []string{"limits", "max-pending", "policies", "policy", "strict", "timeout"}
