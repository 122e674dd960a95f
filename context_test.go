package enricher_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestFailureContextFinal(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		attempt, maxAttempts int
		final                bool
	}{
		{0, 0, false},
		{1, 0, false},
		{0, 3, false},
		{1, 3, false},
		{2, 3, false},
		{3, 3, true},
		{4, 3, true},
		{1, 1, true},
		{-1, 3, false},
		{3, -1, false},
		{-1, -2, false},
	} {
		fc := enricher.FailureContext{Attempt: test.attempt, MaxAttempts: test.maxAttempts}
		assert.Equal(t, test.final, fc.Final(), "%d of %d", test.attempt, test.maxAttempts)
	}
}

func TestFailureContextTerminalIsFinal(t *testing.T) {
	t.Parallel()
	assert.True(t, enricher.FailureContext{Terminal: true, Attempt: 1, MaxAttempts: 5}.Final())
}

func TestFailureTypeText(t *testing.T) {
	t.Parallel()
	texts := map[enricher.FailureType]string{
		enricher.FailureTypeUnknown:     "",
		enricher.FailureTypeGlobal:      "GLOBAL",
		enricher.FailureTypeTask:        "TASK",
		enricher.FailureTypeTaskManager: "TASK_MANAGER",
	}
	for typ, want := range texts {
		assert.Equal(t, want, typ.String())
		assert.Equal(t, want, fmt.Sprint(typ))
		text, err := typ.MarshalText()
		require.NoError(t, err)
		assert.Equal(t, want, string(text))
		back := enricher.FailureType(99)
		require.NoError(t, back.UnmarshalText(text))
		assert.Equal(t, typ, back)
	}
	assert.Zero(t, enricher.FailureTypeUnknown)
}

func TestFailureTypeRejectsUnknownText(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"task", " TASK", "JOB", "enricher.FailureType(9)"} {
		typ := enricher.FailureTypeTask
		assert.EqualError(t, typ.UnmarshalText([]byte(text)),
			fmt.Sprintf(`enricher.FailureType: unknown text %q: must be one of ["" "GLOBAL" "TASK" "TASK_MANAGER"]`, text))
		assert.Equal(t, enricher.FailureTypeTask, typ, "it is left as it was")
	}
	assert.Equal(t, "enricher.FailureType(4)", enricher.FailureType(4).String())
	assert.Equal(t, "enricher.FailureType(255)", enricher.FailureType(255).String())
}

func TestFailureTypeJSON(t *testing.T) {
	t.Parallel()
	given := map[enricher.FailureType]enricher.FailureType{
		enricher.FailureTypeTask: enricher.FailureTypeTaskManager, enricher.FailureTypeGlobal: enricher.FailureTypeUnknown,
	}
	text, err := json.Marshal(given)
	require.NoError(t, err)
	assert.Equal(t, `{"GLOBAL":"","TASK":"TASK_MANAGER"}`, string(text))
	var back map[enricher.FailureType]enricher.FailureType
	require.NoError(t, json.Unmarshal(text, &back))
	assert.Equal(t, given, back)
}
