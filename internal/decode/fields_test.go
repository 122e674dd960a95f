package decode_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
)

func TestKeysMatchFieldsWithoutRegardToCaseDashesAndUnderscores(t *testing.T) {
	t.Parallel()
	type fields struct {
		MaxRestarts int
		Tagged      int `mapstructure:"other_name,omitempty"`
	}
	for _, key := range []string{
		"max-restarts", "max_restarts", "maxRestarts", "MaxRestarts", "maxrestarts", "MAX_RESTARTS", "-max--restarts_",
	} {
		var got fields
		require.NoError(t, decode.Into(map[string]any{key: 1}, &got), key)
		assert.Equal(t, fields{MaxRestarts: 1}, got, key)
	}
	for _, key := range []string{"other_name", "other-name", "otherName", "OTHERNAME"} {
		var got fields
		require.NoError(t, decode.Into(map[string]any{key: 1}, &got), key)
		assert.Equal(t, fields{Tagged: 1}, got, key)
	}
}

func TestTwoKeysOfOneFieldAreAnError(t *testing.T) {
	t.Parallel()
	type inner struct{ MaxRestarts int }
	var got struct{ Inner inner }
	raw := map[string]any{"inner": map[string]any{"max_restarts": 1, "max-restarts": nil, "maxRestarts": "x"}}
	for range 10 {
		assert.EqualError(t, decode.Into(raw, &got), ""+
			`option "inner.maxRestarts": the same option as "max-restarts", which is also given`+"\n"+
			`option "inner.max_restarts": the same option as "max-restarts", which is also given`)
	}
}

func TestAnUnknownOptionIsNamedWithTheNearestAndAllKnownOnes(t *testing.T) {
	t.Parallel()
	var got struct {
		HTTPPort    int
		JobIDs      []string
		IDsByJob    []string
		JobID       string
		DNSByIP     bool
		OSSignal    string
		Max_Wait    int //nolint:revive // a name that a user may choose
		Base64      bool
		MaxRestarts int
		Tagged      int `mapstructure:"other_name"`
		Left        int `mapstructure:"-"`
		hidden      int //nolint:unused // cannot be set, so it is not known
		Empty       struct{}
	}
	const known = "base64, dns-by-ip, empty, http-port, ids-by-job, job-id, job-ids, max-restarts, max-wait, os-signal, other_name"
	tests := []struct{ key, err string }{
		{"max_restrats", `option "max_restrats": unknown, did you mean "max-restarts"? known options: ` + known},
		{"HTTP_PROT", `option "HTTP_PROT": unknown, did you mean "http-port"? known options: ` + known},
		{"othername2", `option "othername2": unknown, did you mean "other_name"? known options: ` + known},
		{"something-else", `option "something-else": unknown; known options: ` + known},
		{"hidden", `option "hidden": unknown; known options: ` + known},
		{"left", `option "left": unknown; known options: ` + known},
		{"-", `option "-": unknown; known options: ` + known},
		{"", `option "": unknown; known options: ` + known},
	}
	for _, tt := range tests {
		assert.EqualError(t, decode.Into(map[string]any{tt.key: nil}, &got), tt.err)
	}
	err := decode.Into(map[string]any{"empty": map[string]any{"a": 1}}, &got)
	assert.EqualError(t, err, `option "empty.a": unknown; no options are known here`)
	assert.Zero(t, got.hidden)
}

type Base struct{ Name, Shared string }

type base struct{ Lower int }

type Pointed struct{ Deep, Kept int }

