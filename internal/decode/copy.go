package decode

import (
	"cmp"
	"fmt"
	"reflect"
	"slices"
)

// Clone returns a deep copy of v, down through maps, slices, pointers, interfaces
// and the exported fields of structs. Arrays and unexported fields, such as those
// of a [time.Time], are copied by assignment. A pointer to a struct that
// has some, such as a *[regexp.Regexp], is shared with the copy, and so are
// functions, channels and the keys of maps. Nil stays nil. v must not contain
// itself.
func Clone[T any](v T) T {
	c := reflect.ValueOf(&v).Elem() // v is a copy already, if a shallow one
	c.Set(clone(c))
	return v
}

func clone(v reflect.Value) reflect.Value {
	if isNil(v) {
		return v
	}
	c := reflect.New(v.Type()).Elem()
	switch v.Kind() {
	case reflect.Interface:
		return clone(v.Elem())
	case reflect.Pointer:
		if isOpaque(v.Type().Elem()) {
			return v
		}
		c.Set(reflect.New(v.Type().Elem()).Convert(v.Type()))
		c.Elem().Set(clone(v.Elem()))
	case reflect.Map:
		c.Set(reflect.MakeMapWithSize(v.Type(), v.Len()))
		for it := v.MapRange(); it.Next(); {
			c.SetMapIndex(it.Key(), clone(it.Value()))
		}
	case reflect.Slice:
		c.Set(reflect.MakeSlice(v.Type(), v.Len(), v.Len()))
		for i := range v.Len() {
			c.Index(i).Set(clone(v.Index(i)))
		}
	case reflect.Struct:
		c.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.Field(i).Set(clone(v.Field(i)))
			}
		}
	default:
		return v
	}
	return c
}

// isOpaque reports whether t is a struct with an unexported field: reflection
// cannot copy that field by field, and it may be a lock.
func isOpaque(t reflect.Type) bool {
	return t.Kind() == reflect.Struct && slices.ContainsFunc(reflect.VisibleFields(t),
		func(f reflect.StructField) bool { return !f.IsExported() })
}

// Bounds of what is copied. A map that contains itself is too deep, and one in which
// each level has the next one several times has too many values.
const (
	maxDepth  = 64
	maxValues = 1 << 18
)

// Check returns an error if raw is too large for [Clone] and [Plain]: it has values
// more than 64 levels deep, or more than 1<<18 values. What is in several places
// counts in each.
func Check(raw map[string]any) error {
	var d decoder
	left := maxValues
	d.check("", reflect.ValueOf(raw), 0, &left)
	return d.errs.Err()
}

// check counts v, which stands at path, and what is in it. It stops at the first
// error.
func (d *decoder) check(path string, v reflect.Value, depth int, left *int) {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	*left--
	switch {
	case isNil(v) || len(d.errs) > 0:
	case *left < 0:
		d.fail(path, fmt.Errorf("too many values: at most %d in all, and one that is in several places counts in each", maxValues))
	case depth > maxDepth:
		d.fail(path, fmt.Errorf("nested more than %d levels deep", maxDepth))
	case v.Kind() == reflect.Map:
		for _, key := range sortedKeys(v) {
			d.check(join(path, textOf(key)), v.MapIndex(key), depth+1, left)
		}
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			d.check(fmt.Sprintf("%s[%d]", path, i), v.Index(i), depth+1, left)
		}
	}
}

func sortedKeys(m reflect.Value) []reflect.Value {
	return slices.SortedFunc(slices.Values(m.MapKeys()), func(a, b reflect.Value) int {
		return cmp.Compare(textOf(a), textOf(b))
	})
}

func textOf(key reflect.Value) string {
	if key.Kind() == reflect.String {
		return key.String()
	}
	return fmt.Sprint(key)
}

// Plain returns a deep copy of raw in which maps with strings for keys are
// map[string]any and lists are []any. What is nil becomes an untyped nil. A key
// that is no string is an error, and so is what [Check] rejects.
func Plain(raw map[string]any) (map[string]any, error) {
	if err := Check(raw); err != nil {
		return nil, err
	}
	var d decoder
	m, _ := d.plain("", reflect.ValueOf(raw)).(map[string]any)
	return m, d.errs.Err()
}

// plain returns the copy of v, which stands at path. It stops at the first error.
func (d *decoder) plain(path string, v reflect.Value) any {
	if v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	switch k := v.Kind(); {
	case isNil(v) || len(d.errs) > 0:
		return nil
	case k == reflect.Map && slices.Contains([]reflect.Kind{reflect.String, reflect.Interface}, v.Type().Key().Kind()):
		c := make(map[string]any, v.Len())
		for _, key := range sortedKeys(v) {
			name, ok := key.Interface().(string)
			if !ok {
				d.fail(path, fmt.Errorf("%v as a key: must be a string, in quotes", key))
				return nil
			}
			c[name] = d.plain(join(path, name), v.MapIndex(key))
		}
		return c
	case k == reflect.Slice:
		c := make([]any, v.Len())
		for i := range c {
			c[i] = d.plain(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
		}
		return c
	}
	return clone(v).Interface()
}

var nilable = []reflect.Kind{reflect.Interface, reflect.Map, reflect.Pointer, reflect.Slice}

func isNil(v reflect.Value) bool {
	return !v.IsValid() || slices.Contains(nilable, v.Kind()) && v.IsNil()
}
