package redact_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/redact"
)

func TestMap(t *testing.T) {
	t.Parallel()
	m := map[string]string{"password=hunter2": "1", "password=other": "2", "token": "", "note": "Bearer abcdefghijkl"}
	assert.Equal(t, map[string]string{"password=***": "1", "token": "", "note": "Bearer ***"}, redact.Map(m))
	assert.Len(t, m, 4, "the map itself is not changed")
	assert.Equal(t, map[string]string{}, redact.Map(nil))
}
