package fault

import (
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
)

var sentinels struct {
	sync.RWMutex
	byName map[string]error // by the lower-case name
}

// RegisterSentinel registers an error value of a service under a name, which option
// sentinels maps to a [Type]. It is meant to be called from init functions:
//
//	func init() { fault.RegisterSentinel("sold-out", shop.ErrSoldOut) }
//
// Names are case-insensitive. RegisterSentinel panics if name is empty or taken, or
// if err is nil or not comparable.
func RegisterSentinel(name string, err error) {
	switch {
	case name == "":
		panic("fault: RegisterSentinel: name is empty")
	case err == nil:
		panic(fmt.Sprintf("fault: RegisterSentinel: error %q is nil", name))
	case !reflect.ValueOf(err).Comparable():
		panic(fmt.Sprintf("fault: RegisterSentinel: error %q is not comparable", name))
	}
	key := strings.ToLower(name)
	sentinels.Lock()
	defer sentinels.Unlock()
	if _, ok := sentinels.byName[key]; ok {
		panic(fmt.Sprintf("fault: RegisterSentinel: error %q is already registered", name))
	}
	if sentinels.byName == nil {
		sentinels.byName = map[string]error{}
	}
	sentinels.byName[key] = err
}

func lookUpSentinel(name string) (found, err error) {
	sentinels.RLock()
	defer sentinels.RUnlock()
	found, ok := sentinels.byName[strings.ToLower(name)]
	if !ok {
		return nil, fmt.Errorf("unknown sentinel: must be registered with fault.RegisterSentinel; %s", registered(sentinels.byName))
	}
	return found, nil
}

// A sentinel is an error value with an override.
type sentinel struct {
	err      error
	override *override
}

// is reports whether err is the sentinel itself. Only values of its own type, which
// is comparable, are compared with it.
func (s sentinel) is(err error) (is bool) {
	if reflect.TypeOf(err) != reflect.TypeOf(s.err) {
		return false
	}
	defer func() { _ = recover() }() // an interface in a field of err may hold a value that is not comparable
	return err == s.err
}

func registered(sentinels map[string]error) string {
	if len(sentinels) == 0 {
		return "none is"
	}
	return fmt.Sprintf("registered: %q", slices.Sorted(maps.Keys(sentinels)))
}
