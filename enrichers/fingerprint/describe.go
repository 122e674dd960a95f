package fingerprint

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
	"github.com/failure-enrichers/enricher/redact"
)

// Bounds of what is looked at: those of enricher.Chain, and of texts.
const (
	maxDepth  = guard.MaxDepth
	maxText   = 4 << 10   // bytes of the text of one error
	maxTexts  = 256 << 10 // bytes of all texts of one failure
	maxSearch = 1 << 20   // bytes of a text in which to look for another
)

// describe returns the description of err, which is not nil.
func describe(err error) description { return describeBy(err, guard.Text) }

// describeMasked is like describe, but of texts whose secrets are masked. They are
// masked before they are normalized, which hides by what a secret is recognized.
func describeMasked(err error) description {
	return describeBy(err, func(err error) string { return redact.Text(text.Cut(guard.Text(err), 2*maxText)) })
}

// shown returns the description of err whose texts may be shown: d, which is that of
// err, or the masked one if there may be a secret in the message of d.
func shown(err error, d *description) *description {
	whole, looked := guard.Text(err), 2*maxText
	if d.joined {
		looked = maxTexts
	}
	looked = min(looked, len(whole))
	if d.joined && looked < len(whole) || redact.Text(whole[:looked]) != whole[:looked] {
		masked := describeMasked(err)
		return &masked
	}
	return d
}

func describeBy(err error, textOf func(error) string) description {
	w := walker{bytes: maxTexts, text: textOf}
	d := w.describe(err, 0)
	if len(d.frames) == 0 && d.joined {
		// No joined error knows where it arose, so only one above them can: the
		// order in which they were joined does not matter.
		w.addOrigin(&d, err)
	}
	return d
}

// A walker visits the tree of errors of one failure, within limits.
type walker struct {
	errors  guard.Walk // for their texts and types
	origins guard.Walk // for a stack
	bytes   int        // how many of texts may still be normalized
	text    func(error) string
}

// describe returns the description of the whole failure or of one joined error.
func (w *walker) describe(err error, depth int) description {
	d := w.message(err, depth)
	if !d.joined {
		w.addOrigin(&d, err)
	}
	return d
}

// message is like describe, but adds no frame for err itself.
func (w *walker) message(err error, depth int) description {
	p := passage{walker: w, text: w.text(err)}
	p.follow(err, 0, len(p.text), depth)

	d := description{message: p.render(), joined: p.joined}
	worded := normalize.HasWord(d.message)
	d.codes = p.codes
	d.types = slices.DeleteFunc(p.types, func(name string) bool { return worded && !isExported(name) })
	for i := range p.parts {
		d.add(&p.parts[i])
	}
	for _, h := range p.hidden {
		cause := w.message(h.err, h.depth)
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
	d.causes = append(d.causes, wrapped.causes...)
	d.frames = append(d.frames, wrapped.frames...)
}

// addOrigin adds the function in which err arose, if that is known.
func (w *walker) addOrigin(d *description, err error) {
	if frame, ok := inspect.OriginWithin(err, &w.origins); ok {
		d.frames = append(d.frames, normalize.Clean(enclosing(frame.Function)))
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

// codeOf returns the HTTP or gRPC status or SQLSTATE that err has by a method or
// field. Other codes are in texts as words: "connection refused", "exit status 3".
func codeOf(err error) string {
	switch e := evidence.CodeOf(err); e.Kind {
	case evidence.HTTPStatus, evidence.GRPCStatus, evidence.SQLState:
		return e.Reason()
	}
	return ""
}

// isExported reports whether the name is that of an exported type. Unexported
// types change with the versions of a package, or only add a text, a stack or
// labels: *http.timeoutError, *fmt.wrapError, *errors.errorString.
func isExported(name string) bool {
	name, _, _ = strings.Cut(name, "[") // type arguments have dots, too
	r, _ := utf8.DecodeRuneInString(name[strings.LastIndexByte(name, '.')+1:])
	return unicode.IsUpper(r)
}
