package rawconfig

import (
	"reflect"
	"slices"
	"strings"
)

// enrichers reads failure-enrichers: a list of names, or a string that holds
// them.
func (p *parser) enrichers(items []item) []string {
	var given []string
	for i, it := range items {
		const want = "a list of names or a string of them with commas between"
		switch s, isString := text(it.value); {
		case i > 0:
			p.twice(it.at, items[0].at)
		case len(it.rest) > 0:
			p.fault(it.at, "found a key below %q, want %s", sectionEnrichers, want)
		case it.value == nil:
		case isString:
			given = split(s)
		case describe(it.value) == "a list":
			given = p.strings(it)
		default:
			p.fault(it.at, "found %s, want %s", describe(it.value), want)
		}
	}

	first := make(map[string]string)
	for _, name := range given {
		before, ok := first[fold(name)]
		if !ok {
			first[fold(name)] = name
		} else if name != before {
			// Options and policies could be meant for either.
			p.fault(items[0].at, "%q and %q differ only in case: rename one of them", before, name)
		}
	}
	return given
}

// split takes a string of names apart by the rule of Flink: white space around
// a comma is nothing and an empty item is none, but any other delimiter is part
// of a name.
func split(s string) []string {
	var given []string
	for name := range strings.SplitSeq(s, ",") {
		if name = strings.TrimSpace(name); name != "" {
			given = append(given, name)
		}
	}
	return given
}

// strings returns the strings of a list, as they are.
func (p *parser) strings(it item) []string {
	var given []string
	for i, v := range reflect.ValueOf(it.value).Seq2() {
		name, ok := text(indirect(v))
		if !ok {
			p.fault(it.at, "item [%d] is %s, want a string", i.Int(), describe(indirect(v)))
			continue
		}
		given = append(given, name)
	}
	return given
}

// names is the set of configured names, as a tree by the parts between their
// dots.
type names struct {
	name  string // as configured
	ends  bool   // a name ends here
	below map[string]*names
}

func newNames(all []string) *names {
	root := &names{below: make(map[string]*names)}
	for _, name := range all {
		n := root
		for part := range strings.SplitSeq(fold(name), ".") {
			if n.below[part] == nil {
				n.below[part] = &names{below: make(map[string]*names)}
			}
			n = n.below[part]
		}
		if !n.ends {
			n.name, n.ends = name, true
		}
	}
	return root
}

// longest returns the longest name that begins parts, and how many of them it
// takes: 0 if there is none. It reports too whether all of parts are the
// beginning of a name that goes on behind them.
func (n *names) longest(parts []string) (name string, took int, goesOn bool) {
	for i, part := range parts {
		if n = n.below[fold(part)]; n == nil {
			return name, took, false
		}
		if n.ends {
			name, took = n.name, i+1
		}
	}
	return name, took, len(n.below) > 0
}

// byName reads one item of a section that has maps by configured name, and puts
// it into the map it belongs to.
func (p *parser) byName(root *node, section item, want, wantEach string) {
	for _, it := range p.children(section, want) {
		p.named(root, nil, it, wantEach)
	}
}

// named puts it below the name that its key and the keys above it begin with.
//
// Names may have dots, and loaders that split keys at dots make several levels
// out of such a name. So a map that stands where a longer name may follow is
// opened before it is known whose it is.
func (p *parser) named(root *node, above []string, it item, want string) {
	parts := slices.Concat(above, it.rest)
	name, took, goesOn := p.configured.longest(parts)
	if goesOn {
		switch isMap, size := mapLen(it.value); {
		case isMap && size > 0 && len(parts) > maxDepth:
			p.halt(it.at, "nested more than %d levels deep", maxDepth)
			return
		case isMap && size > 0:
			it.rest = nil
			for _, child := range p.children(it, want) {
				p.named(root, parts, child, want)
			}
			return
		case (isMap || it.value == nil) && took == 0:
			return // the beginning of a name, and nothing behind it
		}
	}
	if took == 0 {
		name, took = parts[0], 1
	}
	n := root.child(name, it.at, 0)
	switch {
	case took == len(parts):
		it.rest = nil
		p.fill(n, it, want)
	case took <= len(above):
		// No longer name than that of a map above: an option in that map, and
		// as such not split at its dots.
		p.put(n, append(slices.Clone(above[took:]), it.at.key), it)
	default:
		p.put(n, parts[took:], it)
	}
}
