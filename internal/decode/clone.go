package decode

import "reflect"

// Clone returns a deep copy of v, down through maps, slices, arrays, pointers, interfaces and the exported
// fields of structs. Unexported fields, such as those of a [time.Time], are copied by assignment. A
// pointer to a struct that has some, such as a *[regexp.Regexp], is shared with the copy, and so are
// functions, channels and the keys of maps. Nil stays nil, and what is reached twice,
// in a circle or not, is copied once.
func Clone[T any](v T) T {
	c := reflect.ValueOf(&v).Elem() // v is a copy already, if a shallow one
	c.Set(clone(c, memo{}))
	return v
}

// A memo holds the copies made so far.
type memo map[ref]reflect.Value

// A ref is something that values can share: a pointer, a map or a slice. The type is part of it since a
// struct and its first field have one address, the length since slices of one array have.
type ref struct {
	typ  reflect.Type
	addr uintptr
	len  int
}

func clone(v reflect.Value, done memo) reflect.Value {
	var r ref
	switch v.Kind() {
	case reflect.Pointer, reflect.Map, reflect.Slice:
		if v.IsNil() || v.Kind() == reflect.Pointer && isOpaque(v.Type().Elem()) {
			return v
		}
		r = ref{typ: v.Type(), addr: v.Pointer()}
		if v.Kind() == reflect.Slice {
			r.len = v.Len()
		}
		if c, ok := done[r]; ok {
			return c
		}
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
	}

	// A copy is remembered before it is filled, so that a circle closes.
	switch v.Kind() {
	case reflect.Pointer:
		c := reflect.New(v.Type().Elem())
		done[r] = c.Convert(v.Type())
		c.Elem().Set(clone(v.Elem(), done))
		return done[r]
	case reflect.Map:
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		done[r] = c
		for it := v.MapRange(); it.Next(); {
			c.SetMapIndex(it.Key(), clone(it.Value(), done))
		}
		return c
	case reflect.Slice:
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		done[r] = c
		for i := range v.Len() {
			c.Index(i).Set(clone(v.Index(i), done))
		}
		return c
	case reflect.Array:
		c := reflect.New(v.Type()).Elem()
		for i := range v.Len() {
			c.Index(i).Set(clone(v.Index(i), done))
		}
		return c
	case reflect.Interface:
		return clone(v.Elem(), done)
	case reflect.Struct:
		c := reflect.New(v.Type()).Elem()
		c.Set(v)
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				c.Field(i).Set(clone(v.Field(i), done))
			}
		}
		return c
	default:
		return v
	}
}

// isOpaque reports whether t is a struct with an unexported field: reflection may not copy it field by
// field, and what it holds may be a lock.
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
