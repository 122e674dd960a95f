package enricherwasm_test

import (
	"bytes"
	"context"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"github.com/tetratelabs/wazero"
	"github.com/tetratelabs/wazero/api"

	"github.com/failure-enrichers/enricher/contrib/enricherwasm"
)

// valid reports whether the engine accepts a module.
func valid(code []byte) error {
	ctx := context.Background()
	r := wazero.NewRuntimeWithConfig(ctx, wazero.NewRuntimeConfigInterpreter().WithCoreFeatures(api.CoreFeaturesV2).WithMemoryLimitPages(1024))
	defer r.Close(ctx)
	_, err := r.CompileModule(ctx, code)
	return err
}

func TestInstrument(t *testing.T) {
	t.Parallel()
	const funcref = 0x70
	for name, m := range map[string]module{
		"functions": {recurse: twice()},
		"a table":   {tables: 3, recurse: drop([]byte{0xd0, funcref}, i32(7), []byte{0xfc, 15, 0})},
		"start":     {start: []byte{0x01}, initialize: forever},
	} {
		code := m.bytes()
		require.NoError(t, valid(code), name)
		out, err := enricherwasm.Instrument(code)
		require.NoError(t, err, name)
		assert.NoError(t, valid(out), name)
		loops := bytes.Count(out, []byte{0x03, 0x40, 0x0b}) - bytes.Count(code, []byte{0x03, 0x40, 0x0b})
		functions := 4
		if m.start != nil {
			functions += 2
		}
		assert.Equal(t, functions, loops, name)
	}

	_, err := enricherwasm.Instrument(append(module{}.bytes()[:8], 2, 4, 0xff, 0xff, 0xff, 0x7f))
	assert.ErrorContains(t, err, "the file is damaged", "more imports than bytes")

	if race {
		return // the rest takes long
	}
	code, err := goGuest()
	require.NoError(t, err)
	out, err := enricherwasm.Instrument(code)
	require.NoError(t, err)
	assert.NoError(t, valid(out))
}

// hasHuge reports whether code has a number of four bytes or more, for which the engine may reserve
// more memory than there is: it does not check the counts within a section.
func hasHuge(code []byte) bool {
	large := 0
	for _, b := range code {
		if large >= 3 && b < 0x80 {
			return true
		}
		if large++; b < 0x80 {
			large = 0
		}
	}
	return false
}

// FuzzInstrument checks that a valid module stays one, unless it is rejected with a
// reason.
func FuzzInstrument(f *testing.F) {
	for _, m := range []module{{}, {recurse: twice(), start: forever}, {tables: 5, initialize: sleep()}, {create: chance()}} {
		f.Add(m.bytes())
	}
	f.Fuzz(func(t *testing.T, code []byte) {
		out, err := enricherwasm.Instrument(code)
		if err != nil || hasHuge(code) || valid(code) != nil {
			return
		}
		if err := valid(out); err != nil {
			t.Fatalf("the module is no longer valid: %v", err)
		}
	})
}
