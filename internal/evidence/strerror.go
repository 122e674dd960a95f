package evidence

import (
	"strings"
	"sync"
)

// maxSystemText is longer than any text of systemTexts.
const maxSystemText = 128

// ofSystemText judges line, which follows before, if it is the text of a system error: as it
// is, as Python prints it, or as Rust does:
//
//	Connection refused
//	[Errno 2] No such file or directory: '/in.csv'
//	<urlopen error [Errno 111] Connection refused>
//	Connection refused (os error 111)
//
// or as rsync, Java and .NET do:
//
//	No such file or directory (2)
//	/in.csv (No such file or directory)
//	Connection refused (db:5432)
//
// The number is not used: it differs between platforms.
func ofSystemText(before, line string) Evidence {
	sure := false
	if _, rest, ok := strings.Cut(line, "[Errno "); ok {
		_, rest, sure = strings.Cut(rest, "] ")
		line, _, _ = strings.Cut(rest, ": ")
	} else if text, rest, ok := strings.Cut(line, " (os error "); ok {
		line, sure = text, strings.HasSuffix(rest, ")")
	} else if text, rest, ok := strings.Cut(strings.TrimSuffix(line, ")"), " ("); ok && strings.Trim(rest, "0123456789") == "" {
		line, sure = text, true
	} else if ok && endsInPath(text) {
		line, sure = rest, true
	} else if ok {
		line = text
	}
	line = strings.TrimRight(line, `.>)'"`)
	if len(line) > maxSystemText {
		return Evidence{}
	}
	lower := strings.ToLower(line)
	e := systemTexts()[lower]
	sure = sure || (e.Code == "EACCES" || e.Code == "EPERM") && endsInPath(before)
	if !sure && (vague[e.Code] || vague[lower]) {
		return Evidence{}
	}
	return e
}

// endsInPath reports whether the last word of text is the path of a file.
func endsInPath(text string) bool {
	word := strings.TrimLeft(text[strings.LastIndexByte(text, ' ')+1:], `'"`)
	return strings.HasPrefix(word, "/") || strings.HasPrefix(word, "./") || strings.HasPrefix(word, "../")
}

// systemTexts has the texts of system errors in lower case: those of this platform, as Go
// has them, and those of C. Names that cannot be resolved are no system errors, but are
// printed like them.
var systemTexts = sync.OnceValue(func() map[string]Evidence {
	m := textsOf([]textRow{{Text, Dependency, Retryable, `
		name or service not known
		name does not resolve
		nodename nor servname provided, or not known
	`}}, "a name that cannot be resolved")
	for _, row := range errnos {
		e := row.evidence()
		e.Weight = Text
		for text := range strings.SplitSeq(spellings[row.name], "|") {
			if text != "" {
				m[text] = e
			}
		}
	}
	for number, e := range byErrno {
		e.Weight = Text
		m[strings.ToLower(number.Error())] = e
	}
	return m
})

// spellings are the texts of system errors that differ between glibc, musl and macOS.
var spellings = map[string]string{
	"EDQUOT":          "disk quota exceeded|quota exceeded|disc quota exceeded",
	"ENOMEM":          "cannot allocate memory|out of memory",
	"EMFILE":          "too many open files|no file descriptors available",
	"EBUSY":           "device or resource busy|resource busy",
	"EDEADLK":         "resource deadlock avoided|resource deadlock would occur",
	"EADDRINUSE":      "address already in use|address in use",
	"EIO":             "input/output error|i/o error",
	"ESTALE":          "stale file handle|stale nfs file handle",
	"EADDRNOTAVAIL":   "cannot assign requested address|address not available|can't assign requested address",
	"ENXIO":           "no such device or address|device not configured",
	"ENODEV":          "no such device|operation not supported by device",
	"EOPNOTSUPP":      "operation not supported|not supported",
	"EAFNOSUPPORT":    "address family not supported by protocol|address family not supported by protocol family",
	"ECHILD":          "no child processes|no child process",
	"EXDEV":           "invalid cross-device link|cross-device link",
	"ENOTTY":          "inappropriate ioctl for device|not a tty",
	"ENOTSOCK":        "socket operation on non-socket|not a socket",
	"EISCONN":         "transport endpoint is already connected|socket is connected|socket is already connected",
	"ESPIPE":          "illegal seek|invalid seek",
	"ECONNABORTED":    "software caused connection abort|connection aborted",
	"ETIMEDOUT":       "connection timed out|operation timed out",
	"EHOSTUNREACH":    "no route to host|host is unreachable",
	"ENETUNREACH":     "network is unreachable|network unreachable",
	"ENETRESET":       "network dropped connection on reset|connection reset by network",
	"ENOTCONN":        "transport endpoint is not connected|socket not connected|socket is not connected",
	"ESHUTDOWN":       "cannot send after transport endpoint shutdown|cannot send after socket shutdown|can't send after socket shutdown",
	"ENAMETOOLONG":    "file name too long|filename too long",
	"ELOOP":           "too many levels of symbolic links|symbolic link loop",
	"EILSEQ":          "invalid or incomplete multibyte or wide character|illegal byte sequence",
	"ERANGE":          "numerical result out of range|result not representable|result too large",
	"EDOM":            "numerical argument out of domain|domain error",
	"EOVERFLOW":       "value too large for defined data type|value too large for data type|value too large to be stored in data type",
	"EPROTONOSUPPORT": "protocol not supported",
}

// vague are errors of the system, and some of their texts, that mean something else in other
// programs. They count only in a form that says that they are errors of the system, and a
// missing permission also behind a path.
var vague = map[string]bool{
	"EINVAL": true, "EACCES": true, "EPERM": true, "ENODEV": true, "ENXIO": true, "ENOSYS": true, "EOPNOTSUPP": true, "ENOTSUP": true,
	"EFAULT": true, "ESRCH": true, "ERANGE": true, "EDOM": true, "EOVERFLOW": true, "ECANCELED": true, "EALREADY": true, "EINPROGRESS": true,
	"EMSGSIZE": true, "EPROTO": true, "EUSERS": true, "ENOTBLK": true,

	"out of memory": true, "quota exceeded": true,
}
