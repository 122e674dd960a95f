// Package file reads files that options name.
package file

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
)

// Read returns the content of a regular file of at most so many bytes. Another
// file is an error: reading a named pipe, for example, may never end. The error
// does not have the path, which may be a secret in the wrong place.
func Read(path string, most int64) ([]byte, error) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, reason(err)
	case info.IsDir():
		return nil, errors.New("must be a file, not a directory")
	case !info.Mode().IsRegular():
		return nil, errors.New("must be a regular file")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, reason(err)
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, most+1))
	if err == nil && int64(len(data)) > most {
		err = fmt.Errorf("must have at most %d bytes", most)
	}
	return data, reason(err)
}

// reason returns err without the path.
func reason(err error) error {
	if pe, ok := errors.AsType[*fs.PathError](err); ok {
		return pe.Err
	}
	return err
}

// pathLike matches a path with a separator or an extension. A secret in the wrong
// place hardly ever has one, or has other characters as well.
var pathLike = regexp.MustCompile(`^(?:[A-Za-z]:)?[\w ./\\-]*(?:[/\\][\w .-]*|\.[A-Za-z]{1,5})$`)

// Place returns the absolute path, for messages. It hides what does not look like a
// path.
func Place(path string) string {
	absolute, err := filepath.Abs(path)
	switch {
	case err != nil:
		return "(unknown)"
	case !pathLike.MatchString(path) || strings.Contains(path, "//"):
		return filepath.Join(strings.TrimSuffix(absolute, path), "(hidden)")
	}
	return absolute
}
