package fingerprint

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A passage is the text of an error and of those wrapped errors whose text is a
// part of it. Most errors print what they wrap, so that one text describes them
// all. Joined errors are a part of it that is rendered on its own.
type passage struct {
	walker *walker
	text   string
	types  []string // of all whose text it is, from the outside in
	codes  []string // of those that have one
	lists  []list   // in the order of their places
	parts  []description
	joined bool
	hidden []hidden
}

// A list is the part of the text that prints joined errors, and its replacement.
type list struct {
	start, end int
	message    string
}

// A hidden error is one whose text is not in that of the error that wraps it.
type hidden struct {
	err   error
	depth int
}

// follow goes from err, whose text is from start to end, to what it wraps.
func (p *passage) follow(err error, start, end, depth int) {
	for ; depth < maxDepth; depth++ {
		p.types = append(p.types, inspect.TypeName(err))
		if code := codeOf(err); code != "" {
			p.codes = append(p.codes, code)
		}
		many, one := guard.Unwrap(err)
		if one == nil {
			if many = p.walker.errors.Take(many); len(many) > 0 {
				p.branch(err, many, start, end, depth+1)
			}
			return
		}
		if !p.walker.errors.Enter(one, depth) {
			break
		}
		from, to, ok := p.find(p.walker.text(one), start, end)
		if !ok {
			p.hidden = append(p.hidden, hidden{one, depth + 1})
			return
		}
		err, start, end = one, from, to
	}
	// There is more below, and it is not known whether its order counts.
	p.joined = true
}

// branch goes to each of the errors that err wraps.
func (p *passage) branch(err error, many []error, start, end, depth int) {
	join := inspect.IsType(err, "*errors.joinError")
	if !join && !inspect.IsType(err, "*fmt.wrapErrors") {
		start, end, join = p.enumerated(many, start, end)
	}
	if join {
		p.join(many, start, end, depth)
		return
	}
	// The format says in which order.
	for _, err := range many {
		if err == nil {
			continue
		}
		from, to, ok := p.next(p.walker.text(err), start, end)
		if !ok {
			p.hidden = append(p.hidden, hidden{err, depth})
			continue
		}
		p.follow(err, from, to, depth)
		start = to
	}
}

// enumerated reports whether the texts of many follow one another with the same
// marks between them, and where the first begins and the last ends. If they do
// not, it returns start and end.
func (p *passage) enumerated(many []error, start, end int) (first, last int, ok bool) {
	mark := ""
	first, last = start, start
	for i, err := range many {
		if err == nil {
			return start, end, false
		}
		from, to, ok := p.next(p.walker.text(err), last, end)
		switch {
		case !ok:
			return start, end, false
		case i == 0:
			first = from
		case i == 1:
			mark = p.text[last:from]
		}
		if i > 0 && (p.text[last:from] != mark || normalize.HasWord(mark)) {
			return start, end, false
		}
		last = to
	}
	return first, last, true
}

// join describes each of many, whose texts are from start to end. Their order
// does not count, nor how many are the same.
func (p *passage) join(many []error, start, end, depth int) {
	p.joined = true
	var parts []description
	p.walker.flatten(many, depth, func(err error, depth int) {
		parts = append(parts, p.walker.describe(err, depth))
	})
	slices.SortFunc(parts, func(a, b description) int { return compare(&a, &b) })
	parts = slices.CompactFunc(parts, func(a, b description) bool { return compare(&a, &b) == 0 })

	var message strings.Builder
	for i := range parts {
		if i > 0 {
			message.WriteString("; ")
		}
		message.WriteString(parts[i].message)
	}
	p.lists = append(p.lists, list{start, end, message.String()})
	p.parts = append(p.parts, parts...)
}

// flatten calls fn for each of many, and for those that they join themselves:
// err = errors.Join(err, another) in a loop makes a deep tree of a list.
func (w *walker) flatten(many []error, depth int, fn func(err error, depth int)) {
	for _, err := range many {
		switch {
		case err == nil || depth >= maxDepth:
		case inspect.IsType(err, "*errors.joinError"):
			inner, _ := guard.Unwrap(err)
			w.flatten(w.errors.Take(inner), depth+1, fn)
		default:
			fn(err, depth)
		}
	}
}

// find returns where text is between start and end. It looks at the end first,
// where most errors print what they wrap.
func (p *passage) find(text string, start, end int) (from, to int, ok bool) {
	if strings.HasSuffix(p.text[start:end], text) {
		return end - len(text), end, true
	}
	return p.next(text, start, end)
}

// next returns where text is first between start and end.
func (p *passage) next(text string, start, end int) (from, to int, ok bool) {
	i := strings.Index(p.text[start:min(end, start+maxSearch)], text)
	return start + i, start + i + len(text), i >= 0
}

// render returns the text, normalized, with lists in order.
func (p *passage) render() string {
	if len(p.lists) == 0 {
		return normalize.Text(p.cut(0, len(p.text)))
	}
	var b strings.Builder
	start := 0
	for _, l := range p.lists {
		p.renderTo(&b, start, l.start)
		b.WriteString(l.message)
		start = l.end
	}
	p.renderTo(&b, start, len(p.text))
	return b.String()
}

// renderTo writes the text from start to end, normalized. Unlike [normalize.Text]
// it keeps a space beside a list.
func (p *passage) renderTo(b *strings.Builder, start, end int) {
	part := p.cut(start, end)
	first, _ := utf8.DecodeRuneInString(part)
	last, _ := utf8.DecodeLastRuneInString(part)
	if start > 0 && normalize.IsSpace(first) {
		b.WriteByte(' ')
	}
	b.WriteString(normalize.Text(part))
	if end < len(p.text) && normalize.IsSpace(last) {
		b.WriteByte(' ')
	}
}

// cut returns as much of the text from start to end as may be looked at.
func (p *passage) cut(start, end int) string {
	head := text.Cut(p.text[start:end], min(maxText, p.walker.bytes))
	p.walker.bytes -= len(head)
	return head
}
