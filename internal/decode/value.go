package decode

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strconv"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
	"github.com/failure-enrichers/enricher/internal/text"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	timeType     = reflect.TypeFor[time.Time]()
	numberType   = reflect.TypeFor[json.Number]()
)

// scalar puts from into to, and reports whether it fits.
func scalar(from, to reflect.Value) bool {
	t := to.Type()
	switch {
	case t == durationType:
		d, err := time.ParseDuration(digits(from))
		to.SetInt(int64(d))
		return err == nil && (isString(from) || d == 0) // 0 needs no unit
	case to.CanInt():
		i, err := strconv.ParseInt(digits(from), 10, t.Bits())
		to.SetInt(i)
		return err == nil
	case to.CanUint():
		u, err := strconv.ParseUint(digits(from), 10, t.Bits())
		to.SetUint(u)
		return err == nil
	case to.CanFloat():
		f, err := strconv.ParseFloat(digits(from), t.Bits())
		to.SetFloat(f)
		return err == nil && f-f == 0 // neither infinite nor NaN
	case t.Kind() == reflect.Bool && isString(from): // strconv.ParseBool would take "1" and "T"
		word := strings.ToLower(strings.TrimSpace(from.String()))
		to.SetBool(word == "true")
		return word == "true" || word == "false"
	case t.Kind() == from.Kind() && (t.Kind() == reflect.Bool || isString(from)):
		to.Set(from.Convert(t))
		return true
	}
	return false
}

// digits returns v as text, which is that of a number if v is one. A float
// without a fraction is written as an integer.
func digits(v reflect.Value) string {
	if v.CanFloat() && v.Float() == math.Trunc(v.Float()) {
		return strconv.FormatFloat(v.Float()+0, 'f', 0, 64) // not 1e+06; +0, as -0 is no unsigned integer
	}
	return strings.TrimSpace(fmt.Sprint(v))
}

// isString reports whether v is a string, and not a number in the form of one.
func isString(v reflect.Value) bool { return v.Kind() == reflect.String && v.Type() != numberType }

// isScalar reports whether v is a string, number or boolean.
func isScalar(v reflect.Value) bool {
	return v.Kind() == reflect.String || v.Kind() == reflect.Bool || v.CanInt() || v.CanUint() || v.CanFloat()
}

func (d *decoder) fail(path string, err error) { d.errs = append(d.errs, &Error{path, err}) }

// reject notes that a value is not what its field accepts, or err from reading
// it. It shows the value unless that may be secret.
func (d *decoder) reject(at located, accepted string, err error) {
	shown := show(reflect.ValueOf(at.value)) + ": "
	if secretkey.InPath(at.path) {
		shown = ""
		if err != nil {
			err = errors.New("not valid; its value is not shown")
		}
	}
	if err == nil {
		err = fmt.Errorf("must be %s", accepted)
	}
	d.fail(at.path, fmt.Errorf("%s%w", shown, err))
}

// show shows at most 64 bytes of a value, with secrets masked.
func show(v reflect.Value) string {
	switch k := v.Kind(); {
	case isString(v):
		return strconv.Quote(text.Cut(redact.Text(v.String()), 64)) // masked here, as half a secret is hard to recognize
	case isScalar(v):
		return text.Cut(fmt.Sprint(v), 64)
	case k == reflect.Map:
		return "a map"
	case k == reflect.Slice:
		return "a list"
	}
	return "a " + v.Type().String()
}

// accepted says what a field accepts instead of from.
func accepted(from, to reflect.Value) string {
	t := to.Type()
	switch isText := reflect.PointerTo(t).Implements(textType); {
	case t == durationType:
		return `a duration with a unit (ns, us, ms, s, m, h), such as "5s"`
	case t.Kind() == reflect.String && (isScalar(from) || from.Type() == timeType): // YAML makes a time of a date
		return "a string, in quotes"
	case isText:
		return "a string"
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct:
		return "a list of maps"
	case t.Kind() == reflect.Map && takesPairs(t):
		return `a list of pairs {match: "...", is: ...}, or a map`
	case t.Kind() == reflect.Slice && isScalar(from):
		return "a list or a comma-separated string, in quotes"
	case to.CanInt():
		return fmt.Sprintf("an integer of %d bits", t.Bits())
	case to.CanUint():
		return fmt.Sprintf("an integer of %d bits, 0 or more", t.Bits())
	}
	return cmp.Or(acceptedBy[t.Kind()], "a value that only code can give")
}

var acceptedBy = map[reflect.Kind]string{
	reflect.String: "a string", reflect.Bool: "true or false",
	reflect.Float32: "a number", reflect.Float64: "a number",
	reflect.Struct: "a map", reflect.Map: "a map",
	reflect.Slice: "a list or a comma-separated string",
}
