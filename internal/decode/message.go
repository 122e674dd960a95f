package decode

import (
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/failure-enrichers/enricher/internal/text"
)

// A mismatch is a value that a field does not accept.
type mismatch struct {
	value    reflect.Value
	accepted string
	err      error // of reading a text, instead of accepted
}

func (m *mismatch) Error() string { return explain(m, true).Error() }

// explain returns what is wrong with a value, and shows it unless it is secret.
func explain(err error, secret bool) error {
	m, ok := err.(*mismatch)
	switch {
	case secret && (!ok || m.err != nil):
		return errors.New("not valid; its value is not shown")
	case secret:
		return fmt.Errorf("must be %s", m.accepted)
	case !ok:
		return err
	case m.err != nil:
		return fmt.Errorf("%s: %w", show(m.value), m.err)
	}
	return fmt.Errorf("%s: must be %s", show(m.value), m.accepted)
}

// maxShown is how many bytes of a string a message quotes.
const maxShown = 64

func show(v reflect.Value) string {
	switch k := v.Kind(); {
	case isString(v) && v.Len() > maxShown:
		return strconv.Quote(text.Cut(v.String(), maxShown)) + "..."
	case isString(v):
		return strconv.Quote(v.String())
	case k == reflect.Map && v.Type().Key().Kind() == reflect.String:
		return "a map"
	case k == reflect.Slice, k == reflect.Array:
		return "a list"
	case k == reflect.String, k == reflect.Bool, v.CanInt(), v.CanUint(), v.CanFloat():
		return text.Cut(fmt.Sprint(v), maxShown)
	}
	return "a " + v.Type().String()
}

// accepted says what a field of type t accepts.
func accepted(t reflect.Type) string {
	text := reflect.PointerTo(t).Implements(textType)
	switch k := t.Kind(); {
	case t == durationType:
		return `a duration with a unit, such as "5s"`
	case k == reflect.String, text && (k != reflect.Struct || isOpaque(t)):
		return "a string"
	case k == reflect.Bool:
		return "true or false"
	case reflect.Int <= k && k <= reflect.Int64:
		return fmt.Sprintf("an integer of %d bits", t.Bits())
	case reflect.Uint <= k && k <= reflect.Uintptr:
		return fmt.Sprintf("an integer of %d bits, 0 or more", t.Bits())
	case k == reflect.Float32, k == reflect.Float64:
		return fmt.Sprintf("a number that a float of %d bits can hold", t.Bits())
	case k == reflect.Struct && text:
		return "a map or a string"
	case k == reflect.Struct, k == reflect.Map:
		return "a map"
	case k == reflect.Array:
		return fmt.Sprintf("a list of %d", t.Len())
	case k == reflect.Slice && splits(t):
		return "a list or a comma-separated string"
	case k == reflect.Slice:
		return "a list"
	}
	return "a value that only code can give"
}
