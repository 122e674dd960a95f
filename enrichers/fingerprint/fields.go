package fingerprint

import (
	"reflect"
	"strings"
	"sync"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/text"
	"github.com/failure-enrichers/enricher/redact"
)

// fields are what the fields of an error say, without a doubt about where it is in
// the text.
type fields struct {
	names []string // what failed, such as "constraint orders_pkey"
	paths []string // what varies
}

// A field is one that has a meaning, by its name. The value is a string.
type field struct {
	index []int
	what  string // what failed; "" if it is a path
}

// fieldNames are the names of fields by what they say: those of pgconn.PgError,
// pq.Error and the like, and those of fs.PathError and os.LinkError.
var fieldNames = []struct{ name, what string }{
	{"ConstraintName", "constraint"},
	{"Constraint", "constraint"},
	{"TableName", "table"},
	{"Table", "table"},
	{"ColumnName", "column"},
	{"Column", "column"},
	{"Path", ""},
	{"Old", ""},
	{"New", ""},
	{"Filename", ""},
	{"FileName", ""},
}

var fieldsOfTypes sync.Map // []field by reflect.Type: at most as many as the program has error types

// fieldsOf reads the fields of err.
func fieldsOf(err error) (f fields) {
	t := reflect.TypeOf(err)
	found, ok := fieldsOfTypes.Load(t)
	if !ok {
		found, _ = fieldsOfTypes.LoadOrStore(t, findFields(t))
	}
	list := found.([]field)
	if len(list) == 0 {
		return f
	}
	v := reflect.ValueOf(err)
	if v.Kind() == reflect.Pointer {
		if v.IsNil() {
			return f
		}
		v = v.Elem()
	}
	for _, field := range list {
		value := v.FieldByIndex(field.index).String()
		switch {
		case value == "" || len(value) > maxText:
		case field.what != "":
			f.names = append(f.names, field.what+" "+value)
		case !isPlainPath(value):
			f.paths = append(f.paths, value)
		}
	}
	return f
}

func findFields(t reflect.Type) []field {
	program := t.String() == "*exec.Error"
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
	if program {
		add("Name", "program")
	}
	for _, n := range fieldNames {
		add(n.name, n.what)
	}
	return list
}

// isPlainPath reports whether a path is recognized in any text.
func isPlainPath(path string) bool {
	return len(path) > 1 && path[0] == '/' && !strings.ContainsAny(path, " \"'`()[]{}<>,;|:=\t\n\\") &&
		strings.Trim(path, "/.") != "" && path[len(path)-1] != '.'
}

// normalized returns the names as they are a part of a description.
func (f fields) normalized() (names []string) {
	for _, name := range f.names {
		what, value, _ := strings.Cut(name, " ")
		if what == "program" {
			value = value[strings.LastIndexAny(value, `/\`)+1:]
		}
		names = append(names, what+" "+normalize.Text(value))
	}
	return names
}

func (f fields) masked() fields {
	masked := fields{paths: f.paths}
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

// A part of a text is looked at as a whole if it is short; otherwise its beginning,
// and its last line.
const maxLine = 1 << 10

// looked returns what is looked at of a part of a text: n bytes, and of what comes
// after them the last line that tells the error. That is where a traceback of Python
// says what happened, and the last Caused by of Java.
func looked(s string, n int) string {
	if len(s) <= n {
		return s
	}
	head, rest := text.Cut(s, n), s[n:]
	rest = strings.TrimRight(rest[max(0, len(rest)-maxSearch):], " \t\r\n")
	const cause = "\nCaused by: "
	line := strings.LastIndexByte(rest, '\n')
	if i := strings.LastIndex(rest, cause); i >= 0 {
		line = i
		if end := strings.IndexByte(rest[i+1:], '\n'); end >= 0 {
			rest = rest[:i+1+end]
		}
	}
	if line < 0 {
		return head
	}
	return head + "\n" + text.Cut(rest[line+1:], maxLine)
}

// typeName returns the name of the type of an error.
func (n *node) typeName() string { return inspect.TypeName(n.err) }
