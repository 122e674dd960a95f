// Package reload keeps the rules of an enricher: those in its options, or those
// in a file, which it reads again when the file changes.
package reload

import (
	"bytes"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/file"
	"github.com/failure-enrichers/enricher/internal/redact"
)

const (
	Interval = time.Second // the least time between two looks at a file
	MaxSize  = 1 << 20     // the size of the largest file, in bytes
)

// Options are the options of an enricher that say where its rules are.
type Options struct {
	File   string       // the path of a file with rules; empty if they are in the option rules
	Reload bool         // whether to read File again when it changes
	Rules  int          // the number of rules in the option rules
	Logger *slog.Logger // for what becomes of a new version. By default, slog.Default().
}

// A Version is one version of the rules.
type Version interface {
	OutputKeys() []string // of the labels that the rules set
	InputKeys() []string  // of the labels that they read
	DescribeLabels() []enricher.LabelDescription
	InputValues() map[string][]string
}

// Rules are the rules of an enricher. Methods may be called concurrently.
type Rules[V Version] struct {
	opts    Options
	path    string // of the file, absolute: the working directory may change
	place   string // the path, for messages
	parse   func(data []byte) (V, []error)
	first   V // which has the keys that the enricher declared
	current atomic.Pointer[V]
	failed  atomic.Uint64

	mu     sync.Mutex // held during a look at the file; guards what follows
	looked time.Time
	seen   os.FileInfo // at the last look; nil if the file could not be found
	used   os.FileInfo // when it was last read
	unread string      // why it could not be read at the last look, or ""
}

// unchanged reports whether a file, which may be nil, is as it was. Another file that
// was renamed into place may have its size and time.
func unchanged(before, now os.FileInfo) bool {
	if before == nil || now == nil {
		return before == nil && now == nil
	}
	return os.SameFile(before, now) && before.Size() == now.Size() && before.ModTime().Equal(now.ModTime())
}

// Load returns the rules that inline makes, or those that parse makes of
// opts.File, without a byte order mark. The error joins an
// [*enricher.ConfigError] for each error of theirs, and for each option that does
// not fit the others.
func Load[V Version](opts Options, inline func() (V, []error), parse func(data []byte) (V, []error)) (*Rules[V], error) {
	if opts.Logger == nil {
		opts.Logger = slog.Default()
	}
	r := &Rules[V]{opts: opts, parse: parse, looked: time.Now()}
	var errs []error
	add := func(option string, wrong ...error) {
		for _, err := range wrong {
			errs = append(errs, &enricher.ConfigError{Option: option, Err: err})
		}
	}
	if opts.File == "" && opts.Reload {
		add("reload", errors.New("must be false, as there is no option file"))
	}
	if opts.File != "" && opts.Rules > 0 {
		add("rules", fmt.Errorf("must be empty, as the rules are in the file %q", file.Place(opts.File)))
	}
	var wrong []error
	switch {
	case opts.File != "":
		r.path, r.place = absolute(opts.File), file.Place(opts.File)
		r.seen = r.stat()
		r.first, wrong = r.read(r.seen)
		add("file", wrong...)
	case opts.Rules == 0:
		add("rules", errors.New("must have at least one rule, or the option file must be set"))
	default:
		r.first, wrong = inline()
		add("rules", wrong...)
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	r.current.Store(&r.first)
	return r, nil
}

// OutputKeys returns the keys of the labels that the first version sets.
func (r *Rules[V]) OutputKeys() []string { return slices.Clone(r.first.OutputKeys()) }

// InputKeys returns the keys of the labels that the first version reads.
func (r *Rules[V]) InputKeys() []string { return slices.Clone(r.first.InputKeys()) }

// DescribeLabels describes the labels that the first version sets. They may have
// any value if another version may follow.
func (r *Rules[V]) DescribeLabels() []enricher.LabelDescription {
	all := r.first.DescribeLabels()
	if r.opts.Reload {
		for i := range all {
			all[i].Values = nil
		}
	}
	return all
}

// InputValues returns the values that the first version looks for.
func (r *Rules[V]) InputValues() map[string][]string { return r.first.InputValues() }

// Failed returns the number of new versions that could not be used.
func (r *Rules[V]) Failed() uint64 { return r.failed.Load() }

// Get returns the current version. If the last look at the file was an
// [Interval] ago, Get looks at it first, while concurrent calls return the
// current version at once. A new version is read when a second look finds it
// unchanged, as it may be incomplete before. It replaces the current one unless
// it cannot be parsed or has a key that the first version did not have.
func (r *Rules[V]) Get() V {
	if r.opts.Reload && r.mu.TryLock() {
		defer r.mu.Unlock()
		if now := time.Now(); now.Sub(r.looked) >= Interval {
			r.looked = now
			r.look()
		}
	}
	return *r.current.Load()
}

func (r *Rules[V]) look() {
	before := r.seen
	r.seen = r.stat()
	if unchanged(r.used, r.seen) || !unchanged(before, r.seen) {
		r.unread = ""
		return
	}
	unread := r.unread
	version, errs := r.read(r.seen)
	if unread != "" && r.unread == unread {
		return // that was logged
	}
	if !unchanged(r.seen, r.stat()) {
		return // it was written to meanwhile, which the next look finds
	}
	if len(errs) == 0 {
		errs = append(r.newKeys("sets", r.first.OutputKeys(), version.OutputKeys()),
			r.newKeys("reads", r.first.InputKeys(), version.InputKeys())...)
	}
	if len(errs) > 0 {
		r.failed.Add(1)
		r.opts.Logger.Warn("Reload failed; keeping the previous version",
			slog.String("file", r.opts.File), slog.String("error", redact.Text(errors.Join(errs...).Error())))
		return
	}
	r.current.Store(&version)
	r.opts.Logger.Info("Reloaded the file", slog.String("file", r.opts.File))
}

// newKeys returns an error for each of keys that is not among declared.
func (r *Rules[V]) newKeys(verb string, declared, keys []string) (errs []error) {
	for _, key := range keys {
		if !slices.Contains(declared, key) {
			errs = append(errs, fmt.Errorf("%s: %s the label %q, which the first version did not: restart the service to use it", r.opts.File, verb, key))
		}
	}
	return errs
}

func (r *Rules[V]) stat() os.FileInfo {
	info, err := os.Stat(r.path)
	if err != nil {
		return nil
	}
	return info
}

// read reads the file, which is as seen says. If it cannot be read, each look tries
// again: the reason may be gone without a change of the file.
func (r *Rules[V]) read(seen os.FileInfo) (version V, errs []error) {
	data, err := file.Read(r.path, MaxSize)
	if err != nil {
		r.unread = err.Error()
		return version, []error{fmt.Errorf("%s: %w%s", r.place, err, relative(r.opts.File))}
	}
	r.used, r.unread = seen, ""
	return r.parse(bytes.TrimPrefix(data, []byte("\ufeff")))
}

// absolute returns the absolute path, or path if the working directory is not known.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// relative says of a relative path what it is relative to.
func relative(path string) string {
	if filepath.IsAbs(path) {
		return ""
	}
	return " (the path is relative to the working directory)"
}
