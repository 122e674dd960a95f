package decode

import (
	"fmt"
	"reflect"
	"strings"
	"unicode"
)

// A field is a field of a struct that an option can set.
type field struct {
	name  string // as mapstructure knows it
	shown string // as messages spell it: the tag, or the name in kebab case
	value reflect.Value
}

// fields are those of a struct, squashed ones included.
type fields struct {
	byName map[string][]field // by folded name; several where an embedded struct has a name again
	remain bool               // unknown options are collected
}

// fieldsOf returns the fields of the struct v by the rules of mapstructure. The structs behind squashed
// pointers are replaced by copies, as they are about to be written to.
func fieldsOf(v reflect.Value) (fields, error) {
	fs := fields{byName: make(map[string][]field)}
	return fs, fs.add(v)
}

func (fs *fields) add(v reflect.Value) error {
	for i := range v.NumField() {
		tag := strings.Split(v.Type().Field(i).Tag.Get("mapstructure"), ",")
		f := field{name: tag[0], shown: tag[0], value: v.Field(i)}
		// mapstructure heeds the first of the two only.
		var kind string
		for _, part := range tag[1:] {
			if part == "squash" || part == "remain" {
				kind = part
				break
			}
		}
		switch {
		case kind == "squash":
			if err := fs.squash(f.value, v.Type().Field(i)); err != nil {
				return err
			}
			continue
		case kind == "remain":
			fs.remain = true
			continue
		case f.name == "-" || !f.value.CanSet():
			continue
		case f.name == "":
			f.name = v.Type().Field(i).Name
			f.shown = kebab(f.name)
		}
		fs.byName[fold(f.name)] = append(fs.byName[fold(f.name)], f)
	}
	return nil
}

// squash adds the fields of the struct that v is or leads to.
func (fs *fields) squash(v reflect.Value, f reflect.StructField) error {
	p := v
	switch {
	case v.Kind() == reflect.Struct:
		return fs.add(v)
	case v.Kind() == reflect.Interface && v.IsNil():
		return nil
	case v.Kind() == reflect.Interface:
		p = v.Elem()
	}
	// mapstructure would panic on some of these.
	if p.Kind() != reflect.Pointer || p.Type().Elem().Kind() != reflect.Struct || !v.CanSet() {
		return fmt.Errorf("field %s cannot be squashed", f.Name)
	}
	fresh := reflect.New(p.Type().Elem())
	if !p.IsNil() {
		fresh.Elem().Set(p.Elem())
	}
	v.Set(fresh)
	return fs.add(fresh.Elem())
}

// detach prepares a field that is a pointer to a struct for being given a value. mapstructure writes
// through such a pointer, but what it leads to may be shared: with other copies of the defaults, or, as
// with a [regexp.Regexp], with the whole program. So a map is decoded over a copy, and anything else
// replaces the pointer.
func (f field) detach(value any) {
	given := indirect(reflect.ValueOf(value))
	if isNil(given) || f.value.Kind() != reflect.Pointer || f.value.IsNil() {
		return
	}
	if given.Kind() != reflect.Map || f.value.Type().Elem().Kind() != reflect.Struct {
		f.value.SetZero()
		return
	}
	fresh := reflect.New(f.value.Type().Elem())
	fresh.Elem().Set(f.value.Elem())
	f.value.Set(fresh)
}

// fold returns what two spellings of one name have in common.
func fold(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// kebab spells the name of a Go field as a user would write the option: MaxRestarts is max-restarts,
// HTTPPort is http-port and JobIDs is job-ids.
func kebab(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		if beginsWord(runes, i) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return strings.ReplaceAll(b.String(), "_", "-")
}

// beginsWord reports whether a second or later word begins at runes[i] by its case alone.
func beginsWord(runes []rune, i int) bool {
	if i == 0 || runes[i-1] == '_' || !unicode.IsUpper(runes[i]) {
		return false
	}
	if !unicode.IsUpper(runes[i-1]) {
		return true
	}
	// Within capitals, the last one begins a word: the second P of HTTPPort. The D of IDs does not.
	rest := runes[i+1:]
	plural := len(rest) > 0 && rest[0] == 's' && (len(rest) == 1 || unicode.IsUpper(rest[1]))
	return len(rest) > 0 && unicode.IsLower(rest[0]) && !plural
}
