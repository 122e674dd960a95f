package enricherotel

import (
	"strings"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/redact"
	"github.com/failure-enrichers/enricher/wire"
)

const (
	// readTimeout is how long the methods of an error may take together.
	readTimeout = time.Second

	// maxHanging is about how many errors may be read that have not answered in
	// time. Go cannot end a goroutine, so there must be a limit.
	maxHanging = 64

	maxName = 256      // bytes of a type, an ID or a name
	maxText = 8 << 10  // of the text of an error
	maxDump = 32 << 10 // of a stack
)

// A reader reads errors. Their methods are third-party code, which may panic or
// hang, so they are called on a goroutine of their own.
type reader struct{ hanging atomic.Int64 }

// A reading is an error without secrets, and without methods of third-party code.
// It is the error of a log record.
type reading struct {
	text, kind string
	stack      string // of a panic; empty: not known
}

func (r reading) Error() string     { return r.text }
func (r reading) ErrorType() string { return r.kind }

func (r *reader) read(cause error) reading {
	unread := reading{text: "(the text could not be read)", kind: typeName(cause)}
	if r.hanging.Load() >= maxHanging {
		return unread
	}
	done := make(chan reading, 1)
	go func() {
		got := unread
		defer func() {
			_ = recover()
			done <- got // also if a method has called runtime.Goexit
		}()
		got.text = clean(enricher.Text(cause), maxText)
		got.kind = errorType(cause)
		if p, ok := enricher.AsType[*enricher.PanicError](cause); ok {
			got.stack = clean(p.Stack(), maxDump)
		}
	}()
	timer := time.NewTimer(readTimeout)
	defer timer.Stop()
	select {
	case got := <-done:
		return got
	case <-timer.C:
		r.hanging.Add(1)
		go func() {
			<-done
			r.hanging.Add(-1)
		}()
		return unread
	}
}

// errorType returns the error.type of cause as semconv.ErrorType does, which does not
// end on a cyclic tree: what an error of the chain says, or else the Go type of the
// first that is no wrapper of fmt.
func errorType(cause error) string {
	if e, ok := enricher.AsType[interface {
		error
		ErrorType() string
	}](cause); ok {
		if kind := ownType(e); kind != "" {
			return clean(kind, maxName)
		}
	}
	for err := range enricher.Chain(cause) {
		if name := typeName(err); name != "*fmt.wrapError" {
			return name
		}
	}
	return typeName(cause)
}

// ownType returns e.ErrorType(), or "" if it panics.
func ownType(e interface{ ErrorType() string }) (kind string) {
	defer func() { _ = recover() }()
	return e.ErrorType()
}

// typeName returns the name of the type of err, with the path of its package if it is
// no pointer.
func typeName(err error) string {
	name, path := wire.TypeOf(err)
	if !strings.HasPrefix(path, "*") {
		name = path
	}
	return clean(name, maxName)
}

// clean returns s without secrets, as valid UTF-8, cut to limit.
func clean(s string, limit int) string {
	s = strings.ToValidUTF8(redact.Text(s), "\uFFFD")
	if len(s) <= limit {
		return s
	}
	for !utf8.RuneStart(s[limit]) {
		limit--
	}
	return s[:limit]
}
