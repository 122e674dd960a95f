package decode

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
)

// An entry is a key of a map with strings as keys, and its value.
type entry struct {
	key   string
	value any
}

// entries returns what the map v holds, in the order of its keys. Where v is no map, or has another key
// than a string, that is an error about o, which should have been fit for the type t.
func (d *decoder) entries(o option, v reflect.Value, t reflect.Type) ([]entry, bool) {
	if v.Kind() != reflect.Map {
		d.mismatch(o, v, t)
		return nil, false
	}
	var entries []entry
	for _, k := range sortedKeys(v) {
		if !k.isString {
			d.fail(o.path, fmt.Errorf("got %s as a key, want a string", k.text))
			return nil, false
		}
		// A string and a string of a named type are different keys of a map[any]any.
		if n := len(entries); n > 0 && entries[n-1].key == k.text {
			d.fail(o.key(k.text, nil).path, errors.New("given twice"))
			return nil, false
		}
		entries = append(entries, entry{k.text, v.MapIndex(k.value).Interface()})
	}
	return entries, true
}

// untyped returns a deep copy of the value of o for a field of type any. Maps with keys of type any, as
// some YAML decoders make them, get keys of type string, as everybody expects them.
func (d *decoder) untyped(o option) any {
	switch x := o.value.(type) {
	case map[string]any:
		return d.untypedMap(o, reflect.ValueOf(x))
	case map[any]any:
		return d.untypedMap(o, reflect.ValueOf(x))
	case []any:
		if x == nil {
			return x
		}
		out := make([]any, len(x))
		for i, item := range x {
			out[i] = d.untyped(o.index(i, item))
		}
		return out
	default:
		return Clone(x)
	}
}

func (d *decoder) untypedMap(o option, v reflect.Value) map[string]any {
	if v.IsNil() {
		return nil
	}
	entries, _ := d.entries(o, v, v.Type())
	out := make(map[string]any, len(entries))
	for _, e := range entries {
		out[e.key] = d.untyped(o.key(e.key, e.value))
	}
	return out
}

// A mapKey is a key of any map: its own text where it is a string, else a description.
type mapKey struct {
	text     string
	isString bool
	value    reflect.Value
}

// sortedKeys returns the keys of the map v in the order of their text.
func sortedKeys(v reflect.Value) []mapKey {
	keys := make([]mapKey, 0, v.Len())
	for _, value := range v.MapKeys() {
		k := mapKey{value: value}
		bare := value
		if bare.Kind() == reflect.Interface {
			bare = bare.Elem()
		}
		if k.isString = isString(bare); k.isString {
			k.text = bare.String()
		} else {
			k.text = described(bare, false)
		}
		keys = append(keys, k)
	}
	slices.SortFunc(keys, func(a, b mapKey) int { return cmp.Compare(a.text, b.text) })
	return keys
}

func hasStringKeys(t reflect.Type) bool {
	return t.Key().Kind() == reflect.String || t.Key().Kind() == reflect.Interface
}
