package rawconfig

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/decode"
)

// inOneSpelling returns the entries of a section that share a spelling, and
// reports the others. Nested wins over flat, then jobmanager over the top.
func (p *parser) inOneSpelling(section string) []entry {
	spelling := func(e entry) int {
		n := 0
		if len(e.rest) > 0 {
			n += 2
		}
		if e.above == "" {
			n++
		}
		return n
	}
	all := p.found[section]
	slices.SortStableFunc(all, func(a, b entry) int { return cmp.Compare(spelling(a), spelling(b)) })
	var kept []entry
	for _, e := range all {
		if len(kept) == 0 || len(e.rest) > 0 && spelling(e) == spelling(kept[0]) {
			kept = append(kept, e)
		} else {
			p.fail(e.path(), "%s is also given as %q: move this key there", section, kept[0].spelt)
		}
	}
	return kept
}

// nested returns the value of a section.
func (p *parser) nested(section string, entries []entry) any {
	all := make(map[string]any)
	p.given = make(map[string]string)
	for _, e := range entries {
		plain, err := decode.Plain(map[string]any{e.path(): e.value})
		if err != nil {
			p.errs = append(p.errs, err.(decode.Errors)...)
			continue
		}
		value := plain[e.path()]
		m, isMap := value.(map[string]any)
		switch {
		case len(e.rest) > 0:
			p.add(all, section, e.above+e.section, e.rest, value)
		case !isMap:
			return value
		default:
			for _, key := range slices.Sorted(maps.Keys(m)) {
				p.add(all, section, e.path(), []string{key}, m[key])
			}
		}
	}
	return all
}

// add adds the value at a path in a section, which stands at above, to all.
func (p *parser) add(all map[string]any, section, above string, path []string, value any) {
	isPolicies := section == enrichment && strings.EqualFold(path[0], policies)
	m, isMap := value.(map[string]any)
	switch {
	case section == options && isSection(path[0]):
		p.fail(above+"."+strings.Join(path, "."), "must stand beside %s, not in it", options)
	case section == options:
		p.named(all, nil, above, path, value)
	case isPolicies && len(path) > 1:
		p.named(all, path[:1], above, path[1:], value)
	case isPolicies && isMap:
		for _, name := range slices.Sorted(maps.Keys(m)) {
			p.named(all, path, above, []string{name}, m[name])
		}
	default:
		p.put(all, path, above+"."+strings.Join(path, "."), value)
	}
}

// configure notes the configured names. Errors in them are reported when the
// whole is decoded.
func (p *parser) configure(value any) {
	var list struct{ Names []string }
	_ = decode.Into(map[string]any{"names": value}, &list)
	p.names = make(map[string]string, len(list.Names))
	for _, name := range list.Names {
		p.names[strings.ToLower(name)] = name
	}
}

// named adds a value at a path of which the first parts are a name, below the
// path before it. The name is the longest configured one, or else the first
// part.
//
// A name may have dots, and loaders that split keys at dots make several maps of
// it. So a map in the middle of a configured name is opened.
func (p *parser) named(all map[string]any, before []string, above string, path []string, value any) {
	m, isMap := value.(map[string]any)
	begins := strings.ToLower(strings.Join(path, ".")) + "."
	for name := range p.names {
		if isMap && strings.HasPrefix(name, begins) {
			for _, key := range slices.Sorted(maps.Keys(m)) {
				p.named(all, before, above, append(slices.Clip(path), key), m[key])
			}
			return
		}
	}
	name, n := path[0], 1
	for i := len(path); i > 0; i-- {
		if configured, ok := p.names[strings.ToLower(strings.Join(path[:i], "."))]; ok {
			name, n = configured, i
			break
		}
	}
	p.put(all, slices.Concat(before, []string{name}, path[n:]), above+"."+strings.Join(slices.Concat(before, path), "."), value)
}

// put puts a value, whose key was written as given, at the end of a path of maps.
func (p *parser) put(all map[string]any, path []string, given string, value any) {
	last := len(path) - 1
	for i, key := range path {
		below, isMap := all[key].(map[string]any)
		switch {
		case all[key] != nil && (i == last || !isMap):
			taken := strings.Join(path[:i+1], ".")
			for _, other := range slices.Sorted(maps.Keys(p.given)) {
				if strings.HasPrefix(other+".", taken+".") || strings.HasPrefix(taken+".", other+".") {
					p.fail(given, "%q is given already, as %q: remove this key, or move it there", taken, p.given[other])
					return
				}
			}
		case i == last:
			all[key] = value
			p.given[strings.Join(path, ".")] = given
		case !isMap:
			below = make(map[string]any)
			all[key] = below
		}
		all = below
	}
}
