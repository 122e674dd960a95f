package file_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/internal/file"
)

func TestReadTakesRegularFilesOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "f")
	require.NoError(t, os.WriteFile(path, []byte("abc"), 0o600))
	data, err := file.Read(path, 3)
	require.NoError(t, err)
	assert.Equal(t, "abc", string(data))

	_, err = file.Read(path, 2)
	assert.EqualError(t, err, "must have at most 2 bytes")
	_, err = file.Read(dir, 3)
	assert.EqualError(t, err, "must be a file, not a directory")
	_, err = file.Read(path+"s3cret", 3)
	require.ErrorIs(t, err, os.ErrNotExist)
	assert.NotContains(t, err.Error(), "s3cret")
}

func TestPlaceHidesWhatIsNoPath(t *testing.T) {
	t.Parallel()
	dir, err := os.Getwd()
	require.NoError(t, err)
	for _, path := range []string{"rules.json", "conf.d/rules", "./x"} {
		assert.Equal(t, filepath.Join(dir, path), file.Place(path))
	}
	assert.Equal(t, "/etc/rules", file.Place("/etc/../etc/rules"))
	for _, secret := range []string{"xoxb-123-abc", "AKIAIOSFODNN7EXAMPLE", "https://hooks.example/T0/B0/x", "a/b+c=", "eyJhbGci.eyJzdWIi.SflKxwRJSM"} {
		assert.NotContains(t, file.Place(secret), secret)
		assert.Contains(t, file.Place(secret), "(hidden)")
	}
}
