package rawconfig

import (
	"fmt"
	"reflect"
)

// maxValues bounds what a map can cost that holds one other map many times,
// which holds another many times.
const maxValues = 1 << 18

// A node is a value of the result that may have come together from several
// places.
type node struct {
	key  string
	at   *place // where it was first written
	from int    // the number of the map that its key was found in, if that matters: see child

	leaf  bool               // it has a value
	value any                // of a leaf
	kids  map[string][]*node // it is a map: by folded key; several where they differ only in case
}

// fill puts what an item holds into n, which is a map: its value, or where its
// key goes on, the one setting that the rest of the key is for.
func (p *parser) fill(n *node, it item, want string) {
	if len(it.rest) > 0 {
		p.put(n, it.rest, it)
		return
	}
	p.open(n, it) // an empty map is one too
	for _, child := range p.children(it, want) {
		p.put(n, []string{child.at.key}, child)
	}
}

// put copies the value of an item to the end of path, below n.
func (p *parser) put(n *node, path []string, it item) {
	if len(path) > maxDepth {
		p.halt(it.at, "nested more than %d levels deep", maxDepth)
		return
	}
	for _, key := range path {
		if !p.open(n, it) {
			return
		}
		n = n.child(key, it.at, 0)
	}
	p.set(n, it, len(path))
}

// set copies the value of an item to n, merging maps.
func (p *parser) set(n *node, it item, depth int) {
	if p.values++; p.values > maxValues {
		p.halt(it.at, "more than %d values", maxValues)
	} else if depth > maxDepth {
		p.halt(it.at, "nested more than %d levels deep", maxDepth)
	}
	if p.halted {
		return
	}
	if isMap, _ := mapLen(it.value); !isMap {
		if n.leaf || n.kids != nil {
			p.twice(it.at, n.at)
			return
		}
		n.leaf, n.value = true, p.copy(it, depth)
		return
	}
	if !p.open(n, it) {
		return
	}
	it.rest = nil
	for _, child := range p.entries(it, "") {
		// Keys that differ only in case are let through: only the enricher
		// knows whether this is a map of settings or one of data. Its decoder
		// refuses them in the first case.
		if child.fault != nil {
			p.sound(child)
			continue
		}
		p.set(n.child(child.at.key, child.at, child.from), child, depth+1)
	}
}

// copy returns the value of an item, which is no map, as a value of its own.
func (p *parser) copy(it item, depth int) any {
	v := reflect.ValueOf(it.value)
	switch isList, scalars := isList(v); {
	case !isList:
		return it.value
	case scalars:
		p.values += v.Len() // it may be one large list many times over
		return copyScalars(v)
	}
	items := make([]any, v.Len())
	for i := range items {
		at := &place{it.at.up, fmt.Sprintf("%s[%d]", it.at.key, i)}
		var n node
		p.set(&n, item{at: at, value: indirect(v.Index(i))}, depth+1)
		items[i] = n.plain()
	}
	return items
}

// open makes n a map, unless an item elsewhere gave it another value.
func (p *parser) open(n *node, it item) bool {
	if n.leaf {
		p.twice(it.at, n.at)
		return false
	}
	if n.kids == nil {
		n.kids = make(map[string][]*node)
	}
	return true
}

// child returns the node that key is for, which is new if there is none yet. A
// key that was spelt otherwise is the same key, unless both were found in one
// map (from, if not 0).
func (n *node) child(key string, at *place, from int) *node {
	folded := fold(key)
	var found *node
	for _, kid := range n.kids[folded] {
		if kid.key == key {
			return kid
		}
		if found == nil && (from == 0 || kid.from != from) {
			found = kid
		}
	}
	if found == nil {
		if n.kids == nil {
			n.kids = make(map[string][]*node)
		}
		found = &node{key: key, at: at, from: from}
		n.kids[folded] = append(n.kids[folded], found)
	}
	return found
}

// plain returns the value of n without its history.
func (n *node) plain() any {
	if n.leaf {
		return n.value
	}
	return n.plainMap()
}

// plainMap is plain for a map. It is nil where nothing was put there.
func (n *node) plainMap() map[string]any {
	if n.kids == nil {
		return nil
	}
	m := make(map[string]any, len(n.kids))
	for _, kids := range n.kids {
		for _, kid := range kids {
			m[kid.key] = kid.plain()
		}
	}
	return m
}

// maps is plainMap where every value is a map.
func (n *node) maps() map[string]map[string]any {
	if len(n.kids) == 0 {
		return nil
	}
	m := make(map[string]map[string]any, len(n.kids))
	for _, kids := range n.kids {
		for _, kid := range kids {
			m[kid.key] = kid.plainMap()
		}
	}
	return m
}
