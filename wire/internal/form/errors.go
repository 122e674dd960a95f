package form

import (
	"reflect"
	"syscall"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
)

// A decoded error is one whose type is not in this process. It has few methods: As
// finds the others.
type decoded struct {
	node  *Node
	facts foreign.Facts
	self  error // the decoded error with Unwrap
}

var _ foreign.Error = (*decoded)(nil)

func (d *decoded) Error() string           { return d.node.Text }
func (d *decoded) Foreign() *foreign.Facts { return &d.facts }

// NodeOf returns what err was decoded from, or nil if it has a type of this process.
func NodeOf(err error) *Node {
	if d, ok := err.(interface{ decodedFrom() *Node }); ok {
		return d.decodedFrom()
	}
	return nil
}

func (d *decoded) decodedFrom() *Node { return d.node }

// Is reports whether the original is target: one of the known sentinels, or a system
// error, whose text may differ here.
func (d *decoded) Is(target error) bool {
	if e, ok := d.facts.Value.(syscall.Errno); ok && (error(e) == target || e.Is(target)) {
		return true
	}
	for _, name := range d.node.Is {
		if s := sentinel(name); s != nil && s == target {
			return true
		}
	}
	return false
}

// As sets target if it is a pointer to an interface of which the original has all
// methods, as far as the form has them, or to its type, if that is known here.
func (d *decoded) As(target any) bool {
	v := reflect.ValueOf(target)
	if v.Kind() != reflect.Pointer || v.IsNil() {
		return false
	}
	t := v.Type().Elem()
	var found error
	if t.Kind() == reflect.Interface {
		found = d.adapt(t)
	}
	if value := d.facts.Value; found == nil && value != nil && !isNil(value) && reflect.TypeOf(value).AssignableTo(t) {
		found = value
	}
	if found == nil {
		return false
	}
	v.Elem().Set(reflect.ValueOf(found))
	return true
}

func isNil(err error) bool {
	v := reflect.ValueOf(err)
	return v.Kind() == reflect.Pointer && v.IsNil()
}

// adapt returns an error with the methods of t, an interface, or nil if d does not
// have them.
func (d *decoded) adapt(t reflect.Type) error {
	if reflect.TypeOf(d.self).Implements(t) {
		return d.self
	}
	var found error
	for i := range t.NumMethod() {
		name := t.Method(i).Name
		if _, ok := reflect.TypeFor[adapter]().MethodByName(name); ok {
			continue
		}
		m := methods[name]
		if m == nil {
			return nil
		}
		has := m(adapter{d}, &d.node.Has)
		switch {
		case has == nil:
			return nil
		case found == nil:
			found = has
		default:
			found = d.all()
		}
	}
	if found == nil || !reflect.TypeOf(found).Implements(t) {
		return nil
	}
	return found
}

func (d *decoded) all() error {
	switch a, code := (all{adapter{d}}), d.node.Has.Code; {
	case code == nil:
		return a
	case code.Text != nil:
		return allCode{a}
	default:
		return allNumber{a}
	}
}

// The types of decoded errors. Packages of the standard library call Timeout and
// Temporary on what an error of theirs wraps, without As.
type (
	one struct {
		*decoded
		inner error
	}
	many struct {
		*decoded
		inner []error
	}
	oneTimeout struct {
		one
		timeout
	}
	oneTemporary struct {
		one
		temporary
	}
	oneNet struct {
		one
		timeout
		temporary
	}
	timeout   bool
	temporary bool
)

func (o *one) Unwrap() error        { return o.inner }
func (m *many) Unwrap() []error     { return m.inner }
func (t timeout) Timeout() bool     { return bool(t) }
func (t temporary) Temporary() bool { return bool(t) }
