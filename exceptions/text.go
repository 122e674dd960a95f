package exceptions

import (
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/redact"
)

// A description is what is kept of an error.
type description struct {
	name, message, stacktrace string

	wire []byte
}

// describe returns what to keep of an error. If its methods do not return, or exit
// the goroutine, that is its type and why there is no more.
func (h *History) describe(err error, fc enricher.FailureContext) description {
	d, failed := read(h, func() description {
		d := h.readCause(err)
		if h.memory == nil {
			d.wire = h.wireOf(err, fc)
		}
		return d
	})
	if failed == nil {
		return d
	}
	typ := clean(foreign.TypeOf(err), maxNameLength)
	message := "(" + failed.Error() + ")"
	return description{
		name:       typ,
		message:    cut(message, h.opts.MaxMessageLength),
		stacktrace: cut(message+"\n  type: "+typ, h.opts.MaxStackLength),
	}
}

// readCause calls the methods of an error.
func (h *History) readCause(err error) description {
	links, more := chainOf(err)
	kept, whole, redacted := h.keepWhole(guard.Text(links[0].err), max(maxLinkLength, h.opts.MaxMessageLength))
	links[0].text = kept
	for i := range links[1:] {
		links[1+i].text = h.keep(guard.Text(links[1+i].err), maxLinkLength)
	}
	return description{
		name:       nameOf(links),
		message:    h.paragraph(links[0].text, h.opts.MaxMessageLength),
		stacktrace: h.stacktrace(links, more, redact.Hider(redact.Masked(whole, redacted))),
	}
}

// readErrors returns what to keep of the messages of enrichers' errors.
func (h *History) readErrors(errs []error) []string {
	texts, failed := read(h, func() []string {
		texts := make([]string, len(errs))
		for i, err := range errs {
			texts[i] = h.paragraph(h.keep(guard.Text(err), h.opts.MaxMessageLength), h.opts.MaxMessageLength)
		}
		return texts
	})
	if failed != nil {
		return slices.Repeat([]string{cut("("+failed.Error()+")", h.opts.MaxMessageLength)}, len(errs))
	}
	return texts
}

// Bounds of what is shown of a chain.
const (
	maxLinks      = 32
	maxLinkLength = 1024 // of the text of one, bytes
)

// A link is one error of a chain.
type link struct {
	err  error
	typ  string
	text string
}

// chainOf returns err and what it wraps, in the order of [enricher.Chain]: the
// first maxLinks, and whether there are more.
func chainOf(err error) (links []link, more bool) {
	for err := range enricher.Chain(err) {
		if len(links) == maxLinks {
			return links, true
		}
		links = append(links, link{err: err, typ: clean(foreign.TypeOf(err), maxNameLength)})
	}
	return links, false
}

// nameOf returns the type that says best what happened: the innermost one on the
// first branch that is not generic, or else the first such on another branch.
func nameOf(links []link) string {
	end := 1 + slices.IndexFunc(links, func(l link) bool { return isLeaf(l.err) })
	if end == 0 {
		end = len(links)
	}
	for _, l := range slices.Backward(links[:end]) {
		if !isGeneric(l.err) {
			return l.typ
		}
	}
	for _, l := range links[end:] {
		if !isGeneric(l.err) {
			return l.typ
		}
	}
	return links[end-1].typ
}

// isLeaf reports whether err wraps nothing.
func isLeaf(err error) bool {
	n := 0
	for range enricher.Chain(err) {
		if n++; n > 1 {
			return false
		}
	}
	return true
}

// Generic errors say less about what happened than those that wrap them. The
// packages have errors that only hold a text, a stack or other errors.
var (
	genericPackages = []string{
		"errors", "fmt", "golang.org/x/xerrors",
		"github.com/pkg/errors", "github.com/go-errors/errors", "github.com/cockroachdb/errors",
		"github.com/hashicorp/errwrap", "github.com/hashicorp/go-multierror", "go.uber.org/multierr",
	}
	genericTypes = append([]string{"syscall.Errno", "*os.SyscallError"}, labeledTypes...)
)

// labeledTypes are those that enricher.WithLabels and enricher.WithResult return.
var labeledTypes = []string{"*enricher.labeledError", "*enricher.resultError", "*enricher.loggedError"}

func isGeneric(err error) bool {
	names := inspect.TypeNames(err)
	path := strings.TrimPrefix(names[1], "*")
	return slices.Contains(genericTypes, names[0]) || slices.ContainsFunc(genericPackages, func(pkg string) bool {
		rest, ok := strings.CutPrefix(path, pkg)
		return ok && rest != "" && (rest[0] == '.' || rest[0] == '/')
	})
}

// paragraph returns at most limit bytes of a text that was kept, as one line.
func (h *History) paragraph(s string, limit int) string {
	if line := paragraph(s); line != s {
		return h.join(line, limit)
	}
	return h.cut(s, limit)
}

// paragraph joins the lines of a text by semicolons.
func paragraph(s string) string {
	var b strings.Builder
	for line := range strings.Lines(s) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		if b.Len() > 0 {
			if !strings.ContainsAny(b.String()[b.Len()-1:], ":;,") {
				b.WriteByte(';')
			}
			b.WriteByte(' ')
		}
		b.WriteString(line)
	}
	return b.String()
}

// stacktrace returns the text of the first link, the types and texts of all, and
// the stack that one of them carries, with what hide masks.
func (h *History) stacktrace(links []link, more bool, hide func(string) string) string {
	limit := h.opts.MaxStackLength
	if limit == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString(links[0].text + "\n  type: " + links[0].typ)
	for _, l := range links[1:] {
		b.WriteString("\n  caused by: " + l.typ + ": " + strings.ReplaceAll(l.text, "\n", "\n    "))
	}
	if more {
		b.WriteString("\n  (and more)")
	}
	chain := hide(b.String())
	typ, stack := stackOf(links)
	if stack == "" {
		return h.join(chain, limit)
	}
	// The stack gets what the chain leaves, but at least half.
	chain = cut(chain, limit/2) + "\n\nstack of " + typ + ":\n"
	return h.join(chain+hide(h.keep(stack, max(0, limit-len(chain)))), limit)
}
