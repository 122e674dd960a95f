package evidence

import (
	"slices"
	"strconv"
	"syscall"

	"github.com/failure-enrichers/enricher/internal/evidence/errno"
)

type errnoRow struct {
	name  string
	fault Fault
	retry Retry
}

var byErrno = func() map[syscall.Errno]Evidence {
	m := make(map[syscall.Errno]Evidence, len(errnos))
	for _, row := range slices.Concat(errnos, windowsErrnos) {
		number, ok := errno.Number(row.name)
		if _, alias := m[number]; ok && !alias {
			m[number] = row.evidence()
		}
	}
	return m
}()

func (row errnoRow) evidence() Evidence {
	return Evidence{Weight: Coded, Fault: row.fault, Retry: row.retry, Kind: Errno, Code: row.name}
}

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

// errnos are the errors of POSIX that a job may meet. A platform need not have all. Of
// two names of one number the first counts.
var errnos = []errnoRow{
	{"ENOSPC", System, Undecided},
	{"EDQUOT", System, Undecided},
	{"ENOMEM", System, Retryable},
	{"EMFILE", System, Retryable},
	{"ENFILE", System, Retryable},
	{"ENOBUFS", System, Retryable},
	{"EAGAIN", System, Retryable},
	{"EBUSY", System, Retryable},
	{"ETXTBSY", System, Retryable},
	{"EINTR", System, Retryable},
	{"EDEADLK", System, Retryable},
	{"ENOLCK", System, Retryable},
	{"EADDRINUSE", System, Retryable},
	{"EIO", System, Undecided},
	{"ESTALE", System, Retryable},
	{"EROFS", System, Terminal},
	{"EACCES", System, Terminal},
	{"EPERM", System, Terminal},
	{"EADDRNOTAVAIL", System, Undecided},
	{"ENODEV", System, Terminal},
	{"ENXIO", System, Terminal},
	{"ENOSYS", System, Terminal},
	{"EOPNOTSUPP", System, Terminal},
	{"ENOTSUP", System, Terminal},
	{"EAFNOSUPPORT", System, Terminal},
	{"EPROTONOSUPPORT", System, Terminal},
	{"EBADF", System, Terminal},
	{"EFAULT", System, Terminal},
	{"ECHILD", System, Undecided},
	{"ESRCH", System, Undecided},
	{"EXDEV", System, Terminal},
	{"EMLINK", System, Terminal},

	{"ENOTTY", System, Terminal},
	{"ENOTSOCK", System, Terminal},
	{"EISCONN", System, Terminal},
	{"EDESTADDRREQ", System, Terminal},
	{"EALREADY", System, Retryable},
	{"EINPROGRESS", System, Retryable},
	{"ENOTBLK", System, Terminal},
	{"ESPIPE", System, Terminal},
	{"EUSERS", System, Retryable},

	{"ECONNREFUSED", Dependency, Retryable},
	{"ECONNRESET", Dependency, Retryable},
	{"ECONNABORTED", Dependency, Retryable},
	{"EPIPE", Dependency, Retryable},
	{"ETIMEDOUT", Dependency, Retryable},
	{"EHOSTUNREACH", Dependency, Retryable},
	{"EHOSTDOWN", Dependency, Retryable},
	{"ENETUNREACH", Dependency, Retryable},
	{"ENETDOWN", Dependency, Retryable},
	{"ENETRESET", Dependency, Retryable},
	{"ENOTCONN", Dependency, Retryable},
	{"ESHUTDOWN", Dependency, Retryable},
	{"EPROTO", Dependency, Undecided},
	{"ECANCELED", Cancelled, Undecided},

	{"ENOENT", User, Terminal},
	{"ENOTDIR", User, Terminal},
	{"EISDIR", User, Terminal},
	{"EEXIST", User, Terminal},
	{"ENOTEMPTY", User, Terminal},
	{"ENAMETOOLONG", User, Terminal},
	{"ELOOP", User, Terminal},
	{"EINVAL", User, Terminal},
	{"E2BIG", User, Terminal},
	{"EFBIG", User, Terminal},
	{"EMSGSIZE", User, Terminal},
	{"EILSEQ", User, Terminal},
	{"ERANGE", User, Terminal},
	{"EDOM", User, Terminal},
	{"EOVERFLOW", User, Terminal},
	{"ENOEXEC", User, Terminal},
}

// windowsErrnos are those of Windows, see
// https://learn.microsoft.com/windows/win32/debug/system-error-codes.
var windowsErrnos = []errnoRow{
	{"ERROR_HANDLE_DISK_FULL", System, Undecided},
	{"ERROR_DISK_FULL", System, Undecided},
	{"ERROR_NOT_ENOUGH_MEMORY", System, Retryable},
	{"ERROR_OUTOFMEMORY", System, Retryable},
	{"ERROR_COMMITMENT_LIMIT", System, Retryable},
	{"ERROR_TOO_MANY_OPEN_FILES", System, Retryable},
	{"ERROR_SHARING_VIOLATION", System, Retryable},
	{"ERROR_LOCK_VIOLATION", System, Retryable},
	{"ERROR_ACCESS_DENIED", System, Terminal},
	{"ERROR_WRITE_PROTECT", System, Terminal},
	{"WSAEADDRINUSE", System, Retryable},
	{"WSAENOBUFS", System, Retryable},

	{"WSAENETDOWN", Dependency, Retryable},
	{"WSAENETUNREACH", Dependency, Retryable},
	{"WSAECONNABORTED", Dependency, Retryable},
	{"WSAECONNRESET", Dependency, Retryable},
	{"WSAETIMEDOUT", Dependency, Retryable},
	{"WSAECONNREFUSED", Dependency, Retryable},
	{"WSAEHOSTDOWN", Dependency, Retryable},
	{"WSAEHOSTUNREACH", Dependency, Retryable},
	{"ERROR_BAD_NETPATH", Dependency, Retryable},
	{"ERROR_NETNAME_DELETED", Dependency, Retryable},

	{"ERROR_FILE_NOT_FOUND", User, Terminal},
	{"ERROR_PATH_NOT_FOUND", User, Terminal},
	{"ERROR_FILE_EXISTS", User, Terminal},
	{"ERROR_INVALID_PARAMETER", User, Terminal},
	{"ERROR_INVALID_NAME", User, Terminal},
	{"ERROR_DIR_NOT_EMPTY", User, Terminal},
	{"ERROR_ALREADY_EXISTS", User, Terminal},
	{"ERROR_BAD_EXE_FORMAT", User, Terminal},
	{"ERROR_FILENAME_EXCED_RANGE", User, Terminal},
}
