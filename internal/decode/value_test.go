package decode_test

import (
	"encoding/json"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
)

type (
	level string
	flag  bool
)

func TestIntoTakesAScalarExactlyOrRejectsIt(t *testing.T) {
	t.Parallel()
	t.Run("a duration", check[time.Duration]([]row[time.Duration]{
		{"has a unit", "1.5s", 1500 * time.Millisecond, ""},
		{"may stand in white space", " 2m\n", 2 * time.Minute, ""},
		{"may be 0 without a unit", "0", 0, ""},
		{"may be negative", "-1h", -time.Hour, ""},
		{"may be one already", time.Second, time.Second, ""},
		{"is not a text without a unit", "30", 0, `"30": must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`},
		{"is not a number", 30, 0, `30: must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`},
		{"is not a JSON number", json.Number("1"), 0, `1: must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`},
		{"but 0 needs no unit", json.Number("0"), 0, ""},
		{"is not a bool", true, 0, `true: must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`},
		{"does not overflow", "9999999h", 0, `"9999999h": must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"`},
	}))
	t.Run("an int8", check[int8]([]row[int8]{
		{"is at most 127", int64(127), 127, ""},
		{"is at least -128", int64(-128), -128, ""},
		{"may come from an unsigned integer", uint64(5), 5, ""},
		{"may come from a float without a fraction", 5.0, 5, ""},
		{"may come from negative zero", math.Copysign(0, -1), 0, ""},
		{"may come from a JSON number", json.Number("-7"), -7, ""},
		{"may come from text", "-128", -128, ""},
		{"is decimal, with or without leading zeros", "010", 10, ""},
		{"does not overflow", int64(300), 0, `300: must be an integer of 8 bits`},
		{"does not overflow from text", "128", 0, `"128": must be an integer of 8 bits`},
		{"has no fraction", 1.5, 0, `1.5: must be an integer of 8 bits`},
		{"is a number", math.NaN(), 0, `NaN: must be an integer of 8 bits`},
		{"is not a text with a fraction", "1.0", 0, `"1.0": must be an integer of 8 bits`},
		{"is not hexadecimal", "0x10", 0, `"0x10": must be an integer of 8 bits`},
		{"is not a bool", true, 0, `true: must be an integer of 8 bits`},
		{"is not a duration", time.Nanosecond, 0, `1ns: must be an integer of 8 bits`},
	}))
	t.Run("an int64", check[int64]([]row[int64]{
		{"has all its digits", json.Number("9223372036854775807"), math.MaxInt64, ""},
		{"has all its digits from text", "-9223372036854775808", math.MinInt64, ""},
		{"has all digits of a float", float64(1 << 60), 1 << 60, ""},
		{"does not overflow from a float", float64(1 << 63), 0, `9.223372036854776e+18: must be an integer of 64 bits`},
		{"does not overflow from an unsigned one", uint64(1 << 63), 0, `9223372036854775808: must be an integer of 64 bits`},
	}))
	t.Run("a uint", check[uint]([]row[uint]{
		{"is at most the largest", uint64(math.MaxUint64), math.MaxUint64, ""},
		{"may come from text", "7", 7, ""},
		{"may come from negative zero", math.Copysign(0, -1), 0, ""},
		{"is not negative", -1, 0, `-1: must be an integer of 64 bits, 0 or more`},
		{"is not negative from a float", -1.0, 0, `-1: must be an integer of 64 bits, 0 or more`},
		{"does not overflow", float64(1 << 63 * 2), 0, `1.8446744073709552e+19: must be an integer of 64 bits, 0 or more`},
	}))
	t.Run("a float64", check[float64]([]row[float64]{
		{"is itself", 0.1, 0.1, ""},
		{"may come from an integer", 1 << 53, 1 << 53, ""},
		{"is rounded from an integer of more digits", 1<<53 + 1, 1 << 53, ""},
		{"may come from a large integer that is a power of 2", uint64(1 << 63), 1 << 63, ""},
		{"may come from text", " 1.5e3 ", 1500, ""},
		{"may come from a JSON number", json.Number("1e23"), 1e23, ""},
		{"does not overflow", json.Number("-1e400"), 0, `-1e400: must be a number`},
		{"is no word", "inf", 0, `"inf": must be a number`},
		{"is not text", "half", 0, `"half": must be a number`},
		{"is not a bool", false, 0, `false: must be a number`},
	}))
	t.Run("a float32", check[float32]([]row[float32]{
		{"is rounded from a larger float", 0.1, 0.1, ""},
		{"may come from an integer", 1 << 24, 1 << 24, ""},
		{"does not overflow", 1e300, 0, `1e+300: must be a number`},
	}))
	t.Run("a bool", check[flag]([]row[flag]{
		{"is itself", true, true, ""},
		{"may come from text", "true", true, ""},
		{"may come from text in any case", " TRUE ", true, ""},
		{"is not 1", "1", false, `"1": must be true or false`},
		{"is not yes", "yes", false, `"yes": must be true or false`},
		{"is not a number", 1, false, `1: must be true or false`},
	}))
	t.Run("a string", check[level]([]row[level]{
		{"is taken as it is", " a,b ", " a,b ", ""},
		{"may be empty", "", "", ""},
		{"is not a number", 5, "", `5: must be a string, in quotes`},
		{"is not a JSON number", json.Number("5"), "", `5: must be a string, in quotes`},
		{"is not a bool", true, "", `true: must be a string, in quotes`},
		{"is not bytes", []byte("x"), "", `a list: must be a string`},
		{"is not a date of YAML", time.Time{}, "", `a time.Time: must be a string, in quotes`},
	}))
}

// A row is a value given for an option of type T, with what is then in the field or the error about it.
type row[T any] struct {
	sentence string
	value    any
	want     T
	err      string
}

// check decodes the values into fields at the top, behind pointers, in lists, in maps and in structs in
// lists.
func check[T any](rows []row[T]) func(t *testing.T) {
	return func(t *testing.T) {
		t.Parallel()
		for _, row := range rows {
			t.Run(row.sentence, func(t *testing.T) {
				t.Parallel()
				type inner struct{ Here T }
				var got struct {
					Here    T
					Pointer **T
					List    []T
					Map     map[string]T
					Structs []*inner
				}
				err := decode.Into(map[string]any{
					"here":    row.value,
					"pointer": row.value,
					"list":    []any{row.value},
					"map":     map[any]any{"key": row.value},
					"structs": []map[string]any{{"here": row.value}},
				}, &got)
				if row.err != "" {
					assert.EqualError(t, err, ""+
						`option "here": `+row.err+"\n"+
						`option "list[0]": `+row.err+"\n"+
						`option "map.key": `+row.err+"\n"+
						`option "pointer": `+row.err+"\n"+
						`option "structs[0].here": `+row.err)
					return
				}
				require.NoError(t, err)
				assert.Equal(t, row.want, got.Here)
				assert.Equal(t, row.want, **got.Pointer)
				assert.Equal(t, []T{row.want}, got.List)
				assert.Equal(t, map[string]T{"key": row.want}, got.Map)
				assert.Equal(t, []*inner{{row.want}}, got.Structs)
			})
		}
	}
}

func ptr[T any](v T) *T {
	return &v
}
