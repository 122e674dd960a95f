package decode_test

import (
	"bytes"
	"encoding/json"
	"math/big"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
)

type fuzzed struct {
	I8      int8
	I64     int64
	U16     uint16
	U64     uint64
	F32     float32
	F64     float64
	B       bool
	S       string
	D       time.Duration
	T       *time.Time
	Ints    []int8
	Ds      []time.Duration
	M       map[string]int16
	ByInt   map[int]string
	Any     any
	Self    *fuzzed
	Selves  []fuzzed
	Secrets map[string]bool
	Matcher matcher
	Inner   struct {
		I8   int8
		Rest map[string]float64
	}
}

// The seeds are in testdata/fuzz.
func FuzzInto(f *testing.F) {
	f.Fuzz(func(t *testing.T, document []byte) {
		for _, useNumber := range []bool{false, true} {
			var raw map[string]any
			d := json.NewDecoder(bytes.NewReader(document))
			if useNumber {
				d.UseNumber()
			}
			if d.Decode(&raw) != nil {
				return
			}
			before := decode.Clone(raw)
			var got, again fuzzed
			err := decode.Into(raw, &got)
			require.Equal(t, before, raw, "raw is not changed")
			if err != nil {
				assert.Zero(t, got, "a failure leaves no trace")
				assert.EqualError(t, decode.Into(raw, &again), err.Error(), "errors are the same every time")
				checkErrors(t, err)
				continue
			}
			checkNumbers(t, raw, &got)
		}
	})
}

// checkErrors checks that err joins errors about options, sorted.
func checkErrors(t *testing.T, err error) {
	var texts []string
	for _, err := range err.(interface{ Unwrap() []error }).Unwrap() {
		require.IsType(t, (*decode.Error)(nil), err)
		texts = append(texts, err.Error())
		assert.NotContains(t, err.Error(), "hunter2")
	}
	assert.True(t, slices.IsSorted(texts), texts)
}

// checkNumbers checks that the integers in got are those in raw, to the last digit.
func checkNumbers(t *testing.T, raw map[string]any, got *fuzzed) {
	for key, value := range raw {
		field := reflect.ValueOf(got).Elem().FieldByNameFunc(func(name string) bool {
			return strings.EqualFold(name, strings.NewReplacer("-", "", "_", "").Replace(key))
		})
		if self, ok := value.(map[string]any); ok && field.Type() == reflect.TypeFor[*fuzzed]() {
			checkNumbers(t, self, got.Self)
		}
		var want *big.Rat
		switch v := value.(type) {
		case float64:
			want = new(big.Rat).SetFloat64(v)
		case json.Number:
			want, _ = new(big.Rat).SetString(v.String())
		}
		var have *big.Rat
		switch {
		case want == nil:
			continue
		case field.CanInt():
			have = new(big.Rat).SetInt64(field.Int())
		case field.CanUint():
			have = new(big.Rat).SetFrac(new(big.Int).SetUint64(field.Uint()), big.NewInt(1))
		default:
			continue
		}
		assert.Zero(t, want.Cmp(have), "%s: %v became %v", key, value, field)
	}
}
