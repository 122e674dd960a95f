package rawconfig

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/nearest"
)

// An Error is a fault of the configuration.
type Error struct {
	Path string // the key in full, its parts as written: "jobmanager.failure-enrichment.timeout"
	Err  error  // what is wrong, and what would be accepted
}

func (e *Error) Error() string { return fmt.Sprintf("%q: %v", e.Path, e.Err) }

// Unwrap returns e.Err.
func (e *Error) Unwrap() error { return e.Err }

// fault notes what is wrong at a place.
func (p *parser) fault(at *place, format string, args ...any) {
	p.faults = append(p.faults, &Error{Path: at.path(), Err: fmt.Errorf(format, args...)})
}

// twice notes that a key stands at two places.
func (p *parser) twice(at, before *place) {
	p.fault(at, "given twice, as %v and as %v: keep one of them", before, at)
}

// halt notes a fault that makes the rest not worth looking at: a map that
// contains itself twice has more faults than there is memory to list them.
func (p *parser) halt(at *place, format string, args ...any) {
	if !p.halted {
		p.fault(at, format, args...)
	}
	p.halted = true
}

// err joins the faults, sorted by path.
func (p *parser) err() error {
	slices.SortFunc(p.faults, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.Path, b.Path), cmp.Compare(a.Err.Error(), b.Err.Error()))
	})
	errs := make([]error, len(p.faults))
	for i, e := range p.faults {
		errs[i] = e
	}
	return errors.Join(errs...)
}

// unknown says that nothing is called name, and what is.
func unknown(name string, among []string) string {
	msg := fmt.Sprintf("unknown key %q, want %s", name, phrase(among, "or"))
	if near, ok := nearest.Name(name, among); ok {
		msg += fmt.Sprintf("; did you mean %q?", near)
	}
	return msg
}

// phrase joins words the way a sentence does: "a, b or c".
func phrase(words []string, last string) string {
	end := len(words) - 1
	return strings.Join(words[:end], ", ") + " " + last + " " + words[end]
}
