//go:build linux

package corpustest

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fileFailures are those of paths and files that a job was given.
var fileFailures = []provocation{
	{"file missing", func(t *testing.T) error {
		_, err := os.Open(filepath.Join(t.TempDir(), "orders.csv"))
		return fmt.Errorf("load orders: %w", err)
	}},
	{"file missing, four wrappers deep", func(t *testing.T) error {
		_, err := os.Stat(filepath.Join(t.TempDir(), "orders.csv"))
		err = fmt.Errorf("stat input: %w", err)
		err = fmt.Errorf("prepare: %w", err)
		err = fmt.Errorf("step 1 of 3: %w", err)
		return fmt.Errorf("job nightly-orders: %w", err)
	}},
	{"directory exists already", func(t *testing.T) error {
		return fmt.Errorf("make output directory: %w", os.Mkdir(t.TempDir(), 0o700))
	}},
	{"file exists already", func(t *testing.T) error {
		_, err := os.OpenFile(newFile(t, "report"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return err
	}},
	{"file is a directory", func(t *testing.T) error {
		_, err := os.ReadFile(t.TempDir())
		return fmt.Errorf("read input: %w", err)
	}},
	{"directory is a file", func(t *testing.T) error {
		_, err := os.ReadDir(filepath.Join(newFile(t, "x"), "part"))
		return fmt.Errorf("list parts: %w", err)
	}},
	{"file name too long", func(t *testing.T) error {
		return os.WriteFile(filepath.Join(t.TempDir(), strings.Repeat("x", 300)), nil, 0o600)
	}},
	{"symbolic links in a circle", func(t *testing.T) error {
		path := filepath.Join(t.TempDir(), "link")
		require.NoError(t, os.Symlink(path, path))
		_, err := os.Open(path)
		return fmt.Errorf("open input: %w", err)
	}},
	{"directory not empty", func(t *testing.T) error {
		return fmt.Errorf("clean up: %w", os.Remove(filepath.Dir(newFile(t, "x"))))
	}},
	{"path leaves the root", func(t *testing.T) error {
		root, err := os.OpenRoot(t.TempDir())
		require.NoError(t, err)
		defer root.Close()
		_, err = root.Open("../etc/passwd")
		return fmt.Errorf("open upload: %w", err)
	}},
	{"path invalid for fs.FS", func(t *testing.T) error {
		_, err := os.DirFS(t.TempDir()).Open("/absolute")
		return err
	}},
	{"file closed already", func(t *testing.T) error {
		file, err := os.Open(newFile(t, "x"))
		require.NoError(t, err)
		require.NoError(t, file.Close())
		_, err = file.Read(make([]byte, 1))
		return fmt.Errorf("read input: %w", err)
	}},
	{"file offset negative", func(t *testing.T) error {
		file, err := os.Open(newFile(t, "x"))
		require.NoError(t, err)
		defer file.Close()
		_, err = file.Seek(-1, 0)
		return fmt.Errorf("skip header: %w", err)
	}},
	{"user unknown", func(*testing.T) error {
		_, err := user.Lookup("nobody-has-this-name")
		return fmt.Errorf("run as: %w", err)
	}},
}
