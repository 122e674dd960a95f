package decode

import (
	"cmp"
	"encoding"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/nearest"
)

// errNull is what is wrong with a null that stands for no default: in a list, in a
// map of the user's keys, or in a struct of a list. A condition without a value is
// no condition, for example, and a rule without conditions meets every failure.
var errNull = errors.New("null: must have a value, or be removed")

// errEmpty is the same of an empty map, which a loader may make of a null.
var errEmpty = errors.New("an empty map: must have a value, or be removed")

var textType = reflect.TypeFor[encoding.TextUnmarshaler]()

// A decoder is one call of Into.
type decoder struct{ errs Errors }

// A located value is one that Plain has made, with its path. Everything that
// mapstructure walks through is located, except for the keys of maps.
type located struct {
	path  string
	value any
}

// hook puts one value into the field it is for, which it signals to mapstructure
// by returning nil, or returns the map or list into which mapstructure is to
// walk. It notes what is wrong, and returns no errors.
func (d *decoder) hook(from, to reflect.Value) (any, error) {
	at, ok := from.Interface().(located)
	if !ok {
		at.value = from.Interface() // a key, which members has tried
	}
	t, v := to.Type(), reflect.ValueOf(at.value)
	m, isMap := at.value.(map[string]any)
	list, isList := at.value.([]any)
	switch k := t.Kind(); {
	case at.value == nil:
	case v.Type().AssignableTo(t):
		to.Set(v)
	case k == reflect.Pointer:
		return at, nil
	case isString(v) && reflect.PointerTo(t).Implements(textType):
		fresh := reflect.New(t) // a default may share memory, as a big.Int does
		if err := fresh.Interface().(encoding.TextUnmarshaler).UnmarshalText([]byte(v.String())); err != nil {
			d.reject(at, "", err)
		} else {
			to.Set(fresh.Elem())
		}
	case k == reflect.Struct && isMap:
		return d.fields(at.path, m, to), nil
	case k == reflect.Map && (isMap || isList && takesPairs(t)):
		if isList {
			m = d.pairs(at.path, list)
		} else if takesPairs(t) && isPair(m) {
			d.fail(at.path, errPair)
			return nil, nil
		}
		to.SetZero()
		return d.members(at.path, m, t), nil
	case k == reflect.Slice && (isList || isString(v)):
		if !isList {
			list = items(v.String())
		}
		to.SetZero()
		for i, item := range list {
			path := fmt.Sprintf("%s[%d]", at.path, i)
			if item == nil && !takesNull(t.Elem()) {
				d.fail(path, errNull)
			}
			list[i] = located{path, item}
		}
		return list, nil
	case !scalar(v, to):
		d.reject(at, accepted(v, to), nil)
	}
	return nil, nil
}

// fields returns the entries of m that the struct to has fields for.
func (d *decoder) fields(path string, m map[string]any, to reflect.Value) map[string]any {
	known := options(to)
	members, given := make(map[string]any), make(map[string]string)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		path, name := join(path, key), fold(key)
		f, ok := known[name]
		switch {
		case !ok:
			d.fail(path, unknown(name, known))
		case given[name] != "":
			d.fail(path, fmt.Errorf("the same option as %q: remove one of them", given[name]))
		case m[key] == nil && strings.Contains(path, "]") && f.Kind() != reflect.Pointer:
			d.fail(path, errNull)
		default:
			members[key], given[name] = located{path, m[key]}, key
			if m[key] != nil && f.Kind() == reflect.Pointer && isOpaque(f.Type().Elem()) {
				f.SetZero() // the clone shares it, so it must not be written to
			}
		}
	}
	return members
}

// members returns the entries of m whose keys fit the map t. If these are the
// user's, a map in it is what a loader has made of a key with a dot.
func (d *decoder) members(path string, m map[string]any, t reflect.Type) map[string]any {
	members, isData := make(map[string]any), isData(t)
	add := func(key string, value any) {
		if _, ok := members[key]; ok {
			d.fail(join(path, key), errors.New("given twice, once with its dots as levels: remove one of them"))
		}
		members[key] = value
	}
	for key, value := range m {
		path, before := join(path, key), len(d.errs)
		if below, isMap := value.(map[string]any); isMap && isData {
			if len(below) == 0 {
				d.fail(path, errEmpty)
			}
			for rest, value := range d.members(path, below, t) {
				add(key+"."+rest, value)
			}
			continue
		}
		if value == nil && isData && !takesNull(t.Elem()) {
			d.fail(path, errNull)
		}
		_, _ = d.hook(reflect.ValueOf(located{path, key}), reflect.New(t.Key()).Elem())
		if len(d.errs) == before {
			add(key, located{path, value})
		}
	}
	return members
}

