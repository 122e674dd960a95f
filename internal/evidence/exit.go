package evidence

import (
	"os/exec"
	"strconv"
)

// ofExit judges how a command ended. A shell reports a signal as 128 plus its
// number. Statuses 64 to 78 are those of BSD's sysexits.h; 124 to 127 are those
// of shells, env and timeout. The meaning of any other is not known.
func ofExit(e *exec.ExitError) Evidence {
	if e.ProcessState == nil {
		return Evidence{}
	}
	if s, ok := signalOf(e.ProcessState); ok {
		return s
	}
	return OfExitStatus(e.ExitCode())
}

// OfExitStatus judges the status of a command that has exited.
func OfExitStatus(status int) Evidence {
	if s, ok := signalNumbered(status - 128); ok {
		return s
	}
	x := exits[status]
	if x.Fault != "" {
		x.Weight = Coded
	}
	x.Kind, x.Code = ExitStatus, strconv.Itoa(status)
	return x
}

var exits = map[int]Evidence{
	64:  {Fault: User, Retry: Terminal},        // EX_USAGE
	65:  {Fault: User, Retry: Terminal},        // EX_DATAERR
	66:  {Fault: User, Retry: Terminal},        // EX_NOINPUT
	67:  {Fault: User, Retry: Terminal},        // EX_NOUSER
	68:  {Fault: Dependency, Retry: Undecided}, // EX_NOHOST
	69:  {Fault: Dependency, Retry: Retryable}, // EX_UNAVAILABLE
	70:  {Fault: System, Retry: Undecided},     // EX_SOFTWARE
	71:  {Fault: System, Retry: Retryable},     // EX_OSERR
	72:  {Fault: System, Retry: Terminal},      // EX_OSFILE
	73:  {Fault: System, Retry: Undecided},     // EX_CANTCREAT
	74:  {Fault: System, Retry: Undecided},     // EX_IOERR
	75:  {Fault: Dependency, Retry: Retryable}, // EX_TEMPFAIL
	76:  {Fault: Dependency, Retry: Undecided}, // EX_PROTOCOL
	77:  {Fault: System, Retry: Terminal},      // EX_NOPERM
	78:  {Fault: User, Retry: Terminal},        // EX_CONFIG
	124: {Fault: Cancelled, Retry: Undecided},  // timeout
	125: {Fault: System, Retry: Undecided},     // docker run, env or timeout itself failed
	126: {Fault: System, Retry: Terminal},      // found, but it cannot be run
	127: {Fault: System, Retry: Terminal},      // not found
}
