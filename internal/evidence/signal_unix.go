//go:build unix

package evidence

import (
	"os"
	"syscall"
)

// signalOf judges a process that a signal has ended.
func signalOf(state *os.ProcessState) (Evidence, bool) {
	status, ok := state.Sys().(syscall.WaitStatus)
	if !ok || !status.Signaled() {
		return Evidence{}, false
	}
	if e, ok := signals[status.Signal()]; ok {
		return e, true
	}
	return Evidence{Weight: Coded, Fault: System, Retry: Undecided, Kind: Signal, Code: status.Signal().String()}, true
}

func signalNumbered(n int) (Evidence, bool) {
	e, ok := signals[syscall.Signal(n)]
	return e, ok
}

// Signals returns the names of the signals that are known on this platform,
// ascending.
func Signals() []string { return codes(signals) }

var signals = map[syscall.Signal]Evidence{
	syscall.SIGKILL: signal("SIGKILL", System, Retryable), // mostly the kernel's, when memory runs out
	syscall.SIGXCPU: signal("SIGXCPU", System, Terminal),
	syscall.SIGXFSZ: signal("SIGXFSZ", System, Terminal),
	syscall.SIGBUS:  signal("SIGBUS", System, Undecided),
	syscall.SIGSEGV: signal("SIGSEGV", System, Undecided),
	syscall.SIGABRT: signal("SIGABRT", System, Undecided),
	syscall.SIGILL:  signal("SIGILL", System, Terminal),
	syscall.SIGFPE:  signal("SIGFPE", System, Terminal),
	syscall.SIGTRAP: signal("SIGTRAP", System, Terminal),
	syscall.SIGSYS:  signal("SIGSYS", System, Terminal),
	syscall.SIGPIPE: signal("SIGPIPE", System, Undecided),
	syscall.SIGTERM: signal("SIGTERM", Cancelled, Undecided),
	syscall.SIGINT:  signal("SIGINT", Cancelled, Undecided),
	syscall.SIGHUP:  signal("SIGHUP", Cancelled, Undecided),
	syscall.SIGQUIT: signal("SIGQUIT", Cancelled, Undecided),
}

func signal(name string, f Fault, r Retry) Evidence {
	return Evidence{Weight: Coded, Fault: f, Retry: r, Kind: Signal, Code: name}
}
