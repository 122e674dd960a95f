package decode

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/failure-enrichers/enricher/internal/nearest"
)

// A decoder is one call of Into.
type decoder struct {
	wrong map[uintptr]map[string]error // by map, its keys that are unknown or given twice
}

// members returns the entries of m that the struct to has fields for, and notes
// the keys of the others. Their paths are found later.
func (d *decoder) members(m map[string]any, to reflect.Value) map[string]any {
	known, remain := fields(to.Type())
	members, given := make(map[string]any), make(map[string]string)
	wrong := make(map[string]error)
	for _, key := range slices.Sorted(maps.Keys(m)) {
		name := fold(key)
		switch {
		case name == "" || known[name] == "" && !remain: // "" would match a field tagged "-"
			wrong[key] = unknown(name, known)
		case known[name] != "" && given[name] != "":
			wrong[key] = fmt.Errorf("the same option as %q: remove one of them", given[name])
		default:
			members[key], given[name] = m[key], key
		}
	}
	d.wrong[reflect.ValueOf(m).Pointer()] = wrong
	for i := range to.NumField() {
		key, f := given[fold(optionName(to.Type().Field(i)))], to.Field(i)
		if m[key] != nil && f.Kind() == reflect.Pointer && isOpaque(f.Type().Elem()) && f.CanSet() {
			f.SetZero() // the clone shares it, so it must not be written to
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
