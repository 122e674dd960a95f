package redact_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/redact"
)

func TestMap(t *testing.T) {
	t.Parallel()
	m := map[string]string{"password=hunter2": "1", "password=other": "2", "token": "", "note": "Bearer abcdefghijkl", "routing_key": "orders.created", "ssh_key": "/etc/x/key"}
	assert.Equal(t, map[string]string{"password=***": "1", "token": "", "note": "Bearer ***", "routing_key": "orders.created", "ssh_key": "/etc/x/key"}, redact.Map(m))
	assert.Len(t, m, 6, "the map itself is not changed")
	assert.Equal(t, map[string]string{}, redact.Map(nil))
}
