// Package decode decodes configuration data into the options of a plugin,
// strictly: a value is taken exactly or rejected with an error that names the
// option.
//
// The walk over structs, maps and lists is that of mapstructure. Its hook
// converts every value, because mapstructure truncates and overflows numbers.
package decode

import (
	"cmp"
	"errors"
	"fmt"
	"reflect"
	"slices"

	"github.com/go-viper/mapstructure/v2"
)

// An Error reports one option that could not be decoded.
type Error struct {
	Option string // its path as the user wrote it: rules[0].match
	Err    error  // what is wrong with it, and what is accepted
}

func (e *Error) Error() string { return fmt.Sprintf("option %q: %v", e.Option, e.Err) }

func (e *Error) Unwrap() error { return e.Err }

// Errors are the errors of one configuration, sorted by their texts.
type Errors []*Error

func (es Errors) Error() string { return errors.Join(es.Unwrap()...).Error() }

func (es Errors) Unwrap() []error {
	errs := make([]error, len(es))
	for i, e := range es {
		errs[i] = e
	}
	return errs
}

// Err returns es, sorted, or nil if there are none.
func (es Errors) Err() error {
	if len(es) == 0 {
		return nil
	}
	slices.SortFunc(es, func(a, b *Error) int { return cmp.Compare(a.Error(), b.Error()) })
	return es
}

// Into decodes raw over what into points to, which is a struct or a map. If
// options are wrong, it returns [Errors] and leaves *into as it was. Any other
// error is a mistake of the program.
//
// A key names a field, or its mapstructure tag, without regard to case, '-' and
// '_'. A key without a field is an error, and so are two keys of one field. A
// struct is decoded over its default; any other value replaces its default. Nil
// keeps the default; in a list, or in a map of scalars or lists, there is none, and
// nil is an error, unless the field is a pointer. raw is not changed, and *into
// shares no more memory with it than a [Clone] would.
//
// A string becomes what its field requires: a number, a boolean, a
// [time.Duration], a comma-separated list, or what an [encoding.TextUnmarshaler]
// reads. A list of pairs, such as {match: a, is: 1} or {key: a, value: 1},
// becomes a map whose values are scalars, lists or structs, because loaders change the
// keys of maps: in one of scalars or lists, {a.b: 1} and {a: {b: 1}} are the same. Nothing else
// is converted. An integer is taken to the last digit, or rounded to the precision
// of a float field.
func Into(raw map[string]any, into any) error {
	target := reflect.ValueOf(into)
	if target.Kind() != reflect.Pointer || target.IsNil() ||
		target.Elem().Kind() != reflect.Struct && target.Elem().Kind() != reflect.Map {
		return fmt.Errorf("decode into %T: must be a pointer to a struct or a map", into)
	}
	plain, err := Plain(raw)
	if err != nil || raw == nil {
		return err
	}
	target = target.Elem()
	fresh := reflect.New(target.Type())
	fresh.Elem().Set(clone(target))
	var d decoder
	walk, err := mapstructure.NewDecoder(&mapstructure.DecoderConfig{
		Result:             fresh.Interface(),
		DecodeHook:         mapstructure.DecodeHookFuncValue(d.hook),
		MatchName:          func(key, field string) bool { return fold(key) == fold(field) },
		DisableUnmarshaler: true,
	})
	if err == nil {
		err = walk.Decode(located{"", plain})
	}
	if err != nil {
		return fmt.Errorf("decode into %T: %w", into, err)
	}
	if len(d.errs) == 0 {
		target.Set(fresh.Elem())
	}
	return d.errs.Err()
}