func TestSquashedFieldsBelongToTheOuterStruct(t *testing.T) {
	t.Parallel()
	type outer struct {
		Base     `mapstructure:",squash"`
		base     `mapstructure:",squash"`
		*Pointed `mapstructure:",squash"`
		Any      any  `mapstructure:",squash"`
		Named    Base // embedded or not, it is an option of its own without the tag
		Shared   int
	}
	shared, squashed := &Pointed{Deep: 1, Kept: 7}, &matcher{"default"}
	got := outer{Base: Base{Name: "default"}, Pointed: shared, Any: squashed}
	require.NoError(t, decode.Into(map[string]any{
		"lower": 2, "deep": 3, "glob": "x", "named": map[string]any{"name": "inner"},
	}, &got))
	assert.Equal(t, "default", got.Name)
	assert.Equal(t, 2, got.Lower)
	assert.Equal(t, 3, got.Deep)
	assert.Equal(t, 7, got.Kept)
	assert.Equal(t, &matcher{"x"}, got.Any)
	assert.Equal(t, "inner", got.Named.Name)
	assert.Equal(t, 1, shared.Deep, "what the default points to may be shared")
	assert.Equal(t, "default", squashed.Glob, "what the default points to may be shared")

	var empty outer
	require.NoError(t, decode.Into(map[string]any{"deep": 3}, &empty))
	assert.Equal(t, 3, empty.Deep)

	err := decode.Into(map[string]any{"depe": 3, "name": 5, "shared": "5"}, &got)
	assert.EqualError(t, err, ""+
		`option "depe": unknown, did you mean "deep"? known options: deep, glob, kept, lower, name, named, shared`+"\n"+
		`option "name": got the number "5", want a string`)
}

func TestWhatIsNoStructCannotBeSquashed(t *testing.T) {
	t.Parallel()
	for _, into := range []any{
		&struct {
			Field int `mapstructure:",squash"`
		}{},
		&struct {
			Field *int `mapstructure:",squash"`
		}{},
		&struct {
			Field any `mapstructure:",squash"`
		}{Base{}},
		&struct {
			Field any `mapstructure:",squash"`
		}{new(int)},
		&struct {
			field *Base `mapstructure:",squash"`
		}{},
	} {
		err := decode.Into(map[string]any{"name": "x"}, into)
		require.ErrorContains(t, err, "cannot be squashed")
		var option *decode.Error
		assert.NotErrorAs(t, err, &option, "it is a mistake of the caller")
	}
}

func TestOfSquashAndRemainTheFirstCounts(t *testing.T) {
	t.Parallel()
	var squashed struct {
		Base `mapstructure:",squash,remain"`
	}
	require.NoError(t, decode.Into(map[string]any{"name": "x"}, &squashed))
	assert.Equal(t, "x", squashed.Name)

	var empty struct {
		Base `mapstructure:",omitempty,squash"`
	}
	require.NoError(t, decode.Into(map[string]any{"name": "x"}, &empty))
	assert.Equal(t, "x", empty.Name, "other words do not count")

	var rest struct {
		Map map[string]any `mapstructure:",remain,squash"`
	}
	require.NoError(t, decode.Into(map[string]any{"name": "x"}, &rest))
	assert.Equal(t, map[string]any{"name": "x"}, rest.Map)
}

func TestARemainFieldCollectsUnknownOptions(t *testing.T) {
	t.Parallel()
	type remain struct {
		Known  int
		hidden int
		Left   int            `mapstructure:"-"`
		Rest   map[string]any `mapstructure:",remain"`
	}
	got := remain{Rest: map[string]any{"default": 1}}
	require.NoError(t, decode.Into(map[string]any{"known": 1}, &got))
	assert.Equal(t, map[string]any{"default": 1}, got.Rest)

	list := []any{1}
	require.NoError(t, decode.Into(map[string]any{
		"KNOWN": 2, "hidden": 3, "left": 4, "x-y": list, "x_y": map[any]any{"a": nil},
	}, &got))
	want := map[string]any{"hidden": 3, "left": 4, "x-y": []any{1}, "x_y": map[string]any{"a": nil}}
	assert.Equal(t, remain{Known: 2, Rest: want}, got)
	list[0] = 2
	assert.Equal(t, want, got.Rest)
	assert.Zero(t, got.hidden)

	err := decode.Into(map[string]any{"-": 1}, &got)
	assert.EqualError(t, err, `option "-": unknown; known options: known`)

	var typed struct {
		Rest map[level]int8 `mapstructure:",remain"`
	}
	require.NoError(t, decode.Into(map[string]any{"a": "5"}, &typed))
	assert.Equal(t, map[level]int8{"a": 5}, typed.Rest)
	err = decode.Into(map[string]any{"a": 300}, &typed)
	assert.EqualError(t, err, `option "a": got the number "300", want an integer from -128 to 127`)
}
