package form

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/errno"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// A Sentinel is a value of the standard library.
type Sentinel struct {
	Name string
	Err  error
}

// RuntimeError is among the sentinels of a [runtime.Error], which has no value.
const RuntimeError = "runtime.Error"

var sentinels = []Sentinel{
	{"context.Canceled", context.Canceled},
	{"context.DeadlineExceeded", context.DeadlineExceeded},
	{"io.EOF", io.EOF},
	{"io.ErrUnexpectedEOF", io.ErrUnexpectedEOF},
	{"io.ErrClosedPipe", io.ErrClosedPipe},
	{"io.ErrShortWrite", io.ErrShortWrite},
	{"io.ErrNoProgress", io.ErrNoProgress},
	{"fs.ErrInvalid", fs.ErrInvalid},
	{"fs.ErrPermission", fs.ErrPermission},
	{"fs.ErrExist", fs.ErrExist},
	{"fs.ErrNotExist", fs.ErrNotExist},
	{"fs.ErrClosed", fs.ErrClosed},
	{"os.ErrDeadlineExceeded", os.ErrDeadlineExceeded},
	{"os.ErrProcessDone", os.ErrProcessDone},
	{"net.ErrClosed", net.ErrClosed},
	{"errors.ErrUnsupported", errors.ErrUnsupported},
	{"exec.ErrNotFound", exec.ErrNotFound},
	{"exec.ErrDot", exec.ErrDot},
	{"exec.ErrWaitDelay", exec.ErrWaitDelay},
	{"strconv.ErrSyntax", strconv.ErrSyntax},
	{"strconv.ErrRange", strconv.ErrRange},
}

// sentinel returns the sentinel of a name, or nil.
func sentinel(name string) error {
	for _, s := range sentinels {
		if s.Name == name {
			return s.Err
		}
	}
	return nil
}

// Sentinels returns all that are known. The result must not be changed.
func Sentinels() []Sentinel { return sentinels }

// types are the types that are restored, by name.
var types = map[string]reflect.Type{}

func init() {
	Add(nil,
		(*fs.PathError)(nil), (*os.LinkError)(nil), (*os.SyscallError)(nil),
		(*net.OpError)(nil), (*net.DNSError)(nil), (*net.AddrError)(nil), (*net.ParseError)(nil),
		(*url.Error)(nil), (*exec.Error)(nil), (*strconv.NumError)(nil), (*time.ParseError)(nil),
		(*json.SyntaxError)(nil), (*json.UnmarshalTypeError)(nil),
	)
}

// Add adds sentinels and types, which are structs or pointers to structs, to those
// that are restored. It must be called by an init function. Those that need packages
// which are large are not here.
func Add(more []Sentinel, examples ...error) {
	sentinels = append(sentinels, more...)
	for _, example := range examples {
		t := reflect.TypeOf(example)
		types[inspect.TypeNames(example)[1]] = t
	}
}

// FieldsOf returns the fields of an error whose type can be restored, or nil.
func FieldsOf(err error) map[string]string {
	v := reflect.ValueOf(err)
	if types[inspect.TypeNames(err)[1]] != v.Type() {
		return nil
	}
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	fields := map[string]string{}
	for i := range v.NumField() {
		name, field := v.Type().Field(i).Name, v.Field(i)
		if !v.Type().Field(i).IsExported() {
			continue
		}
		switch {
		case field.Kind() == reflect.String && field.Len() > 0:
			fields[name] = field.String()
		case field.CanInt() && field.Int() != 0:
			fields[name] = strconv.FormatInt(field.Int(), 10)
		case field.Kind() == reflect.Bool && field.Bool():
			fields[name] = "true"
		case field.Type() == addrType && !field.IsNil():
			fields[name] = field.Interface().(net.Addr).String()
		}
	}
	return fields
}

var (
	addrType  = reflect.TypeFor[net.Addr]()
	errorType = reflect.TypeFor[error]()
	typeType  = reflect.TypeFor[reflect.Type]()
)

