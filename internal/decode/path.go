package decode

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/failure-enrichers/enricher/internal/nearest"
	"github.com/failure-enrichers/enricher/internal/text"
)

// members returns the entries of m that the struct to has fields for, and notes
// the keys of the others. Their paths are found later.
func (d *decoder) members(m map[string]any, to reflect.Value) map[string]any {
	known, remain := fields(to.Type())
	members, given := make(map[string]any), make(map[string]string)
	wrong := make(map[string]error)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name := fold(key)
		switch {
		case known[name] == "" && !remain:
			wrong[key] = unknown(name, known)
		case known[name] != "" && given[name] != "":
			wrong[key] = fmt.Errorf("the same option as %q: remove one of them", given[name])
		default:
			members[key], given[name] = m[key], key
		}
	}
	d.wrong[reflect.ValueOf(m).Pointer()] = wrong
	for i := range to.NumField() {
		// What a clone shares must not be written to.
		f, name := to.Field(i), fold(optionName(to.Type().Field(i)))
		if m[given[name]] != nil && f.CanSet() && f.Kind() == reflect.Pointer && isOpaque(f.Type().Elem()) {
			f.SetZero()
		}
	}
	return members
}

// fields returns the options of a struct: by folded name, as they are written.
// It reports whether another field takes the remaining ones.
func fields(t reflect.Type) (known map[string]string, remain bool) {
	known = make(map[string]string)
	for i := range t.NumField() {
		f := t.Field(i)
		_, flags, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		embedded := f.Type
		if embedded.Kind() == reflect.Pointer {
			embedded = embedded.Elem()
		}
		switch name := optionName(f); {
		case strings.Contains(flags, "remain"):
			remain = true
		case strings.Contains(flags, "squash") && embedded.Kind() == reflect.Struct:
			inner, more := fields(embedded)
			maps.Copy(known, inner)
			remain = remain || more
		case name != "-" && f.IsExported():
			known[fold(name)] = name
		}
	}
	return known, remain
}

// optionName returns the tag of a field, or else its name in kebab case.
func optionName(f reflect.StructField) string {
	tag, _, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
	if tag != "" {
		return tag
	}
	return kebab(f.Name)
}

// unknown returns the error for a key that folds to name.
func unknown(name string, known map[string]string) error {
	if len(known) == 0 {
		return errors.New("unknown; no options are known here")
	}
	list := strings.Join(slices.Sorted(maps.Values(known)), ", ")
	if near, ok := nearest.Name(name, slices.Collect(maps.Keys(known))); ok {
		return fmt.Errorf("unknown, did you mean %q? known options: %s", known[near], list)
	}
	return fmt.Errorf("unknown; known options: %s", list)
}

// wrongKeys returns what members has noted, with the paths. v is the value at
// path.
func (d *decoder) wrongKeys(path string, v any) (errs Errors) {
	switch v := v.(type) {
	case map[string]any:
		wrong := d.wrong[reflect.ValueOf(v).Pointer()]
		for key, value := range v {
			at := join(path, key)
			if err := wrong[key]; err != nil {
				errs = append(errs, &Error{at, err})
			}
			errs = append(errs, d.wrongKeys(at, value)...)
		}
	case []any:
		for i, item := range v {
			errs = append(errs, d.wrongKeys(fmt.Sprintf("%s[%d]", path, i), item)...)
		}
	}
	return errs
}

// written returns the path of an option below v, which stands at path, as the
// user wrote it. mapstructure's name of it has those of fields, and keys of maps
// in brackets: Rules[0].Headers[x-id].
func written(path string, v any, name string) string {
	switch v := v.(type) {
	case map[string]any:
		field := strings.TrimPrefix(name, ".")
		if i := strings.IndexAny(field, ".["); i >= 0 {
			field = field[:i]
		}
		for _, key := range slices.Sorted(maps.Keys(v)) {
			if rest, ok := strings.CutPrefix(name, "["+key+"]"); ok {
				return written(join(path, key), v[key], rest)
			}
			if field != "" && fold(key) == fold(field) {
				return written(join(path, key), v[key], strings.TrimPrefix(name, ".")[len(field):])
			}
		}
	case []any:
		index, rest, _ := strings.Cut(name, "]")
		if i, err := strconv.Atoi(strings.TrimPrefix(index, "[")); err == nil && i < len(v) {
			return written(path+index+"]", v[i], rest)
		}
	}
	return path + name
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

// fold returns what the spellings of one option have in common.
func fold(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

// kebab spells the name of a field as an option: MaxRestarts is max-restarts,
// HTTPPort is http-port.
func kebab(name string) string {
	var b strings.Builder
	runes := []rune(name)
	for i, r := range runes {
		afterLower := i > 0 && !unicode.IsUpper(runes[i-1])
		beforeLower := i > 0 && i+1 < len(runes) && unicode.IsLower(runes[i+1])
		if unicode.IsUpper(r) && (afterLower || beforeLower) {
			b.WriteByte('-')
		}
		b.WriteRune(unicode.ToLower(r))
	}
	return b.String()
}

// A mismatch is a value that a field does not accept.
type mismatch struct {
	value    reflect.Value
	accepted string
	err      error // of reading a text, instead of accepted
}

func (m *mismatch) Error() string { return explain(m, true).Error() }

// explain returns what is wrong with a value, and shows it unless it is secret.
func explain(err error, secret bool) error {
	m, ok := err.(*mismatch)
	switch {
	case secret && (!ok || m.err != nil):
		return errors.New("not valid; its value is not shown")
	case secret:
		return fmt.Errorf("must be %s", m.accepted)
	case !ok:
		return err
	case m.err != nil:
		return fmt.Errorf("%s: %w", show(m.value), m.err)
	}
	return fmt.Errorf("%s: must be %s", show(m.value), m.accepted)
}

// maxShown is how many bytes of a string a message quotes.
const maxShown = 64

func show(v reflect.Value) string {
	switch k := v.Kind(); {
	case isString(v) && v.Len() > maxShown:
		return strconv.Quote(text.Cut(v.String(), maxShown)) + "..."
	case isString(v):
		return strconv.Quote(v.String())
	case k == reflect.Map:
		return "a map"
	case k == reflect.Slice, k == reflect.Array:
		return "a list"
	case k == reflect.String, k == reflect.Bool, v.CanInt(), v.CanUint(), v.CanFloat():
		return text.Cut(fmt.Sprint(v), maxShown)
	}
	return "a " + v.Type().String()
}
