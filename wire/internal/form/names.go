package form

import (
	"slices"
	"strconv"
	"strings"
)

// signals are those of Linux, from 1 on.
var signals = strings.Fields("SIGHUP SIGINT SIGQUIT SIGILL SIGTRAP SIGABRT SIGBUS SIGFPE SIGKILL SIGUSR1 SIGSEGV SIGUSR2 SIGPIPE SIGALRM SIGTERM SIGSTKFLT " +
	"SIGCHLD SIGCONT SIGSTOP SIGTSTP SIGTTIN SIGTTOU SIGURG SIGXCPU SIGXFSZ SIGVTALRM SIGPROF SIGWINCH SIGIO SIGPWR SIGSYS")

// SignalName returns the name of a signal by its number on Linux, or the number. That
// of 0 is "".
func SignalName(n int) string {
	switch {
	case n == 0:
		return ""
	case n > 0 && n <= len(signals):
		return signals[n-1]
	}
	return strconv.Itoa(n)
}

// SignalNumber returns the number of a signal by what SignalName returns.
func SignalNumber(name string) int {
	if i := slices.Index(signals, name); i >= 0 {
		return i + 1
	}
	n, _ := strconv.Atoi(name)
	return n
}
