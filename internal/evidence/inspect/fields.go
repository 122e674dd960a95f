package inspect

import (
	"reflect"
	"strconv"
	"strings"
)

// Field returns a field of v, which may be a pointer, by its path: "ErrStatus.Details".
// A promoted field is found by its name. It returns false if there is no such field, or
// if a pointer on the way is nil. The value may be unexported: only its kind may be read.
func Field(v any, path string) (reflect.Value, bool) {
	value := reflect.ValueOf(v)
	for name := range strings.SplitSeq(path, ".") {
		value = concrete(value)
		if value.Kind() != reflect.Struct {
			return reflect.Value{}, false
		}
		field, ok := value.Type().FieldByName(name)
		if !ok {
			return reflect.Value{}, false
		}
		var err error
		if value, err = value.FieldByIndexErr(field.Index); err != nil {
			return reflect.Value{}, false
		}
	}
	value = concrete(value)
	return value, value.IsValid()
}

// concrete follows pointers and interfaces.
func concrete(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// Int returns the number in the first of the fields that has one, or false.
func Int(v any, paths ...string) (int64, bool) {
	for _, path := range paths {
		if field, ok := Field(v, path); ok {
			if n, ok := IntOf(field); ok {
				return n, true
			}
		}
	}
	return 0, false
}

// IntOf returns the value of a number.
func IntOf(v reflect.Value) (int64, bool) {
	switch {
	case v.CanInt():
		return v.Int(), true
	case v.CanUint() && v.Uint() < 1<<63:
		return int64(v.Uint()), true
	case v.CanFloat() && v.Float() > -1e15 && v.Float() < 1e15:
		return int64(v.Float()), true
	}
	return 0, false
}

// String returns the text in the first of the fields that has one that is not empty, or
// false. Bytes in an array or a slice are a text.
func String(v any, paths ...string) (string, bool) {
	for _, path := range paths {
		if field, ok := Field(v, path); ok {
			if s := stringOf(field); s != "" {
				return s, true
			}
		}
	}
	return "", false
}

// StringOr is like String but returns other if there is no text.
func StringOr(v any, other string, paths ...string) string {
	if s, ok := String(v, paths...); ok {
		return s
	}
	return other
}

func stringOf(v reflect.Value) string {
	switch {
	case v.Kind() == reflect.String:
		return v.String()
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() == reflect.Uint8:
		return string(v.Bytes())
	case v.Kind() == reflect.Array && v.Type().Elem().Kind() == reflect.Uint8:
		b := make([]byte, v.Len())
		for i := range b {
			b[i] = byte(v.Index(i).Uint())
		}
		return string(b)
	}
	return ""
}

// Code returns the text or number in the first of the fields that has one which is
// neither empty nor zero, as a text.
func Code(v any, paths ...string) string {
	for _, path := range paths {
		field, ok := Field(v, path)
		if !ok {
			continue
		}
		if s := stringOf(field); s != "" {
			return s
		}
		if n, ok := IntOf(field); ok && n != 0 {
			return strconv.FormatInt(n, 10)
		}
	}
	return ""
}

// Result calls a method without parameters that returns a number.
func Result(v any, method string) (int64, bool) {
	m := reflect.ValueOf(v).MethodByName(method)
	if !m.IsValid() || m.Type().NumIn() != 0 || m.Type().NumOut() != 1 {
		return 0, false
	}
	switch m.Type().Out(0).Kind() {
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64,
		reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return IntOf(m.Call(nil)[0])
	}
	return 0, false
}