// takesNull reports whether a null is a value of t.
func takesNull(t reflect.Type) bool {
	return t.Kind() == reflect.Interface || t.Kind() == reflect.Pointer
}

// isData reports whether t is a map of scalars or lists, whose keys are the user's data.
func isData(t reflect.Type) bool {
	return t.Kind() == reflect.Map && !slices.Contains([]reflect.Kind{reflect.Interface, reflect.Map, reflect.Struct}, t.Elem().Kind())
}

// takesPairs reports whether a list of pairs may stand for a map of type t.
func takesPairs(t reflect.Type) bool { return isData(t) || t.Elem().Kind() == reflect.Struct }

// isPair reports whether m is a pair of a list that stands for a map.
func isPair(m map[string]any) bool {
	return len(m) == 2 && (m["match"] != nil && m["is"] != nil || m["key"] != nil && m["value"] != nil)
}

var errPair = errors.New("a single pair: put it into a list, with a - before it")

// pairs returns the map that a list of pairs stands for.
func (d *decoder) pairs(path string, list []any) map[string]any {
	m := make(map[string]any)
	for i, item := range list {
		pair, _ := item.(map[string]any)
		given := cmp.Or(pair["match"], pair["key"])
		key, ok := given.(string)
		value := cmp.Or(pair["is"], pair["value"])
		switch path := fmt.Sprintf("%s[%d]", path, i); {
		case item == nil:
			d.fail(path, errNull)
		case !ok && given != nil:
			d.fail(path, errors.New("the key of a pair must be a string, in quotes"))
		case !ok || value == nil || len(pair) != 2:
			d.reject(located{path, item}, `a pair {match: "...", is: ...} or {key: "...", value: ...}`, nil)
		case m[key] != nil:
			d.fail(path, fmt.Errorf("%q is given already: remove one of them", key))
		default:
			m[key] = value
		}
	}
	return m
}

// items returns the items of a comma-separated list by Flink's rule: white space
// around an item is dropped, empty items are skipped, and no other character
// separates them.
func items(list string) []any {
	items := []any{}
	for item := range strings.SplitSeq(list, ",") {
		if item = strings.TrimSpace(item); item != "" {
			items = append(items, item)
		}
	}
	return items
}

// options returns the fields of the struct to that are options, by name.
func options(to reflect.Value) map[string]option {
	known := make(map[string]option)
	for i := range to.NumField() {
		f := to.Type().Field(i)
		name, flags, _ := strings.Cut(f.Tag.Get("mapstructure"), ",")
		if name == "" {
			name = kebab(f.Name)
		}
		if flags == "squash" && f.Type.Kind() == reflect.Struct {
			maps.Copy(known, options(to.Field(i)))
		} else if name != "-" && f.IsExported() {
			known[fold(name)] = option{name, to.Field(i)}
		}
	}
	return known
}

// An option is a field of a struct.
type option struct {
	name string // as the documentation writes it
	reflect.Value
}

// ErrUnknown is the error for a key without a field.
var ErrUnknown = errors.New("unknown")

// unknown returns the error for a key that folds to name.
func unknown(name string, known map[string]option) error {
	var names []string
	for _, o := range known {
		names = append(names, o.name)
	}
	slices.Sort(names)
	for _, o := range names { // one level too high
		if below := known[fold(o)]; below.Kind() == reflect.Struct {
			if inner, ok := options(below.Value)[name]; ok {
				return fmt.Errorf("belongs under %s, as %s.%s", o, o, inner.name)
			}
		}
	}
	hint := ";"
	if near, ok := nearest.Name(name, slices.Collect(maps.Keys(known))); ok {
		hint = fmt.Sprintf(", did you mean %q?", known[near].name)
	}
	return fmt.Errorf("%w%s known options: %s", ErrUnknown, hint, cmp.Or(strings.Join(names, ", "), "none"))
}

// fold returns what the spellings of one option have in common.
func fold(name string) string {
	return strings.ToLower(strings.NewReplacer("-", "", "_", "").Replace(name))
}

var word = regexp.MustCompile("([a-z0-9])([A-Z])|([A-Z])([A-Z][a-z])")

// kebab spells the name of a field as an option: MaxRestarts is max-restarts,
// HTTPPort is http-port.
func kebab(name string) string {
	return strings.ToLower(word.ReplaceAllString(name, "$1$3-$2$4"))
}

func join(path, key string) string { return strings.TrimPrefix(path+"."+key, ".") }
