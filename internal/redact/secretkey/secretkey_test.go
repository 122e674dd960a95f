package secretkey_test

import (
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

func TestIsGoesByTheEndOfAKey(t *testing.T) {
	t.Parallel()
	for key, want := range map[string]bool{
		"password": true, "DB_PASSWORD": true, "password2": true, "clientSecret": true, "x-api-key": true,
		"db_pass": true, "dbPass": true, "pass": true, "auth": true,
		"": false, "_1": false, "bypass": false, "passenger": false, "token_count": false, "author": false,
		"nextPageToken": false, "PublicKeyToken": false, "page_auth_token": true,
	} {
		assert.Equal(t, want, secretkey.Is(key), key)
	}
}

func TestInPathGoesByAnyPart(t *testing.T) {
	t.Parallel()
	for path, want := range map[string]bool{
		"token": true, "tokens[0]": true, "a.credentials.b": true, "headers.x": true, "headers[0]": true,
		"routing-key": true, "db.pass": true, "file": false, "rules[0].match": false, "": false,
	} {
		assert.Equal(t, want, secretkey.InPath(path), path)
	}
}
