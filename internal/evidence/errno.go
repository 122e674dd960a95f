package evidence

import (
	"slices"
	"strconv"
	"syscall"
)

type errnoRow struct {
	number syscall.Errno
	name   string
	fault  Fault
	retry  Retry
}

var byErrno = func() map[syscall.Errno]Evidence {
	m := make(map[syscall.Errno]Evidence, len(errnos))
	for _, row := range errnos {
		if _, ok := m[row.number]; !ok {
			m[row.number] = Evidence{Weight: Coded, Fault: row.fault, Retry: row.retry, Kind: Errno, Code: row.name}
		}
	}
	return m
}()

func ofErrno(e syscall.Errno) Evidence {
	known, ok := byErrno[e]
	if !ok && e != 0 {
		return Evidence{Kind: Errno, Code: strconv.Itoa(int(e))}
	}
	return known
}

// Errnos returns the names of the system errors that are known on this
// platform, ascending.
func Errnos() []string { return codes(byErrno) }

// codes returns the codes in a table, ascending.
func codes[K comparable](table map[K]Evidence) []string {
	var names []string
	for _, e := range table {
		names = append(names, e.Code)
	}
	slices.Sort(names)
	return names
}
