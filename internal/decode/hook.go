package decode

import (
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/internal/nearest"
)

// An option is a value out of raw and the path that leads to it. Every value is wrapped in one before
// mapstructure gets it, because mapstructure tells a hook neither key nor index.
type option struct {
	path  string
	value any
}

var optionType = reflect.TypeFor[option]()

func (o option) key(key string, value any) option {
	if o.path == "" {
		return option{key, value}
	}
	return option{o.path + "." + key, value}
}

func (o option) index(i int, value any) option {
	return option{o.path + "[" + strconv.Itoa(i) + "]", value}
}

// hook decides what happens to one value. A map or a list is returned with its members wrapped, for
// mapstructure to walk into. Anything else is put into to at once, and nil is returned, which tells
// mapstructure to leave to alone. So it is where the value is nil or wrong.
func (d *decoder) hook(from, to reflect.Value) (any, error) {
	o, ok := from.Interface().(option)
	if !ok {
		return from.Interface(), nil // the key of a map; mapping has converted it
	}
	v := indirect(reflect.ValueOf(o.value))
	if isNil(v) {
		return nil, nil
	}
	switch t := to.Type(); {
	case t.Kind() == reflect.Pointer && !reflect.TypeOf(o.value).AssignableTo(t):
		return o, nil // mapstructure follows the pointer and comes back
	case reflect.PointerTo(t).Implements(unmarshalerType):
		d.unmarshal(o, to)
		return nil, nil
	case isLeaf(t) || isString(v) && readsText(t):
		d.leaf(o, v, to)
		return nil, nil
	case t.Kind() == reflect.Struct:
		return d.structure(o, v, to)
	case t.Kind() == reflect.Map:
		return d.mapping(o, v, to), nil
	default:
		return d.list(o, v, to), nil
	}
}

// structure returns what v holds by the names that mapstructure knows the fields of the struct to by.
func (d *decoder) structure(o option, v, to reflect.Value) (any, error) {
	if v.Type() == to.Type() {
		to.Set(clone(v, memo{}))
		return nil, nil
	}
	entries, ok := d.entries(o, v, to.Type())
	if !ok {
		return nil, nil
	}
	fields, err := fieldsOf(to)
	if err != nil {
		return nil, err
	}
	members := make(map[string]option, len(entries))
	taken := make(map[string]string, len(entries)) // by folded name, the key that gave it
	for _, e := range entries {
		member, name := o.key(e.key, e.value), fold(e.key)
		known := fields.byName[name]
		switch {
		case len(known) > 0:
			if first, twice := taken[name]; twice {
				d.fail(member.path, fmt.Errorf("the same option as %q, which is also given", first))
				continue
			}
			taken[name] = e.key
			for _, f := range known {
				f.detach(e.value)
				members[f.name] = member
			}
		// To mapstructure "-" is the name of every field that is tagged to be left out.
		case fields.remain && e.key != "-":
			members[e.key] = member
		default:
			d.fail(member.path, fields.unknown(name))
		}
	}
	return members, nil
}

// unknown is the error about a key that folds to name and is none of the fields.
func (fs fields) unknown(name string) error {
	if len(fs.byName) == 0 {
		return errors.New("unknown; no options are known here")
	}
	var folded, known []string
	for f, same := range fs.byName {
		folded = append(folded, f)
		known = append(known, same[0].shown)
	}
	slices.Sort(known)
	list := strings.Join(known, ", ")
	if near, ok := nearest.Name(name, folded); ok {
		return fmt.Errorf("unknown, did you mean %q? known options: %s", fs.byName[near][0].shown, list)
	}
	return fmt.Errorf("unknown; known options: %s", list)
}

// mapping returns what v holds in a map with the keys of the map to.
func (d *decoder) mapping(o option, v, to reflect.Value) any {
	if v.Type() == to.Type() && !hasStringKeys(v.Type()) {
		to.Set(clone(v, memo{})) // made in Go code: no document has such keys
		return nil
	}
	entries, ok := d.entries(o, v, to.Type())
	if !ok {
		return nil
	}
	members := reflect.MakeMapWithSize(reflect.MapOf(to.Type().Key(), optionType), len(entries))
	taken := make(map[any]string, len(entries))
	for _, e := range entries {
		member := o.key(e.key, e.value)
		k := reflect.New(to.Type().Key()).Elem()
		if !d.leaf(option{member.path, e.key}, reflect.ValueOf(e.key), k) {
			continue
		}
		if first, twice := taken[k.Interface()]; twice {
			d.fail(member.path, fmt.Errorf("the same key as %q, which is also given", first))
			continue
		}
		taken[k.Interface()] = e.key
		members.SetMapIndex(k, reflect.ValueOf(member))
	}
	return members.Interface()
}

// list returns the items of v, which may be a comma-separated string where to is a list of what can be
// read from one.
func (d *decoder) list(o option, v, to reflect.Value) any {
	items := []option{}
	switch {
	case isString(v) && splits(to.Type()):
		// Flink's rule: no character but the comma ends an item.
		for item := range strings.SplitSeq(v.String(), ",") {
			if item = strings.TrimSpace(item); item != "" {
				items = append(items, o.index(len(items), item))
			}
		}
	case v.Kind() == reflect.Slice || v.Kind() == reflect.Array:
		for i := range v.Len() {
			items = append(items, o.index(i, v.Index(i).Interface()))
		}
	default:
		d.mismatch(o, v, to.Type())
		return nil
	}
	// mapstructure would fill up an array that has too few.
	if to.Kind() == reflect.Array && len(items) != to.Len() {
		d.fail(o.path, fmt.Errorf("got a list of %d, want %s", len(items), wanted(to.Type())))
		return nil
	}
	return items
}
