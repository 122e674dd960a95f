package rawconfig

import (
	"encoding/json"
	"fmt"
	"reflect"
	"time"
)

// indirect follows pointers to what a loader can yield. It leaves a pointer to
// anything else alone, since a copy of a stranger's struct may be worth
// nothing.
func indirect(v reflect.Value) any {
	end := v
	for range maxDepth { // a pointer may point to itself
		if end.Kind() != reflect.Pointer && end.Kind() != reflect.Interface {
			break
		}
		end = end.Elem()
	}
	switch end.Kind() {
	case reflect.Invalid: // a nil on the way
		return nil
	case reflect.Struct, reflect.Func, reflect.Chan, reflect.UnsafePointer, reflect.Pointer, reflect.Interface:
		return v.Interface()
	default:
		return end.Interface()
	}
}

// text returns the string that v is, if it is one.
func text(v any) (s string, ok bool) {
	rv := reflect.ValueOf(v)
	if _, isNumber := v.(json.Number); isNumber || rv.Kind() != reflect.String {
		return "", false
	}
	return rv.String(), true
}

// mapLen reports whether v is a map, and the number of its entries.
func mapLen(v any) (isMap bool, size int) {
	m := reflect.ValueOf(v)
	if m.Kind() != reflect.Map {
		return false, 0
	}
	return true, m.Len()
}

// isList reports whether v is a list, and whether its items are scalars, which
// hold nothing that could be shared.
func isList(v reflect.Value) (list, scalars bool) {
	if k := v.Kind(); k != reflect.Slice && k != reflect.Array {
		return false, false
	}
	switch v.Type().Elem().Kind() {
	case reflect.Interface, reflect.Pointer, reflect.Map, reflect.Slice, reflect.Array, reflect.Struct:
		return true, false
	default:
		return true, true
	}
}

// copyScalars copies a list of scalars.
func copyScalars(v reflect.Value) any {
	if v.Kind() == reflect.Array || v.IsNil() {
		return v.Interface()
	}
	c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
	reflect.Copy(c, v)
	return c.Interface()
}

// describe says what v is in the words of somebody who writes configurations
// rather than Go. It never shows v itself, which may be a secret.
func describe(v any) string {
	switch v.(type) {
	case nil:
		return "nothing"
	case json.Number:
		return "a number"
	case time.Time:
		return "a time"
	}
	rv := reflect.ValueOf(v)
	switch {
	case rv.Kind() == reflect.String:
		return "a string"
	case rv.Kind() == reflect.Bool:
		return "true or false"
	case rv.CanInt(), rv.CanUint(), rv.CanFloat(), rv.CanComplex():
		return "a number"
	case rv.Kind() == reflect.Map:
		return "a map"
	case rv.Kind() == reflect.Slice, rv.Kind() == reflect.Array:
		return "a list"
	default:
		return fmt.Sprintf("a %T", v)
	}
}
