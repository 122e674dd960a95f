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

	m = map[string]string{"otp": "123456", "CVC": "314", "pin": "red", "session": "4f1cab99", "пароль": "hunter2", "code": "ENOENT"}
	assert.Equal(t, map[string]string{"otp": "***", "CVC": "***", "pin": "red", "session": "***", "пароль": "***", "code": "ENOENT"}, redact.Map(m), "as otp=123456 in a text")
}
