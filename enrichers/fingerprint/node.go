package fingerprint

import (
	"sync"

	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A node is an error of a failure, with what its methods have returned. They are
// called once, however often a failure is described.
type node struct {
	err    error
	kind   *kind
	text   string
	code   string // HTTP or gRPC status or SQLSTATE
	fields *fields

	one  *node   // what it wraps
	many []*node // or what it wraps or joins; nil for a nil error
	more bool    // it wraps more than may be looked at

	origin string // the function where it arose, if traced
	traced bool
}

// A reader reads the errors of one failure, within limits. It is used again, so that
// the nodes of most failures are not made anew.
type reader struct {
	root  *node
	walk  guard.Walk
	nodes [8]node
	used  int
	room  []node // for more nodes
}

var readers = sync.Pool{New: func() any { return new(reader) }}

// read returns the errors of err, which is not nil. The caller calls release when it
// needs them no more.
func read(err error) *reader {
	r := readers.Get().(*reader)
	r.root = r.read(err, 0)
	return r
}

func (r *reader) release() {
	clear(r.nodes[:r.used])
	r.root, r.walk, r.used, r.room = nil, guard.Walk{}, 0, nil
	readers.Put(r)
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
	var n *node
	if r.used < len(r.nodes) {
		n = &r.nodes[r.used]
		r.used++
	} else {
		if len(r.room) == 0 {
			r.room = make([]node, 64)
		}
		n, r.room = &r.room[0], r.room[1:]
	}
	n.err, n.text, n.kind = err, guard.Text(err), kindOf(err)
	n.fields = n.kind.read(err)
	if n.kind.coded {
		n.code = codeOf(err)
	}
	return n
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

// mask masks the secrets in the texts of n and of all that it wraps. They are masked
// before they are normalized, which hides by what a secret is recognized.
func (n *node) mask() {
	left := 2 * maxTexts
	n.maskWithin(&left)
}

func (n *node) maskWithin(left *int) {
	for ; n != nil; n = n.one {
		s := text.Cut(looked(n.text, 2*maxText), *left)
		*left -= len(s)
		n.text = redacted(s)
		n.fields = n.fields.masked()
		for _, wrapped := range n.many {
			wrapped.maskWithin(left)
		}
	}
}
