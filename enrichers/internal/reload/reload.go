// Package reload keeps what was made of a file, and makes it anew when the file
// changes. It needs no goroutine while nothing happens, and survives file systems
// that hang.
package reload

import (
	"context"
	"crypto/sha256"
	"fmt"
	"log/slog"
	"os"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
)

const (
	// Interval is how long a File is taken to be unchanged without a look.
	Interval = time.Second

	// Patience is how long [File.Get] waits for the look that it takes. A
	// network file system may hang for ever.
	Patience = 100 * time.Millisecond
)

// Options are the options of [Open].
type Options struct {
	MaxSize int64        // of the file, in bytes
	Watch   bool         // whether to read it again when it changes
	Logger  *slog.Logger // for what becomes of a new version. By default, slog.Default().
}

// A File holds the value that was made of a file. Its methods may be called
// concurrently.
type File[T any] struct {
	path  string
	opts  Options
	parse func(data []byte, old *T) (*T, error)
	value atomic.Pointer[T]

	failed atomic.Uint64

	start time.Time
	due   atomic.Int64 // when to look again, in nanoseconds after start
	busy  atomic.Bool  // whether somebody is looking: who has set it may call look

	// What was seen last belongs to who has set busy.
	seen    os.FileInfo
	settled bool // a later change cannot leave seen as it is
	sum     [sha256.Size]byte
	problem string // that was logged last, and is there still
}

// Open reads the file at path and returns a File with what parse makes of it. A
// byte order mark is cut off.
//
// Where opts.Watch is set, and the file has changed, parse is called again with
// the value in force as old, which is nil at first; it must not change old. An
// error leaves old in force, and is logged once for each version of the file. So
// is a file that cannot be read any longer. Calls of parse never overlap. It may
// be called on another goroutine, and a panic counts as an error there.
func Open[T any](path string, opts Options, parse func(data []byte, old *T) (*T, error)) (*File[T], error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	f := &File[T]{path: path, opts: opts, parse: parse, start: time.Now()}
	data, err := f.read()
	if err != nil {
		return nil, err
	}
	value, err := parse(data, nil)
	if err != nil {
		return nil, err
	}
	f.value.Store(value)
	f.postpone()
	return f, nil
}

// Fixed returns a File that has always been v, without any file.
func Fixed[T any](v *T) *File[T] {
	f := &File[T]{}
	f.value.Store(v)
	return f
}

// Get returns the value in force. Of the calls that come after an [Interval] one
// looks whether the file has changed, while the others go on with what there is.
// That one too waits for no longer than [Patience], or until ctx ends: then it is
// a later call that gets the news.
func (f *File[T]) Get(ctx context.Context) *T {
	if f.opts.Watch && f.isDue() && f.busy.CompareAndSwap(false, true) {
		f.renew(ctx)
	}
	return f.value.Load()
}

// Value returns the value in force without a look.
func (f *File[T]) Value() *T { return f.value.Load() }

// Failed returns how often a new version could not be used, or the file not be
// read again: as often as that was logged.
func (f *File[T]) Failed() uint64 { return f.failed.Load() }

func (f *File[T]) isDue() bool { return int64(time.Since(f.start)) >= f.due.Load() }

func (f *File[T]) postpone() { f.due.Store(int64(time.Since(f.start) + Interval)) }

// renew looks, and waits for that as long as it can be waited for. A look that
// hangs keeps busy set, so that there is never a second one.
func (f *File[T]) renew(ctx context.Context) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		defer f.busy.Store(false)
		defer f.postpone()
		// A panic on this goroutine would be the end of the process.
		if p := guard.Do(f.look); p != nil {
			guard.Do(func() { f.complain(fmt.Sprintf("panic: %s\n%s", guard.Sprint(p.Value), p.Stack)) })
		}
	}()
	patience := time.NewTimer(Patience)
	defer patience.Stop()
	select {
	case <-done:
	case <-ctx.Done():
	case <-patience.C:
	}
}

// look reads the file again if it may have changed.
func (f *File[T]) look() {
	info, err := os.Stat(f.path)
	if err != nil {
		f.complain(err.Error())
		return
	}
	if f.problem == "" && f.settled && os.SameFile(info, f.seen) &&
		info.Size() == f.seen.Size() && info.ModTime().Equal(f.seen.ModTime()) {
		return
	}
	before := f.sum
	data, err := f.read()
	if err != nil {
		f.complain(err.Error())
		return
	}
	f.problem = ""
	if f.sum == before {
		return
	}
	value, err := f.parse(data, f.value.Load())
	if err != nil {
		f.warn("New version of a file is not used: the one before stays in force", err.Error())
		return
	}
	f.value.Store(value)
	f.log(slog.LevelInfo, "New version of a file is used from now on")
}

// complain logs a problem with reading the file, once.
func (f *File[T]) complain(problem string) {
	if problem != f.problem {
		f.problem = problem
		f.warn("File cannot be read again: what was read before stays in force", problem)
	}
}

func (f *File[T]) warn(msg, problem string) {
	f.failed.Add(1)
	f.log(slog.LevelWarn, msg, slog.String("error", problem))
}

func (f *File[T]) log(level slog.Level, msg string, attrs ...slog.Attr) {
	f.opts.Logger.LogAttrs(context.Background(), level, msg, append([]slog.Attr{slog.String("file", f.path)}, attrs...)...)
}
