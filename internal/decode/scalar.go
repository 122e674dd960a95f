package decode

import (
	"encoding/json"
	"fmt"
	"math"
	"math/big"
	"reflect"
	"strconv"
	"strings"
	"time"
)

var (
	durationType = reflect.TypeFor[time.Duration]()
	numberType   = reflect.TypeFor[json.Number]()
)

// scalar puts v into to and returns "", or returns what to wants instead, as a user would say it.
func scalar(v, to reflect.Value) (want string) {
	t := to.Type()
	switch {
	case t == durationType:
		if !isString(v) {
			return wanted(t)
		}
		d, err := time.ParseDuration(strings.TrimSpace(v.String()))
		if err != nil {
			return wanted(t)
		}
		to.SetInt(int64(d))
	// Every integer goes by its decimal text, so that strconv checks the range of them all.
	case to.CanInt():
		i, err := strconv.ParseInt(integerText(v), 10, t.Bits())
		if err != nil {
			return wanted(t)
		}
		to.SetInt(i)
	case to.CanUint():
		u, err := strconv.ParseUint(integerText(v), 10, t.Bits())
		if err != nil {
			return wanted(t)
		}
		to.SetUint(u)
	case to.CanFloat():
		return float(v, to)
	case to.Kind() == reflect.Bool && v.Kind() == reflect.Bool:
		to.SetBool(v.Bool())
	case to.Kind() == reflect.Bool && isString(v):
		// strconv.ParseBool would take "1" and "T".
		text := strings.ToLower(strings.TrimSpace(v.String()))
		if text != "true" && text != "false" {
			return wanted(t)
		}
		to.SetBool(text == "true")
	case to.Kind() == reflect.String && isString(v):
		to.SetString(v.String())
	default:
		return wanted(t)
	}
	return ""
}

// float is scalar for a float.
func float(v, to reflect.Value) (want string) {
	t := to.Type()
	largest, exact := math.MaxFloat64, int64(1)<<53
	if t.Bits() == 32 {
		largest, exact = math.MaxFloat32, 1<<24
	}
	tooLarge := fmt.Sprintf("a number from %g to %g", -largest, largest)

	if v.CanFloat() {
		if to.OverflowFloat(v.Float()) {
			return tooLarge
		}
		to.SetFloat(v.Float())
		return ""
	}
	text := numberText(v)
	f, err := strconv.ParseFloat(text, t.Bits())
	switch integer, isInteger := new(big.Int).SetString(text, 10); {
	case err != nil && math.IsInf(f, 0):
		return tooLarge
	// In text, "inf" and "nan" are words like any other.
	case err != nil || math.IsInf(f, 0) || math.IsNaN(f):
		return wanted(t)
	case isInteger && new(big.Float).SetInt(integer).Cmp(big.NewFloat(f)) != 0:
		return fmt.Sprintf("a number that a float can hold exactly, as all integers from %d to %d", -exact, exact)
	}
	to.SetFloat(f)
	return ""
}

// numberText returns the decimal text of a number or the content of a string; "" for anything else.
func numberText(v reflect.Value) string {
	switch {
	case v.Type() == durationType:
		return ""
	case v.Type() == numberType && !json.Valid([]byte(v.String())):
		return "" // made by hand
	case v.Kind() == reflect.String:
		return strings.TrimSpace(v.String())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	default:
		return ""
	}
}

// integerText is numberText that also gives the digits of a float, or of a [json.Number] in the form of
// one, that has no fraction. It does not do that for a string: a user who writes 1e3 for an integer more
// likely mistook the option.
func integerText(v reflect.Value) string {
	switch {
	case v.CanFloat() && v.Float() == 0:
		return "0" // or negative zero would be no unsigned integer
	case v.CanFloat() && v.Float() == math.Trunc(v.Float()):
		return strconv.FormatFloat(v.Float(), 'f', 0, 64)
	case v.Type() == numberType && strings.ContainsAny(v.String(), ".eE"):
		// Not by way of a float, which would round it. The text of a large exponent is short, but the
		// integer is not.
		if f, err := strconv.ParseFloat(v.String(), 64); err != nil || math.Abs(f) > math.MaxUint64 {
			return ""
		}
		r, ok := new(big.Rat).SetString(numberText(v))
		if !ok || !r.IsInt() {
			return ""
		}
		return r.Num().String()
	default:
		return numberText(v)
	}
}
