package decode

import (
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"
)

// mismatch records that v, the bare value of o, is nothing for the type t.
func (d *decoder) mismatch(o option, v reflect.Value, t reflect.Type) {
	d.fail(o.path, fmt.Errorf("got %s, want %s", described(v, isSecret(o.path)), wanted(t)))
}

// wanted says in a user's words what is accepted for the type t.
func wanted(t reflect.Type) string {
	text := readsText(t)
	switch {
	case t == durationType:
		return `a duration with a unit, such as "1.5s"`
	case text && isLeaf(t):
		return "a string"
	}
	var want string
	switch t.Kind() {
	case reflect.Bool:
		return "true or false"
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		if t.Bits() == 64 { // its range says no more to a user who is far from its ends
			return "an integer of 64 bits"
		}
		least := int64(math.MinInt64) >> (64 - t.Bits())
		return fmt.Sprintf("an integer from %d to %d", least, -(least + 1))
	case reflect.Uint, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64, reflect.Uintptr:
		if t.Bits() == 64 {
			return "an integer of 64 bits, 0 or more"
		}
		return fmt.Sprintf("an integer from 0 to %d", uint64(math.MaxUint64)>>(64-t.Bits()))
	case reflect.Float32, reflect.Float64:
		return "a number"
	case reflect.String:
		return "a string"
	case reflect.Struct, reflect.Map:
		want = "a map"
	case reflect.Slice:
		want = "a list"
	case reflect.Array:
		want = fmt.Sprintf("a list of %d", t.Len())
	default:
		return "a value that only code can give"
	}
	switch {
	case text:
		want += " or a string"
	case splits(t):
		want += " or a comma-separated string"
	}
	return want
}

// isLeaf reports whether a value of type t is made as a whole, not out of members.
func isLeaf(t reflect.Type) bool {
	switch t.Kind() {
	case reflect.Map, reflect.Slice:
		return false
	case reflect.Array:
		return readsText(t) // a UUID is not given byte by byte
	case reflect.Struct:
		if !readsText(t) {
			return false
		}
		// A struct with a short form, as text, and a long one is not a leaf. A time.Time is.
		for i := range t.NumField() {
			if t.Field(i).IsExported() {
				return false
			}
		}
	}
	return true
}

func readsText(t reflect.Type) bool {
	return reflect.PointerTo(t).Implements(textType)
}

// splits reports whether t is a list that a comma-separated string can stand for.
func splits(t reflect.Type) bool {
	if t.Kind() != reflect.Slice && t.Kind() != reflect.Array {
		return false
	}
	t = t.Elem()
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	return isLeaf(t) || readsText(t)
}

// maxShown is how many bytes of a value a message quotes.
const maxShown = 64

// described says what v is, and, unless it is secret, its value.
func described(v reflect.Value, secret bool) string {
	if !v.IsValid() {
		return "nothing"
	}
	var kind, text string
	switch {
	case v.Type() == durationType:
		kind, text = "duration", fmt.Sprint(v)
	case v.Type() == numberType:
		kind, text = "number", v.String()
	case v.Kind() == reflect.String:
		kind, text = "string", v.String()
	case v.Kind() == reflect.Bool:
		kind, text = "boolean", strconv.FormatBool(v.Bool())
	case v.CanInt() || v.CanUint():
		kind, text = "number", numberText(v)
	case v.CanFloat():
		kind, text = "number", strconv.FormatFloat(v.Float(), 'g', -1, v.Type().Bits())
	case v.Kind() == reflect.Map:
		return "a map"
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		return "a list"
	case v.Kind() == reflect.Struct:
		return "a structure"
	case v.Kind() == reflect.Func:
		return "a function"
	case v.Kind() == reflect.Chan:
		return "a channel"
	default:
		return "a value of no known kind"
	}
	if secret {
		return "the " + kind + " (hidden)"
	}
	return "the " + kind + " " + quoted(text)
}

func quoted(text string) string {
	if len(text) <= maxShown {
		return strconv.Quote(text)
	}
	end := maxShown
	for end > maxShown-utf8.UTFMax && !utf8.RuneStart(text[end]) {
		end--
	}
	return strconv.Quote(text[:end]) + "..."
}

// isSecret reports whether the value at path had better not be shown, going by its name.
func isSecret(path string) bool {
	name := fold(path)
	for _, word := range []string{"password", "secret", "token", "apikey", "authorization", "header", "routingkey"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}

// indirect returns what v leads to through pointers and interfaces; the zero Value for nil.
func indirect(v reflect.Value) reflect.Value {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		v = v.Elem()
	}
	return v
}

// isNil reports whether v, which [indirect] returned, is nothing.
func isNil(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Invalid:
		return true
	case reflect.Map, reflect.Slice, reflect.Func, reflect.Chan, reflect.UnsafePointer:
		return v.IsNil()
	default:
		return false
	}
}

// isString reports whether v is a string and not a number in the guise of one.
func isString(v reflect.Value) bool {
	return v.Kind() == reflect.String && v.Type() != numberType
}
