package fingerprint

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/redact"
)

// Bounds of what is looked at: those of enricher.Chain, and of texts.
const (
	maxDepth  = guard.MaxDepth
	maxText   = 4 << 10   // bytes of the text of one error
	maxTexts  = 256 << 10 // bytes of all texts of one failure
	maxSearch = 1 << 20   // bytes of a text in which to look for another
)

// describe returns the description of a failure.
func describe(root *node) description {
	w := walker{bytes: maxTexts}
	d := w.describe(root)
	if len(d.frames) == 0 && d.joined {
		// No joined error knows where it arose, so only one above them can: the
		// order in which they were joined does not matter.
		w.addOrigin(&d, root)
	}
	return d
}

// shown returns the description of a failure whose texts may be shown: d, which is
// that of root, or one of masked texts if there may be a secret in the message.
func shown(root *node, d *description) *description {
	n := 2 * maxText
	if d.joined {
		n = maxTexts
	}
	whole := looked(root.text, n)
	if d.joined && n < len(root.text) || redacted(whole) != whole {
		return masked(root)
	}
	return d
}

// redacted returns s without the secrets that it has as it is, and as one line if only
// that shows them: a message is one line.
func redacted(s string) string {
	s = redact.Text(s)
	line := normalize.Clean(s)
	if line == s {
		return s
	}
	if safe := redact.Text(line); safe != line {
		return safe
	}
	return s
}

// masked masks the secrets in the texts of root, and returns its description then.
func masked(root *node) *description {
	root.mask()
	d := describe(root)
	return &d
}

// A walker describes the errors of one failure, within limits.
type walker struct {
	origins guard.Walk // for a stack
	bytes   int        // how many of texts may still be normalized
}

// describe returns the description of the whole failure or of one joined error.
func (w *walker) describe(n *node) description {
	d := w.message(n)
	if !d.joined {
		w.addOrigin(&d, n)
	}
	return d
}

// message is like describe, but adds no frame for n itself.
func (w *walker) message(n *node) description {
	p := passage{walker: w, text: n.text}
	p.follow(n, 0, len(p.text))

	d := description{message: p.render(), joined: p.joined}
	worded := normalize.HasWord(d.message)
	d.codes, d.fields = p.codes, p.fields
	for _, k := range p.kinds {
		if k.exported || !worded {
			d.types = append(d.types, k.name)
		}
	}
	for i := range p.parts {
		d.add(&p.parts[i])
	}
	for _, h := range p.hidden {
		cause := w.message(h)
		d.joined = d.joined || cause.joined
		d.causes = append(d.causes, cause.message)
		d.add(&cause)
	}
	return d
}

// add adds all but the message of what d wraps.
func (d *description) add(wrapped *description) {
	d.types = append(d.types, wrapped.types...)
	d.codes = append(d.codes, wrapped.codes...)
	d.fields = append(d.fields, wrapped.fields...)
	d.causes = append(d.causes, wrapped.causes...)
	d.frames = append(d.frames, wrapped.frames...)
}

// addOrigin adds the function in which n arose, if that is known.
func (w *walker) addOrigin(d *description, n *node) {
	if !n.traced {
		n.traced = true
		if frame, ok := inspect.OriginWithin(n.err, &w.origins); ok {
			n.origin = normalize.Clean(enclosing(frame.Function))
		}
	}
	if n.origin != "" {
		d.frames = append(d.frames, n.origin)
	}
}

// enclosing returns the function that a closure is in. The numbers in the names
// of closures change with the code above them.
func enclosing(function string) string {
	for _, inner := range [...]string{".func", ".gowrap", ".deferwrap"} {
		for from := 0; ; {
			i := strings.Index(function[from:], inner)
			if i < 0 {
				break
			}
			i += from
			from = i + len(inner)
			if from < len(function) && '0' <= function[from] && function[from] <= '9' {
				function = function[:i]
				break
			}
		}
	}
	return strings.TrimSuffix(function, "-fm")
}

// isExported reports whether the name is that of an exported type. Unexported
// types change with the versions of a package, or only add a text, a stack or
// labels: *http.timeoutError, *fmt.wrapError, *errors.errorString.
func isExported(name string) bool {
	name, _, _ = strings.Cut(name, "[") // type arguments have dots, too
	r, _ := utf8.DecodeRuneInString(name[strings.LastIndexByte(name, '.')+1:])
	return unicode.IsUpper(r)
}
