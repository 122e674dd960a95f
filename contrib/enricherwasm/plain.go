package enricherwasm

import (
	"encoding"
	"fmt"
	"reflect"
	"time"
)

// plain returns a value of an option as JSON can carry it and a plugin can read it: a
// duration as a text with its unit, a map with any keys as one whose keys are texts.
func plain(v any) any {
	switch v := v.(type) {
	case nil:
		return nil
	case time.Duration:
		return v.String()
	case encoding.TextMarshaler:
		return v
	}
	switch rv := reflect.ValueOf(v); rv.Kind() {
	case reflect.Map:
		m := map[string]any{}
		for key, value := range rv.Seq2() {
			m[fmt.Sprint(key.Interface())] = plain(value.Interface())
		}
		return m
	case reflect.Slice, reflect.Array:
		all := make([]any, rv.Len())
		for i := range all {
			all[i] = plain(rv.Index(i).Interface())
		}
		return all
	case reflect.Pointer:
		if !rv.IsNil() {
			return plain(rv.Elem().Interface())
		}
		return nil
	}
	return v
}
