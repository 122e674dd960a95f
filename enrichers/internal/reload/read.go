package reload

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"os"
	"time"
)

// granularity is how coarse the clock of a file system may be: within it, a file
// can change and keep its time. FAT has the coarsest, of two seconds.
const granularity = 2 * time.Second

// read returns the content of the file and remembers what it saw. It asks for the
// state first: of a change in between, the next look sees the new state.
func (f *File[T]) read() ([]byte, error) {
	now := time.Now()
	info, err := os.Stat(f.path)
	if err != nil {
		return nil, err
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("%s: want a regular file, not %v", f.path, info.Mode().Type()) // a pipe would block
	}
	file, err := os.Open(f.path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	data, err := io.ReadAll(io.LimitReader(file, f.opts.MaxSize+1))
	if err != nil {
		return nil, err
	}
	if int64(len(data)) > f.opts.MaxSize {
		return nil, fmt.Errorf("%s: want a file of at most %d bytes", f.path, f.opts.MaxSize)
	}
	f.seen, f.settled = info, now.Sub(info.ModTime()) > granularity
	f.sum = sha256.Sum256(data)
	return bytes.TrimPrefix(data, []byte("\xef\xbb\xbf")), nil
}
