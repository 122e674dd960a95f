package decode

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
)

// maxDepth is how many maps, lists and pointers may stand inside each other. It
// ends the walk through a map that contains itself.
const maxDepth = 64

// Plain returns a deep copy of raw in which maps with strings for keys are
// map[string]any, lists of anything but scalars and structs are []any, and no
// pointer leads to either. What is nil becomes an untyped nil. A key that is no
// string, and values more than 64 levels deep, are an error.
func Plain(raw map[string]any) (map[string]any, error) {
	var p plainer
	m, _ := p.plain("", reflect.ValueOf(raw), 1).(map[string]any)
	return m, p.errs.Err()
}

// A plainer stops at the first error, as a map that contains itself twice has
// more of them than memory can hold.
type plainer struct{ errs Errors }

// plain returns the copy of v, which stands at path.
func (p *plainer) plain(path string, v reflect.Value, depth int) any {
	if isNil(v) || len(p.errs) > 0 {
		return nil
	}
	k := v.Kind()
	if depth > maxDepth && (k == reflect.Pointer || k == reflect.Map || k == reflect.Slice) {
		p.fail(path, "nested more than %d levels deep", maxDepth)
		return nil
	}
	switch {
	case k == reflect.Interface:
		return p.plain(path, v.Elem(), depth)
	case k == reflect.Pointer && v.Type().Elem().Kind() != reflect.Struct:
		return p.plain(path, v.Elem(), depth+1)
	case k == reflect.Map && slices.Contains([]reflect.Kind{reflect.String, reflect.Interface}, v.Type().Key().Kind()):
		byKey, c := p.byKey(path, v), make(map[string]any, v.Len())
		for _, key := range slices.Sorted(maps.Keys(byKey)) {
			c[key] = p.plain(join(path, key), byKey[key], depth+1)
		}
		return c
	case k == reflect.Slice && holdsLists(v.Type().Elem()):
		c := make([]any, v.Len())
		for i := range c {
			c[i] = p.plain(fmt.Sprintf("%s[%d]", path, i), v.Index(i), depth+1)
		}
		return c
	}
	return clone(v).Interface()
}

func holdsLists(elem reflect.Type) bool {
	switch elem.Kind() {
	case reflect.Pointer:
		return elem.Elem().Kind() != reflect.Struct
	case reflect.Interface, reflect.Map, reflect.Slice:
		return true
	}
	return false
}

// byKey returns the values of the map v by key.
func (p *plainer) byKey(path string, v reflect.Value) map[string]reflect.Value {
	byKey := make(map[string]reflect.Value, v.Len())
	var others []string
	for it := v.MapRange(); it.Next(); {
		key := it.Key()
		if key.Kind() == reflect.Interface {
			key = key.Elem()
		}
		if key.IsValid() && isString(key) {
			byKey[key.String()] = it.Value()
		} else {
			others = append(others, fmt.Sprint(it.Key()))
		}
	}
	if len(others) > 0 {
		p.fail(path, "%s as a key: must be a string, in quotes", slices.Min(others))
	}
	return byKey
}

func (p *plainer) fail(path, format string, args ...any) {
	p.errs = append(p.errs, &Error{path, fmt.Errorf(format, args...)})
}

func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Chan, reflect.Func, reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice, reflect.UnsafePointer:
		return v.IsNil()
	}
	return false
}
