//go:build unix

package file_test

import (
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/enrichers/internal/file"
)

func TestReadDoesNotWaitForANamedPipe(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "pipe")
	require.NoError(t, syscall.Mkfifo(path, 0o600))
	_, err := file.Read(path, 1)
	assert.EqualError(t, err, "must be a regular file")
}
