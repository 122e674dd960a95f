package exceptions

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
)

// A text is what is kept of an error.
type text struct{ name, message, stack string }

// textOf returns what to keep of an error. The error's own code runs here, on
// the goroutine that reports the failure: on another one it could outlive the
// caller, who may change what the error points to.
func (h *History) textOf(err error) text {
	links := chainOf(err)
	for i := range links {
		limit := maxLinkLength
		if i == 0 {
			limit = max(limit, h.opts.MaxMessageLength)
		}
		links[i].text = h.keep(messageOf(links[i].err, limit+margin+1), limit)
	}
	return text{
		name:    clean(cut(nameOf(links), maxNameLength)),
		message: cut(paragraph(links[0].text), h.opts.MaxMessageLength),
		stack:   h.stacktrace(links),
	}
}

// errorOf returns what to keep of the message of an enricher's error.
func (h *History) errorOf(err error) string {
	if err == nil {
		return ""
	}
	limit := h.opts.MaxMessageLength
	return paragraph(h.keep(messageOf(err, limit+margin+1), limit))
}

// Bounds of what is shown of a chain.
const (
	maxLinks      = 32
	maxLinkLength = 1024 // of the text of one, bytes
)

// A link is an error of a chain.
type link struct {
	err   error
	typ   string
	depth int
	text  string
	more  bool // the chain goes on, but not here
}

// chainOf returns err and what it wraps, depth first: the first maxLinks of it.
func chainOf(err error) []link {
	var links []link
	var down func(err error, depth int)
	down = func(err error, depth int) {
		if err == nil {
			return
		}
		if len(links) == maxLinks {
			links[len(links)-1].more = true
			return
		}
		links = append(links, link{err: err, typ: reflect.TypeOf(err).String(), depth: depth})
		for _, wrapped := range unwrap(err) {
			down(wrapped, depth+1)
			if links[len(links)-1].more {
				return
			}
		}
	}
	down(err, 0)
	return links
}

// unwrap returns what err wraps, as far as it can be had.
func unwrap(err error) (wrapped []error) {
	defer func() {
		if recover() != nil {
			wrapped = nil
		}
	}()
	switch err := err.(type) {
	case interface{ Unwrap() error }:
		return []error{err.Unwrap()}
	case interface{ Unwrap() []error }:
		return err.Unwrap()
	default:
		return nil
	}
}

// messageOf returns the beginning of err.Error(), or where that panics, words which
// say so.
func messageOf(err error, limit int) (text string) {
	defer func() {
		if v := recover(); v != nil {
			text = fmt.Sprintf("(the Error method of a %T panicked: %s)", err, panicText(v))
		}
	}()
	text, _ = crop(err.Error(), limit)
	return text
}

// panicText describes the value of a panic without calling a method of it, except
// for the runtime's.
func panicText(v any) string {
	switch v := v.(type) {
	case string:
		v, _ = crop(v, maxNameLength)
		return v
	case interface {
		error
		RuntimeError()
	}:
		if strings.HasPrefix(strings.TrimPrefix(reflect.TypeOf(v).String(), "*"), "runtime.") {
			return v.Error()
		}
	}
	return fmt.Sprintf("a %T", v)
}

// nameOf returns the type that says best what happened: the innermost one along
// the first branch that has a meaning of its own, or else along any branch.
func nameOf(links []link) string {
	name := ""
	end := 1
	for end < len(links) && links[end].depth == links[end-1].depth+1 {
		end++
	}
	for _, l := range links[:end] {
		if !isGeneric(l.err) {
			name = l.typ
		}
	}
	for _, l := range links[end:] {
		if name == "" && !isGeneric(l.err) {
			name = l.typ
		}
	}
	if name == "" {
		name = links[end-1].typ
	}
	return name
}

// genericPackages have errors that hold a text, a stack or other errors, but no
// meaning; generic are more of the kind: what they say, those that wrap them say
// better.
var (
	genericPackages = []string{
		"errors", "fmt", "golang.org/x/xerrors",
		"github.com/pkg/errors", "github.com/go-errors/errors", "github.com/cockroachdb/errors",
		"github.com/hashicorp/errwrap", "github.com/hashicorp/go-multierror", "go.uber.org/multierr",
	}
	generic = []string{"syscall.Errno", "*os.SyscallError", labeled}
)

// labeled is what enricher.WithLabels returns.
const labeled = "*enricher.labeledError"

func isGeneric(err error) bool {
	t := reflect.TypeOf(err)
	name := t.String()
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	pkg := t.PkgPath()
	for _, g := range genericPackages {
		if rest, ok := strings.CutPrefix(pkg, g); ok && (rest == "" || rest[0] == '/') {
			return true
		}
	}
	return slices.Contains(generic, name)
}

// paragraph joins the lines of a text.
func paragraph(s string) string {
	if !strings.Contains(s, "\n") {
		return strings.TrimSpace(s)
	}
	var b strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if b.Len() > 0 {
			if last := b.String()[b.Len()-1]; last != ':' && last != ';' && last != ',' {
				b.WriteByte(';')
			}
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}

// stacktrace returns the text of the first link, the types and texts of all, and
// the stack that one of them carries.
func (h *History) stacktrace(links []link) string {
	limit := h.opts.MaxStackLength
	if limit == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(links[0].text)
	b.WriteString("\n  type: ")
	b.WriteString(clean(cut(links[0].typ, maxNameLength)))
	for _, l := range links[1:] {
		b.WriteByte('\n')
		for range min(l.depth, maxIndent) {
			b.WriteString("  ")
		}
		b.WriteString("caused by: ")
		b.WriteString(clean(cut(l.typ, maxNameLength)))
		b.WriteString(": ")
		b.WriteString(strings.ReplaceAll(l.text, "\n", "\n    "))
	}
	if links[len(links)-1].more {
		b.WriteString("\n  (and more)")
	}
	chain := b.String()
	typ, stack := stackOf(links, limit+margin+1)
	if stack == "" {
		return strings.Clone(cut(chain, limit))
	}
	// The stack gets what the chain leaves, but at least half.
	chain = cut(chain, limit/2) + "\n\nstack of " + clean(cut(typ, maxNameLength)) + ":\n"
	return cut(chain+h.keep(stack, max(0, limit-len(chain))), limit)
}

const maxIndent = 8
