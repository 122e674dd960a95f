package decode

import (
	"encoding"
	"fmt"
	"reflect"

	"github.com/go-viper/mapstructure/v2"
)

var (
	textType        = reflect.TypeFor[encoding.TextUnmarshaler]()
	unmarshalerType = reflect.TypeFor[mapstructure.Unmarshaler]()
)

// leaf puts v, the bare value of o, into to, where nothing is left to walk into. It reports whether v
// was fit for that.
func (d *decoder) leaf(o option, v, to reflect.Value) bool {
	t := to.Type()
	given := reflect.ValueOf(o.value)
	switch {
	case t.Kind() == reflect.Interface && t.NumMethod() == 0:
		to.Set(reflect.ValueOf(d.untyped(o)))
		return true
	case given.Type().AssignableTo(t):
		to.Set(clone(given, memo{}))
		return true
	case v.Type() == t:
		to.Set(clone(v, memo{}))
		return true
	case readsText(t) && isString(v):
		return d.read(o, v, to, func(p any) error {
			return p.(encoding.TextUnmarshaler).UnmarshalText([]byte(v.String()))
		})
	case readsText(t):
		d.mismatch(o, v, t)
		return false
	}
	if want := scalar(v, to); want != "" {
		d.fail(o.path, fmt.Errorf("got %s, want %s", described(v, isSecret(o.path)), want))
		return false
	}
	return true
}

// unmarshal lets a [mapstructure.Unmarshaler] read the value of o.
func (d *decoder) unmarshal(o option, to reflect.Value) {
	d.read(o, indirect(reflect.ValueOf(o.value)), to, func(p any) error {
		return p.(mapstructure.Unmarshaler).UnmarshalMapstructure(d.untyped(o))
	})
}

// read puts what unmarshal makes of a new value of its type into to. The value is new because one that
// is read over its default may write into memory that copies of the default share, as a [big.Int] does.
func (d *decoder) read(o option, v, to reflect.Value, unmarshal func(p any) error) (ok bool) {
	fresh := reflect.New(to.Type())
	err := func() (err error) {
		// The code is a stranger's, and what it is given is a user's.
		defer func() {
			if r := recover(); r != nil {
				err = fmt.Errorf("panic: %v", r)
			}
		}()
		return unmarshal(fresh.Interface())
	}()
	switch {
	case err == nil:
		to.Set(fresh.Elem())
		return true
	case isSecret(o.path):
		// Such errors quote what they could not read.
		d.fail(o.path, fmt.Errorf("got %s, which is not valid", described(v, true)))
	default:
		d.fail(o.path, fmt.Errorf("got %s: %w", described(v, false), err))
	}
	return false
}
