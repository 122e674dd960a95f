package fingerprint

import (
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A passage is the text of an error and of those wrapped errors whose text is a
// part of it. Most errors print what they wrap, so that one text describes them
// all. Joined errors are a part of it that is rendered on its own.
type passage struct {
	walker *walker
	text   string
	kinds  []*kind  // of all whose text it is, carriers of labels aside, from the outside in
	codes  []string // of those that have one
	fields []string // what failed, by their fields
	spans  []span
	parts  []description
	joined bool
	hidden []*node // those whose text is not in that of the error that wraps them
}

// A span is a part of the text that prints joined errors or the value of a field, and
// its replacement.
type span struct {
	start, end int
	message    string
}

// follow goes from n, whose text is from start to end, to what it wraps.
func (p *passage) follow(n *node, start, end int) {
	for {
		if !n.kind.carries {
			p.kinds = append(p.kinds, n.kind)
		}
		if n.code != "" {
			p.codes = append(p.codes, n.code)
		}
		if n.fields != nil {
			p.fields = append(p.fields, n.fields.normalized()...)
			for _, path := range n.fields.paths {
				p.replace(path, start, end)
			}
		}
		switch {
		case n.more: // and it is not known whether its order counts
			p.joined = true
			return
		case n.many != nil:
			p.branch(n, start, end)
			return
		case n.one == nil:
			return
		}
		n = n.one
		from, to, ok := p.find(n.text, start, end)
		if !ok {
			p.hidden = append(p.hidden, n)
			return
		}
		start, end = from, to
	}
}

// replace replaces a path between start and end, with the quotation marks around it.
func (p *passage) replace(path string, start, end int) {
	from, to, ok := p.next(path, start, end)
	if !ok || !bounded(p.text, from, to) {
		return
	}
	if from > start && to < end && p.text[from-1] == p.text[to] && (p.text[to] == '"' || p.text[to] == '\'') {
		from, to = from-1, to+1
	}
	p.spans = append(p.spans, span{from, to, "<path>"})
}

// branch goes to each of the errors that n wraps.
func (p *passage) branch(n *node, start, end int) {
	join := n.kind.joins
	if !join && !n.kind.formats {
		start, end, join = p.enumerated(n.many, start, end)
	}
	if join {
		p.join(n.many, start, end)
		return
	}
	// The format says in which order.
	for _, wrapped := range n.many {
		if wrapped == nil {
			continue
		}
		from, to, ok := p.next(wrapped.text, start, end)
		if !ok {
			p.hidden = append(p.hidden, wrapped)
			continue
		}
		p.follow(wrapped, from, to)
		start = to
	}
}

// enumerated reports whether the texts of many follow one another with the same
// marks between them, and where the first begins and the last ends. If they do
// not, it returns start and end.
func (p *passage) enumerated(many []*node, start, end int) (first, last int, ok bool) {
	mark := ""
	first, last = start, start
	for i, n := range many {
		if n == nil {
			return start, end, false
		}
		from, to, ok := p.next(n.text, last, end)
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
func (p *passage) join(many []*node, start, end int) {
	p.joined = true
	var parts []description
	flatten(many, func(n *node) { parts = append(parts, p.walker.describe(n)) })
	slices.SortFunc(parts, func(a, b description) int { return compare(&a, &b) })
	parts = slices.CompactFunc(parts, func(a, b description) bool { return compare(&a, &b) == 0 })

	var message strings.Builder
	for i := range parts {
		if i > 0 {
			message.WriteString("; ")
		}
		message.WriteString(parts[i].message)
	}
	p.spans = append(p.spans, span{start, end, message.String()})
	p.parts = append(p.parts, parts...)
}

// flatten calls fn for each of many, and for those that they join themselves:
// err = errors.Join(err, another) in a loop makes a deep tree of a list.
func flatten(many []*node, fn func(n *node)) {
	for _, n := range many {
		switch {
		case n == nil:
		case n.kind.joins:
			flatten(n.many, fn)
		default:
			fn(n)
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

// render returns the text, normalized, with the spans in their places.
func (p *passage) render() string {
	if len(p.spans) == 0 {
		return normalize.Text(p.cut(0, len(p.text)))
	}
	slices.SortStableFunc(p.spans, func(a, b span) int { return a.start - b.start })
	var b strings.Builder
	start := 0
	for _, s := range p.spans {
		if s.start < start {
			continue
		}
		p.renderTo(&b, start, s.start)
		b.WriteString(s.message)
		start = s.end
	}
	p.renderTo(&b, start, len(p.text))
	return b.String()
}

// renderTo writes the text from start to end, normalized. Unlike [normalize.Text]
// it keeps a space beside a span.
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
	part := looked(p.text[start:end], maxText)
	part = text.Cut(part, p.walker.bytes)
	p.walker.bytes -= len(part)
	return part
}
