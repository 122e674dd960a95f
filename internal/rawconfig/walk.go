package rawconfig

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
)

// maxDepth bounds what a map that contains itself can cost. Parse measures it
// in the levels of an enricher's options, so that it does not depend on the
// spelling.
const maxDepth = 64

// A place is where a value was written: a key of the innermost map around it,
// below the place of that map.
type place struct {
	up  *place // nil for a key at the top
	key string // whole and as written; an item of a list has the list's, with its index
}

// path is the place as one key in full, which is the same in all spellings that
// have the same levels.
func (at *place) path() string {
	if at.up == nil {
		return at.key
	}
	return at.up.path() + "." + at.key
}

// String tells spellings apart: "jobmanager" > "failure-enrichers" is not
// "jobmanager.failure-enrichers".
func (at *place) String() string {
	if at.up == nil {
		return fmt.Sprintf("%q", at.key)
	}
	return fmt.Sprintf("%v > %q", at.up, at.key)
}

// An item is a value on its way from the place where it was written to the
// setting that it is for.
type item struct {
	at    *place
	rest  []string // the parts of its key that are still to be read; none once it is the value's turn
	value any      // never a pointer to a map, list or scalar: see indirect
	from  int      // the number of the map that the key was found in

	// What is wrong with the key itself. It is not reported when it is found,
	// since a key that turns out not to be about failure enrichment may be as
	// wrong as it likes.
	fault error
	twin  *place // another key of the same map that differs only in case
}

// next is the item after its next part has been read.
func (it item) next() item {
	it.rest = it.rest[1:]
	return it
}

// fold brings a key into the form in which keys are compared. It is what
// lower-casing loaders do to them.
func fold(key string) string { return strings.ToLower(key) }

// children returns the items below it, the sound ones, each with a part of its
// key to read: the item itself where its key goes on, else the entries of the
// map that is its value.
func (p *parser) children(it item, want string) []item {
	items := p.entries(it, want)
	if len(it.rest) > 0 {
		return items
	}
	return slices.DeleteFunc(items, func(it item) bool { return !p.sound(it) })
}

// entries is children, where the caller judges which items are sound.
func (p *parser) entries(it item, want string) []item {
	if len(it.rest) > 0 {
		return []item{it}
	}
	if it.value == nil || p.halted {
		return nil
	}
	m := reflect.ValueOf(it.value)
	if m.Kind() != reflect.Map {
		p.fault(it.at, "found %s, want %s", describe(it.value), want)
		return nil
	}
	p.opened++

	// A map of a foreign key type may hold keys that are different but read the
	// same, or that are no strings. They become one item each, faulty, so that
	// the order in which the map is ranged over never shows.
	items := make(map[string]item, m.Len())
	alien := make(map[string]item)
	for key, value := range m.Seq2() {
		written, ok := text(indirect(key))
		if !ok {
			what := describe(indirect(key))
			err := fmt.Errorf("found %s as a key, want a string: put it in quotes", what)
			alien[what] = item{at: it.at, rest: []string{""}, fault: err}
			continue
		}
		child := item{
			at:    &place{it.at, written},
			rest:  strings.Split(written, "."),
			value: indirect(value),
			from:  p.opened,
		}
		if _, dup := items[written]; dup {
			child.value, child.fault = nil, errors.New("given twice in the same map: keep one of them")
		}
		items[written] = child
	}

	sorted := make([]item, 0, len(items)+len(alien))
	for _, what := range slices.Sorted(maps.Keys(alien)) {
		sorted = append(sorted, alien[what])
	}
	first := make(map[string]*place, len(items))
	for _, key := range slices.Sorted(maps.Keys(items)) {
		child := items[key]
		if before, ok := first[fold(key)]; ok {
			child.twin = before
		} else {
			first[fold(key)] = child.at
		}
		sorted = append(sorted, child)
	}
	return sorted
}

// sound reports whether nothing is wrong with the key of an item, and notes it
// otherwise.
func (p *parser) sound(it item) bool {
	switch {
	case it.fault != nil:
		p.fault(it.at, "%w", it.fault)
	case it.twin != nil:
		p.fault(it.at, "differs from %q only in case: keep one of them", it.twin.key)
	default:
		return true
	}
	return false
}
