package decode

import (
	"encoding/json"
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

// scalar puts from into to, and reports whether it fits.
func scalar(from, to reflect.Value) bool {
	t := to.Type()
	switch {
	case t == durationType:
		d, err := time.ParseDuration(strings.TrimSpace(from.String()))
		to.SetInt(int64(d))
		return err == nil && isString(from)
	case to.CanInt():
		i, err := strconv.ParseInt(digits(from), 10, t.Bits())
		to.SetInt(i)
		return err == nil
	case to.CanUint():
		u, err := strconv.ParseUint(digits(from), 10, t.Bits())
		to.SetUint(u)
		return err == nil
	case to.CanFloat() && from.CanFloat():
		to.SetFloat(from.Float())
		return !to.OverflowFloat(from.Float())
	case to.CanFloat():
		f, ok := float(digits(from), t.Bits())
		to.SetFloat(f)
		return ok
	case t.Kind() == reflect.Bool && from.Kind() == reflect.Bool:
		to.SetBool(from.Bool())
		return true
	case t.Kind() == reflect.Bool && isString(from): // strconv.ParseBool would take "1" and "T"
		word := strings.ToLower(strings.TrimSpace(from.String()))
		to.SetBool(word == "true")
		return word == "true" || word == "false"
	case t.Kind() == reflect.String && isString(from):
		to.SetString(from.String())
		return true
	}
	return false
}

// float returns the number that text holds, and whether it is a finite one of
// which an integer loses no digit.
func float(text string, bits int) (float64, bool) {
	f, err := strconv.ParseFloat(text, bits)
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		return 0, false
	}
	i, isInteger := new(big.Int).SetString(text, 10)
	return f, !isInteger || new(big.Float).SetInt(i).Cmp(big.NewFloat(f)) == 0
}

// digits returns a number as decimal text, a string without white space around
// it, and "" for anything else. A number in floating-point form, such as 7.0 or
// JSON's 1e3, is written as an integer if it has no fraction.
func digits(v reflect.Value) string {
	switch {
	case v.Type() == durationType:
		return ""
	case v.Type() == numberType:
		// Not by way of a float, which would round it; f only bounds the digits.
		f, err := strconv.ParseFloat(v.String(), 64)
		if err == nil && math.Abs(f) <= math.MaxUint64 && strings.ContainsAny(v.String(), ".eE") {
			if r, ok := new(big.Rat).SetString(v.String()); ok && r.IsInt() {
				return r.Num().String()
			}
		}
		return v.String()
	case v.Kind() == reflect.String:
		return strings.TrimSpace(v.String())
	case v.CanInt():
		return strconv.FormatInt(v.Int(), 10)
	case v.CanUint():
		return strconv.FormatUint(v.Uint(), 10)
	case v.CanFloat() && v.Float() == math.Trunc(v.Float()):
		return strconv.FormatFloat(v.Float()+0, 'f', 0, 64) // +0, as -0 is no unsigned integer
	}
	return ""
}

// isString reports whether v is a string, and not a number in the form of one.
func isString(v reflect.Value) bool {
	return v.Kind() == reflect.String && v.Type() != numberType
}
