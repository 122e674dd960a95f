package decode

import (
	"encoding"
	"reflect"
	"strings"

	"github.com/go-viper/mapstructure/v2"
)

var (
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
	unmarshalerType = reflect.TypeFor[mapstructure.Unmarshaler]()
)

// hook puts one value into the field it is for, which it signals to mapstructure
// by returning nil, or returns the map or list into which mapstructure is to
// walk.
func (d *decoder) hook(from, to reflect.Value) (any, error) {
	t := to.Type()
	switch {
	case from.Type().AssignableTo(t):
		to.Set(from)
		return nil, nil
	case t.Kind() == reflect.Pointer, reflect.PointerTo(t).Implements(unmarshalerType):
		return from.Interface(), nil
	case from.Kind() == reflect.Pointer:
		return d.hook(from.Elem(), to)
	case isString(from) && reflect.PointerTo(t).Implements(textType):
		fresh := reflect.New(t) // a default may share memory, as a big.Int does
		if err := fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(from.String())); err != nil {
			return nil, &mismatch{value: from, err: err}
		}
		to.Set(fresh.Elem())
		return nil, nil
	case t.Kind() == reflect.Struct && from.Kind() == reflect.Map:
		if m, ok := from.Interface().(map[string]any); ok {
			return d.members(m, to), nil
		}
	case t.Kind() == reflect.Map && from.Kind() == reflect.Map:
		to.SetZero()
		return from.Interface(), nil
	case t.Kind() == reflect.Slice || t.Kind() == reflect.Array:
		if splits(t) && isString(from) {
			from = reflect.ValueOf(items(from.String()))
		}
		isList := from.Kind() == reflect.Slice || from.Kind() == reflect.Array
		if isList && (t.Kind() == reflect.Slice || from.Len() == t.Len()) {
			to.SetZero()
			return from.Interface(), nil
		}
	case scalar(from, to):
		return nil, nil
	}
	return nil, &mismatch{value: from, accepted: accepted(t)}
}

// items returns the items of a comma-separated list by Flink's rule: white space
// around an item is dropped, empty items are skipped, and no other character
// separates them.
func items(list string) []string {
	items := []string{}
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// splits reports whether a string can stand for a list of type t.
func splits(t reflect.Type) bool {
	t = t.Elem()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch t.Kind() {
	case reflect.Struct, reflect.Map, reflect.Slice, reflect.Array:
		return reflect.PointerTo(t).Implements(textType)
	}
	return true
}
