package decode

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// wrongKeys returns what members has noted, with the paths. v is the value at
// path.
func (d *decoder) wrongKeys(path string, v any) (errs Errors) {
	switch v := v.(type) {
	case map[string]any:
		wrong := d.wrong[reflect.ValueOf(v).Pointer()]
		for key, value := range v {
			at := join(path, key)
			if err := wrong[key]; err != nil {
				errs = append(errs, &Error{at, err})
			}
			errs = append(errs, d.wrongKeys(at, value)...)
		}
	case []any:
		for i, item := range v {
			errs = append(errs, d.wrongKeys(fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	}
	return errs
}

// written returns the path of an option below v, which stands at path, as the
// user wrote it. mapstructure's name of it has those of fields, and keys of maps
// in brackets: Rules[0].Headers[x-id].
func written(path string, v any, name string) string {
	switch v := v.(type) {
	case map[string]any:
		field := strings.TrimPrefix(name, ".")
		if i := strings.IndexAny(field, ".["); i >= 0 {
			field = field[:i]
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if rest, ok := strings.CutPrefix(name, "["+key+"]"); ok {
				return written(join(path, key), v[key], rest)
			}
			if field != "" && fold(key) == fold(field) {
				return written(join(path, key), v[key], strings.TrimPrefix(name, ".")[len(field):])
			}
		}
	case []any:
		index, rest, _ := strings.Cut(name, "]")
		if i, err := strconv.Atoi(strings.TrimPrefix(index, "[")); err == nil && i < len(v) {
			return written(path+index+"]", v[i], rest)
		}
	}
	return path + name
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}
