// Package decode fills the options of a plugin from untyped configuration data, strictly: what a user
// wrote is either taken at its exact value or refused with an error that names the option.
//
// The walk over structs, maps and lists, with the tags squash and remain, is mapstructure's. The values
// are not: even without its weak mode mapstructure cuts the fraction off a float, lets an int8 overflow
// and speaks of Go types to a user, so a hook of this package sees to every value at every depth.
package decode

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/go-viper/mapstructure/v2"
)

// maxDepth is how many maps, lists and pointers may stand inside each other, raw itself included. No
// configuration gets near it; a map that holds itself goes beyond.
const maxDepth = 64

// An Error is one option that could not be decoded.
type Error struct {
	Option string // where it stands, as the user spelt it: rules[0].match
	Err    error  // what was found there, and what would be accepted
}

func (e *Error) Error() string {
	return fmt.Sprintf("option %q: %v", e.Option, e.Err)
}

func (e *Error) Unwrap() error {
	return e.Err
}

// Into decodes raw over what into points to, which is a struct or a map. Where that fails, *into is left
// as it was, and the error joins an [*Error] for every option that is wrong, sorted by Option.
//
// Keys name fields, or their mapstructure tags, without regard to case, '-' and '_'. A key that names no
// field is an error, and so are two that name the same one. A struct is decoded over its default, also
// behind a pointer; any other value given replaces its default in full. Nil, typed or not, leaves the
// default. Nothing in *into shares memory with raw, beyond what a [Clone] shares, and raw is not changed.
//
// A string becomes what its field wants: a number in decimal, a bool that is "true" or "false", a
// [time.Duration] with its unit, a comma-separated list, or whatever an [encoding.TextUnmarshaler] makes
// of it. Of comma-separated lists, white space around items and empty items are dropped. A number fits
// its field exactly or is an error, except that a float is rounded to the precision of its field.
// Nothing else is converted.
//
// Other errors than an *Error are mistakes of the caller: into is no such pointer, or its type cannot
// be decoded into.
func Into(raw map[string]any, into any) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() {
		return fmt.Errorf("decode: want a pointer to a struct or a map, got %T", into)
	}
	target = target.Elem()
	if k := target.Kind(); k != reflect.Struct && k != reflect.Map {
		return fmt.Errorf("decode: want a pointer to a struct or a map, got %T", into)
	}
	if raw == nil {
		return nil
	}
	var d decoder
	if path, deep := tooDeep(reflect.ValueOf(raw), 1); deep {
		d.fail(strings.TrimPrefix(path, "."), fmt.Errorf("nested more than %d levels deep", maxDepth))
		return d.join()
	}

	// The copy is shallow: the hook replaces whatever else it would write to.
	fresh := reflect.New(target.Type())
	fresh.Elem().Set(target)
	walk, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		DecodeHook: mapstructure.DecodeHookFuncValue(d.hook),
		Result:     fresh.Interface(),
		ZeroFields: true, // or a map and a list would be merged with their defaults
		// The hook has already put every value under the exact name of its field.
		MatchName: func(key, field string) bool { return key == field },
		// It would be given the wrapped value; the hook calls it with the bare one.
		DisableUnmarshaler: true,
	})
	if err != nil {
		return fmt.Errorf("decode into %T: %w", into, err)
	}
	if err := walk.Decode(option{value: raw}); err != nil {
		return fmt.Errorf("decode into %T: %w", into, err)
	}
	if len(d.errs) > 0 {
		return d.join()
	}
	target.Set(fresh.Elem())
	return nil
}

// tooDeep looks for a value nested too deeply before anything else does, in a fixed order, so that the
// walks to come end and the error is the same every time. It returns the path from v to that value.
func tooDeep(v reflect.Value, depth int) (string, bool) {
	switch v.Kind() {
	case reflect.Interface:
		return tooDeep(v.Elem(), depth)
	case reflect.Pointer, reflect.Map, reflect.Slice, reflect.Array:
	default:
		return "", false
	}
	if depth > maxDepth {
		return "", true
	}
	switch v.Kind() {
	case reflect.Pointer:
		return tooDeep(v.Elem(), depth+1)
	case reflect.Map:
		for _, k := range sortedKeys(v) {
			if path, deep := tooDeep(v.MapIndex(k.value), depth+1); deep {
				return "." + k.text + path, true
			}
		}
	default:
		for i := range v.Len() {
			if path, deep := tooDeep(v.Index(i), depth+1); deep {
				return "[" + strconv.Itoa(i) + "]" + path, true
			}
		}
	}
	return "", false
}

// A decoder collects what is wrong in one call of Into. Its hook never gives mapstructure an error about
// an option: mapstructure would name it in its own way, and stop short of the options inside.
type decoder struct {
	errs []*Error
}

func (d *decoder) fail(path string, err error) {
	d.errs = append(d.errs, &Error{Option: path, Err: err})
}

// join sorts the errors, because mapstructure walks maps in no order.
func (d *decoder) join() error {
	slices.SortFunc(d.errs, func(a, b *Error) int {
		return cmp.Or(
			cmp.Compare(a.Option, b.Option),
			cmp.Compare(a.Err.Error(), b.Err.Error()),
		)
	})
	errs := make([]error, len(d.errs))
	for i, err := range d.errs {
		errs[i] = err
	}
	return errors.Join(errs...)
}
