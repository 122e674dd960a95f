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

// RegisterSentinel makes an error value of a service known under a name, which
// option sentinels then maps to a [Type]. It is meant to be called from init
// functions:
//
//	func init() { fault.RegisterSentinel("sold-out", shop.ErrSoldOut) }
//
// Case does not matter in names. An empty name, one that is taken, and an err that is nil or cannot be compared
// panic.
func RegisterSentinel(name string, err error) {
	switch {
	case name == "":
		panic("fault: RegisterSentinel: the name is empty")
	case err == nil:
		panic(fmt.Sprintf("fault: RegisterSentinel: the error %q is nil", name))
	case !reflect.ValueOf(err).Comparable():
		panic(fmt.Sprintf("fault: RegisterSentinel: the error %q cannot be compared: want one made by errors.New, or the like", name))
	}
	key := strings.ToLower(name)
	sentinels.Lock()
	defer sentinels.Unlock()
	if _, ok := sentinels.byName[key]; ok {
		panic(fmt.Sprintf("fault: RegisterSentinel: an error %q is registered already", name))
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
		return nil, fmt.Errorf("no such sentinel: want one given to fault.RegisterSentinel, %s", registered(sentinels.byName))
	}
	return found, nil
}

// A sentinel is one that an option is about.
type sentinel struct {
	err      error
	override *override
}

// is reports whether err is the sentinel itself. Only values of its own type are
// compared with it, and that type is known to be comparable.
func (s sentinel) is(err error) (is bool) {
	if reflect.TypeOf(err) != reflect.TypeOf(s.err) {
		return false
	}
	defer func() { _ = recover() }() // a field of err may hold what is not
	return err == s.err
}

func registered(sentinels map[string]error) string {
	if len(sentinels) == 0 {
		return "of which there are none"
	}
	return fmt.Sprintf("which are %q", slices.Sorted(maps.Keys(sentinels)))
}
