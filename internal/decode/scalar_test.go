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

func TestAValueIsTakenExactlyOrRefused(t *testing.T) {
	t.Parallel()
	t.Run("a duration", check[time.Duration]([]row[time.Duration]{
		{"has a unit", "1.5s", 1500 * time.Millisecond, ""},
		{"may stand in white space", " 2m\n", 2 * time.Minute, ""},
		{"may be 0 without a unit", "0", 0, ""},
		{"may be negative", "-1h", -time.Hour, ""},
		{"may be one already", time.Second, time.Second, ""},
		{"may be behind pointers", ptr(ptr("1s")), time.Second, ""},
		{"is not a text without a unit", "30", 0, `got the string "30", want a duration with a unit, such as "1.5s"`},
		{"is not a number", 30, 0, `got the number "30", want a duration with a unit, such as "1.5s"`},
		{"is not the number 0 either", 0, 0, `got the number "0", want a duration with a unit, such as "1.5s"`},
		{"is not a float", 1.5, 0, `got the number "1.5", want a duration with a unit, such as "1.5s"`},
		{"is not a JSON number", json.Number("3"), 0, `got the number "3", want a duration with a unit, such as "1.5s"`},
		{"is not the JSON number 0 either", json.Number("0"), 0, `got the number "0", want a duration with a unit, such as "1.5s"`},
		{"is not a bool", true, 0, `got the boolean "true", want a duration with a unit, such as "1.5s"`},
		{"is not empty", "", 0, `got the string "", want a duration with a unit, such as "1.5s"`},
		{"does not overflow", "9999999h", 0, `got the string "9999999h", want a duration with a unit, such as "1.5s"`},
	}))
	t.Run("an int8", check[int8]([]row[int8]{
		{"is at most 127", int64(127), 127, ""},
		{"is at least -128", int64(-128), -128, ""},
		{"may come from an unsigned integer", uint64(5), 5, ""},
		{"may come from a float without a fraction", 5.0, 5, ""},
		{"may come from negative zero", math.Copysign(0, -1), 0, ""},
		{"may come from a JSON number", json.Number("-7"), -7, ""},
		{"may come from a JSON number with a fraction of 0", json.Number("7.0"), 7, ""},
		{"may come from a JSON number with an exponent", json.Number("1.2e2"), 120, ""},
		{"may come from text", "-128", -128, ""},
		{"may stand in white space", " 5 ", 5, ""},
		{"is decimal, with or without leading zeros", "010", 10, ""},
		{"does not overflow", int64(300), 0, `got the number "300", want an integer from -128 to 127`},
		{"does not overflow from a float", 128.0, 0, `got the number "128", want an integer from -128 to 127`},
		{"does not overflow from text", "128", 0, `got the string "128", want an integer from -128 to 127`},
		{"does not overflow from a JSON number", json.Number("1e3"), 0, `got the number "1e3", want an integer from -128 to 127`},
		{"has no fraction", 1.5, 0, `got the number "1.5", want an integer from -128 to 127`},
		{"has no small fraction", json.Number("1.00000000000000000001"), 0, `got the number "1.00000000000000000001", want an integer from -128 to 127`},
		{"is a number", math.NaN(), 0, `got the number "NaN", want an integer from -128 to 127`},
		{"is finite", math.Inf(-1), 0, `got the number "-Inf", want an integer from -128 to 127`},
		{"is not a text with a fraction", "1.0", 0, `got the string "1.0", want an integer from -128 to 127`},
		{"is not hexadecimal", "0x10", 0, `got the string "0x10", want an integer from -128 to 127`},
		{"has no underscores", "1_0", 0, `got the string "1_0", want an integer from -128 to 127`},
		{"is not a bool", true, 0, `got the boolean "true", want an integer from -128 to 127`},
		{"is not empty", "", 0, `got the string "", want an integer from -128 to 127`},
		{"is not a duration", time.Nanosecond, 0, `got the duration "1ns", want an integer from -128 to 127`},
		{"is not a list", []any{1}, 0, `got a list, want an integer from -128 to 127`},
		{"is not a map", map[string]any{}, 0, `got a map, want an integer from -128 to 127`},
		{"is not a JSON number made by hand", json.Number("3/1"), 0, `got the number "3/1", want an integer from -128 to 127`},
		{"is not a monstrous JSON number", json.Number("1e999999999"), 0, `got the number "1e999999999", want an integer from -128 to 127`},
		{"is not a minute JSON number", json.Number("1e-999999999"), 0, `got the number "1e-999999999", want an integer from -128 to 127`},
	}))
	t.Run("an int64", check[int64]([]row[int64]{
		{"has all its digits", json.Number("9223372036854775807"), math.MaxInt64, ""},
		{"has all its digits from text", "-9223372036854775808", math.MinInt64, ""},
		{"has all digits of a float", float64(1 << 60), 1 << 60, ""},
		{"has all digits of a JSON number in the form of a float", json.Number("9007199254740993.0"), 9007199254740993, ""},
		{"does not overflow from a float", float64(1 << 63), 0, `got the number "9.223372036854776e+18", want an integer of 64 bits`},
		{"does not overflow from an unsigned one", uint64(1 << 63), 0, `got the number "9223372036854775808", want an integer of 64 bits`},
	}))
	t.Run("a uint", check[uint]([]row[uint]{
		{"is at most the largest", uint64(math.MaxUint64), math.MaxUint64, ""},
		{"may come from text", "7", 7, ""},
		{"may come from negative zero", math.Copysign(0, -1), 0, ""},
		{"is not negative", -1, 0, `got the number "-1", want an integer of 64 bits, 0 or more`},
		{"is not negative from a float", -1.0, 0, `got the number "-1", want an integer of 64 bits, 0 or more`},
		{"does not overflow", float64(1 << 63 * 2), 0, `got the number "1.8446744073709552e+19", want an integer of 64 bits, 0 or more`},
	}))
	t.Run("a float64", check[float64]([]row[float64]{
		{"is itself", 0.1, 0.1, ""},
		{"may come from an integer", 1 << 53, 1 << 53, ""},
		{"may come from a large integer that is a power of 2", uint64(1 << 63), 1 << 63, ""},
		{"may come from text", " 1.5e3 ", 1500, ""},
		{"may come from a JSON number", json.Number("1e23"), 1e23, ""},
		{"may be infinite", math.Inf(1), math.Inf(1), ""},
		{"does not round an integer", 1<<53 + 1, 0, `got the number "9007199254740993", want a number that a float can hold exactly, as all integers from -9007199254740992 to 9007199254740992`},
		{"does not round an integer in text", "9007199254740993", 0, `got the string "9007199254740993", want a number that a float can hold exactly, as all integers from -9007199254740992 to 9007199254740992`},
		{"does not overflow", json.Number("-1e400"), 0, `got the number "-1e400", want a number from -1.7976931348623157e+308 to 1.7976931348623157e+308`},
		{"is no word", "inf", 0, `got the string "inf", want a number`},
		{"is not another word", "nan", 0, `got the string "nan", want a number`},
		{"is not text", "half", 0, `got the string "half", want a number`},
		{"is not a bool", false, 0, `got the boolean "false", want a number`},
	}))
	t.Run("a float32", check[float32]([]row[float32]{
		{"is rounded from a larger float", 0.1, 0.1, ""},
		{"may come from an integer", 1 << 24, 1 << 24, ""},
		{"does not overflow", 1e300, 0, `got the number "1e+300", want a number from -3.4028234663852886e+38 to 3.4028234663852886e+38`},
		{"does not overflow from text", "1e300", 0, `got the string "1e300", want a number from -3.4028234663852886e+38 to 3.4028234663852886e+38`},
		{"does not round an integer", 1<<24 + 1, 0, `got the number "16777217", want a number that a float can hold exactly, as all integers from -16777216 to 16777216`},
	}))
	t.Run("a bool", check[flag]([]row[flag]{
		{"is itself", true, true, ""},
		{"may come from text", "true", true, ""},
		{"may come from text in any case", " TRUE ", true, ""},
		{"is not 1", "1", false, `got the string "1", want true or false`},
		{"is not T", "T", false, `got the string "T", want true or false`},
		{"is not yes", "yes", false, `got the string "yes", want true or false`},
		{"is not empty", "", false, `got the string "", want true or false`},
		{"is not a number", 1, false, `got the number "1", want true or false`},
	}))
	t.Run("a string", check[level]([]row[level]{
		{"is taken as it is", " a,b ", " a,b ", ""},
		{"may be of another type", ptr("high"), "high", ""},
		{"may be empty", "", "", ""},
		{"is not a number", 5, "", `got the number "5", want a string`},
		{"is not a JSON number", json.Number("5"), "", `got the number "5", want a string`},
		{"is not a bool", true, "", `got the boolean "true", want a string`},
		{"is not bytes", []byte("x"), "", `got a list, want a string`},
		{"is not a function", func() {}, "", `got a function, want a string`},
		{"is not a channel", make(chan int), "", `got a channel, want a string`},
		{"is not a time", time.Unix(0, 0), "", `got a structure, want a string`},
		{"is not a complex number", 1i, "", `got a value of no known kind, want a string`},
	}))
	t.Run("a complex number", check[complex128]([]row[complex128]{
		{"may be one already", 1i, 1i, ""},
		{"is made by nothing else", "1i", 0, `got the string "1i", want a value that only code can give`},
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
					Array   [1]T
					Map     map[string]T
					Structs []*inner
				}
				err := decode.Into(map[string]any{
					"here":    row.value,
					"pointer": row.value,
					"list":    []any{row.value},
					"array":   []any{row.value},
					"map":     map[any]any{"key": row.value},
					"structs": []map[string]any{{"here": row.value}},
				}, &got)
				if row.err != "" {
					assert.EqualError(t, err, ""+
						`option "array[0]": `+row.err+"\n"+
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
				assert.Equal(t, [1]T{row.want}, got.Array)
				assert.Equal(t, map[string]T{"key": row.want}, got.Map)
				assert.Equal(t, []*inner{{row.want}}, got.Structs)
			})
		}
	}
}

func ptr[T any](v T) *T {
	return &v
}
