package form

import (
	"cmp"
	"reflect"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// Cause returns the error of f, or nil if f has none.
func (f *Failure) Cause() error {
	all := decode(f.Chain)
	if len(all) == 0 {
		return nil
	}
	return all[0]
}

// decode returns the errors of least depth in chain, with those that they wrap.
func decode(chain []Node) []error {
	var all []error
	for len(chain) > 0 {
		n := &chain[0]
		end := 1
		for end < len(chain) && chain[end].Depth > n.Depth {
			end++
		}
		all = append(all, n.err(decode(chain[1:end])))
		chain = chain[end:]
	}
	return all
}

// err returns the error that n is, which wraps inner.
func (n *Node) err(inner []error) error {
	value := n.value(inner)
	if value != nil && inspect.TypeNames(value)[1] == n.long() && guard.Text(value) == n.Text {
		return value
	}
	d := &decoded{node: n, facts: n.facts()}
	d.facts.Value = value
	d.self = n.wrap(d, inner)
	return d.self
}

func (n *Node) facts() foreign.Facts {
	f := foreign.Facts{
		Type: cmp.Or(n.Type, "error"), TypePath: cmp.Or(n.long(), "error"), Errno: n.Has.Errno,
		Fields: n.texts(), Frames: n.Frames, Evidence: n.Evidence,
		Inner: decode(n.Inner), Hides: n.Inner != nil,
	}
	wait, _ := time.ParseDuration(n.Wait)
	f.Wait = max(0, wait)
	f.Judged = len(n.Evidence) > 0 || f.Wait > 0 || n.Has == Has{} && len(n.Is) == 0
	return f
}

// texts returns the fields of n that are strings.
func (n *Node) texts() map[string]string {
	t := types[n.long()]
	if t == nil {
		return n.Fields
	}
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	texts := map[string]string{}
	for name, value := range n.Fields {
		if f, ok := t.FieldByName(name); ok && f.Type.Kind() == reflect.String {
			texts[name] = value
		}
	}
	return texts
}

// wrap returns d with the methods that others than [decoded.As] look for: those that
// packages of the standard library call on what an error of theirs wraps.
func (n *Node) wrap(d *decoded, inner []error) error {
	if n.Joined || len(inner) > 1 {
		return &many{d, inner}
	}
	o := one{decoded: d}
	if len(inner) == 1 {
		o.inner = inner[0]
	}
	switch h := &n.Has; {
	case h.Timeout != nil && h.Temporary != nil:
		return &oneNet{o, timeout(*h.Timeout), temporary(*h.Temporary)}
	case h.Timeout != nil:
		return &oneTimeout{o, timeout(*h.Timeout)}
	case h.Temporary != nil:
		return &oneTemporary{o, temporary(*h.Temporary)}
	}
	return &o
}
