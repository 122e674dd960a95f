package fingerprint

import (
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
	"github.com/failure-enrichers/enricher/redact"
)

// A node is an error of a failure, with what its methods have returned. They are
// called once, however often a failure is described.
type node struct {
	err    error
	text   string
	code   string // HTTP or gRPC status or SQLSTATE
	fields fields

	one  *node   // what it wraps
	many []*node // or what it wraps or joins; nil for a nil error
	more bool    // it wraps more than may be looked at

	origin string // the function where it arose, if traced
	traced bool
}

// A reader reads the errors of one failure, within limits.
type reader struct {
	walk guard.Walk
	room []node // nodes are made in blocks
}

// read returns the node of err, which is at depth, with all that it wraps.
func (r *reader) read(err error, depth int) *node {
	first := r.node(err)
	for n := first; ; depth++ {
		many, one := guard.Unwrap(n.err)
		if one == nil {
			if many = r.walk.Take(many); len(many) > 0 {
				r.readMany(n, many, depth+1)
			}
			return first
		}
		if depth+1 >= maxDepth || !r.walk.Enter(one, depth+1) {
			n.more = true
			return first
		}
		n.one = r.node(one)
		n = n.one
	}
}

func (r *reader) readMany(n *node, many []error, depth int) {
	if depth >= maxDepth {
		n.more = true
		return
	}
	n.many = make([]*node, len(many))
	for i, err := range many {
		if err != nil {
			n.many[i] = r.read(err, depth)
		}
	}
}

func (r *reader) node(err error) *node {
	if len(r.room) == cap(r.room) {
		r.room = make([]node, 0, min(256, max(6, 2*cap(r.room))))
	}
	r.room = append(r.room, node{err: err, text: guard.Text(err), code: codeOf(err), fields: fieldsOf(err)})
	return &r.room[len(r.room)-1]
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

// isJoin reports whether the node is what errors.Join returns.
func (n *node) isJoin() bool { return n.many != nil && inspect.IsType(n.err, "*errors.joinError") }

// mask masks the secrets in the texts of n and of all that it wraps. They are masked
// before they are normalized, which hides by what a secret is recognized.
func (n *node) mask() {
	left := 2 * maxTexts
	n.maskWithin(&left)
}

func (n *node) maskWithin(left *int) {
	for ; n != nil; n = n.one {
		s := text.Cut(looked(n.text, 2*maxText), max(0, *left))
		*left -= len(s)
		n.text = redact.Text(s)
		n.fields = n.fields.masked()
		for _, wrapped := range n.many {
			wrapped.maskWithin(left)
		}
	}
}