// value returns the value of the standard library that n stands for, or nil. Its text
// may differ.
func (n *Node) value(inner []error) (err error) {
	defer func() {
		if recover() != nil {
			err = nil
		}
	}()
	if len(inner) == 0 {
		for _, name := range n.Is {
			if s := sentinel(name); s != nil && inspect.TypeNames(s)[1] == n.long() && s.Error() == n.Text {
				return s
			}
		}
	}
	switch t := types[n.long()]; {
	case n.Joined || len(inner) > 1:
		return nil
	case n.long() == "*github.com/failure-enrichers/enricher.PanicError":
		return n.panicError(inner)
	case n.long() == "syscall.Errno":
		if e, ok := errno.Number(n.Has.Errno); ok {
			return e
		}
		return nil
	case n.long() == "*errors.errorString" && len(inner) == 0 && n.Labels == nil && n.Inner == nil:
		return errors.New(n.Text)
	case t != nil && n.Fields != nil:
		return n.restore(t, inner)
	case t != nil && t.Kind() == reflect.Pointer && len(inner) == 0:
		return reflect.Zero(t).Interface().(error) // for a type switch only
	case slices.Contains(n.Is, RuntimeError):
		return runtimeError(n.Text)
	}
	return nil
}

// runtimeError stands for a [runtime.Error], all of which have types of their own.
type runtimeError string

func (e runtimeError) Error() string { return string(e) }
func (runtimeError) RuntimeError()   {}

// long returns the type with the full path of its package.
func (n *Node) long() string { return cmp.Or(n.TypePath, n.Type) }

// restore returns an error of type t.
func (n *Node) restore(t reflect.Type, inner []error) error {
	pointer := t.Kind() == reflect.Pointer
	if pointer {
		t = t.Elem()
	}
	v := reflect.New(t)
	network := n.Fields["Net"]
	wraps := false
	for i := range t.NumField() {
		if !t.Field(i).IsExported() {
			continue
		}
		text, field := n.Fields[t.Field(i).Name], v.Elem().Field(i)
		switch {
		case field.Type() == errorType:
			if len(inner) == 1 {
				field.Set(reflect.ValueOf(inner[0]))
				wraps = true
			} else if t.Field(i).Name == "Err" {
				return nil // its methods call it
			}
		case field.Kind() == reflect.Pointer: // its methods look at it
			field.Set(reflect.New(field.Type().Elem()))
		case field.Type() == typeType:
			field.Set(reflect.ValueOf(reflect.TypeFor[any]()))
		case text == "":
		case field.Type() == addrType:
			field.Set(reflect.ValueOf(addr{network, text}))
		case field.Kind() == reflect.String:
			field.SetString(text)
		case field.CanInt():
			i, _ := strconv.ParseInt(text, 10, 64)
			field.SetInt(i)
		case field.Kind() == reflect.Bool:
			field.SetBool(text == "true")
		}
	}
	if len(inner) == 1 && !wraps {
		return nil
	}
	if pointer {
		return v.Interface().(error)
	}
	return v.Elem().Interface().(error)
}

type addr struct{ network, text string }

func (a addr) Network() string { return a.network }
func (a addr) String() string  { return a.text }

// panicError returns the error of a panic.
func (n *Node) panicError(inner []error) error {
	if n.Has.ErrorType == nil {
		return (*enricher.PanicError)(nil)
	}
	var v any
	switch text := strings.TrimPrefix(n.Text, "panic: "); {
	case len(inner) == 1:
		v = inner[0]
	case *n.Has.ErrorType == "string":
		v = text
	case *n.Has.ErrorType != "":
		v = panicValue{text, *n.Has.ErrorType}
	}
	return enricher.NewPanicError(v, stack(n.Frames))
}

// stack returns frames as package runtime/debug prints them.
func stack(frames []foreign.Frame) []byte {
	var b strings.Builder
	for _, f := range frames {
		b.WriteString(f.Function + "(...)\n\t" + f.File + ":" + strconv.Itoa(f.Line) + "\n")
	}
	return []byte(b.String())
}

// panicValue is the value of a panic, of a type that is not known here.
type panicValue struct{ text, typ string }

func (v panicValue) String() string    { return v.text }
func (v panicValue) ErrorType() string { return v.typ }
