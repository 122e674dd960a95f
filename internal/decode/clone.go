package decode

import "reflect"

// Clone returns a deep copy of v, down through maps, slices, arrays, pointers,
// interfaces and the exported fields of structs. Unexported fields, such as
// those of a [time.Time], are copied by assignment. A pointer to a struct that
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
	case reflect.Array:
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
	if t.Kind() != reflect.Struct {
		return false
	}
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			return true
		}
	}
	return false
}
