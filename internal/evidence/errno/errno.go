// Package errno has the names of system errors. Their numbers differ between
// platforms.
package errno

import (
	"slices"
	"syscall"
)

// A named is a system error. If two names in all have one number, Name returns the first.
type named struct {
	name   string
	number syscall.Errno
}

// Number returns the number that a system error has on this platform, by its name:
// "ENOENT".
func Number(name string) (syscall.Errno, bool) {
	i := slices.IndexFunc(all, func(n named) bool { return n.name == name })
	if i < 0 {
		return 0, false
	}
	return all[i].number, true
}

// Name returns the name of a system error, or "" if it has none here.
func Name(number syscall.Errno) string {
	i := slices.IndexFunc(all, func(n named) bool { return n.number == number })
	if i < 0 {
		return ""
	}
	return all[i].name
}
