package fingerprint

import (
	"reflect"
	"strings"
	"sync"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/redact"
)

// fields are what the fields of an error say, which its text may say in any way.
type fields struct {
	names []string // what failed, such as "constraint orders_pkey"
	paths []string // what varies
}

// A field is one that has a meaning, by its name. The value is a string.
type field struct {
	index []int
	what  string // what failed; "" if it is a path
}

// A kind is a type of errors.
type kind struct {
	name     string // as error.type has it
	exported bool
	joins    bool // it is that of errors.Join
	formats  bool // it is that of fmt.Errorf with several %w
	coded    bool // it may have a code
	carries  bool // it only carries labels or a Result, which do not count
	fields   []field
}

var kinds sync.Map // *kind by reflect.Type: at most as many as the program has error types

func kindOf(err error) *kind {
	if foreign.Of(err) != nil {
		return newKind(err)
	}
	t := reflect.TypeOf(err)
	if found, ok := kinds.Load(t); ok {
		return found.(*kind)
	}
	k := newKind(err)
	k.fields = findFields(t)
	kinds.Store(t, k)
	return k
}

func newKind(err error) *kind {
	name := inspect.TypeName(err)
	return &kind{
		name:     name,
		exported: isExported(name),
		joins:    inspect.IsType(err, "*errors.joinError"),
		formats:  inspect.IsType(err, "*fmt.wrapErrors"),
		carries:  inspect.IsCarrier(err),
		coded:    !inspect.IsPlain(err) && !inspect.IsType(err, "*errors.errorString"),
	}
}

// read reads the fields of err, which is of this kind.
func (k *kind) read(err error) *fields {
	if known := foreign.Of(err); known != nil {
		return readForeign(known)
	}
	if len(k.fields) == 0 {
		return nil
	}
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	var f fields
	for _, field := range k.fields {
		f.add(field.what, v.FieldByIndex(field.index).String())
	}
	return f.orNil()
}

// readForeign reads the fields of an error of another process.
func readForeign(known *foreign.Facts) *fields {
	var f fields
	if known.Type == program {
		f.add("program", known.Fields["Name"])
	}
	for _, n := range inspect.TellingFields {
		f.add(n.What, known.Fields[n.Name])
	}
	return f.orNil()
}

func (f *fields) add(what, value string) {
	switch {
	case value == "" || len(value) > maxText:
	case what != "":
		f.names = append(f.names, what+" "+value)
	case !isPlainPath(value):
		f.paths = append(f.paths, value)
	}
}

// orNil returns f, or nil if it is empty.
func (f *fields) orNil() *fields {
	if len(f.names)+len(f.paths) == 0 {
		return nil
	}
	return f
}

// program is the type of an error that names a program.
const program = "*exec.Error"

func findFields(t reflect.Type) []field {
	names := t.String() == program
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	if t.Kind() != reflect.Struct {
		return nil
	}
	var list []field
	add := func(name, what string) {
		// An embedded pointer may be nil.
		if f, ok := t.FieldByName(name); ok && len(f.Index) == 1 && f.Type.Kind() == reflect.String {
			list = append(list, field{f.Index, what})
		}
	}
	if names {
		add("Name", "program")
	}
	for _, n := range inspect.TellingFields {
		add(n.Name, n.What)
	}
	return list
}

// isPlainPath reports whether a path is recognized in any text.
func isPlainPath(path string) bool {
	return len(path) > 1 && path[0] == '/' && !strings.ContainsAny(path, " \"'`()[]{}<>,;|:=\t\n\\") &&
		strings.Trim(path, "/.") != "" && path[len(path)-1] != '.'
}

// normalized returns the names as they are a part of a description.
func (f *fields) normalized() (names []string) {
	for _, name := range f.names {
		what, value, _ := strings.Cut(name, " ")
		if what == "program" {
			value = value[strings.LastIndexAny(value, `/\`)+1:]
		}
		names = append(names, what+" "+normalize.Text(value))
	}
	return names
}

// masked returns f with the secrets in names masked.
func (f *fields) masked() *fields {
	if f == nil {
		return nil
	}
	masked := &fields{paths: f.paths}
	for _, name := range f.names {
		masked.names = append(masked.names, redact.Text(name))
	}
	return masked
}

// bounded reports whether the part of s from start to end is no part of a longer word.
func bounded(s string, start, end int) bool {
	return (start == 0 || !isNameByte(s[start-1])) && (end == len(s) || !isNameByte(s[end]))
}

func isNameByte(c byte) bool {
	return c == '_' || c >= 0x80 || '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'z'
}
