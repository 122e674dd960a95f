// Package exit provides the error of a process, container or pod that has failed: its
// exit code, its signal, the reason of the platform, and what it wrote last. So a job
// manager that starts processes or containers gets the same labels as one whose jobs
// are functions: the ready-made enrichers know these errors.
//
//	return exit.FromCommand("ffmpeg", cmd.Run(), stderr.Bytes())
//
//	return &exit.Error{Name: "import", Code: 137, Reason: "OOMKilled"}
//
// # What labels it gets
//
// The enrichers "type", "restart" and "error" look at the reason first, then at the
// signal, then at the exit code. Of the reasons of Kubernetes and Amazon ECS, and of
// the exit codes of shells, env, timeout, docker run and BSD's sysexits.h, they know
// what each means; [the table of codes] lists all. 128 and more is a signal: 137 is
// SIGKILL. The reason Error, and exit codes such as 1, say nothing. Another reason is
// the label error_code, if nothing better is known. If none of these says who is at
// fault, the text and the last lines of Stderr do, which is a guess: "Connection refused".
// For an [*exec.ExitError] that is not made an Error, these are its own Stderr and the
// text around it, as of fmt.Errorf("ffmpeg: %w: %s", err, stderr).
//
// An error of another type gets the same labels if it has one of the methods
// ExitReason() string, ExitSignal() int and ExitCode() int.
//
// The fingerprint is that of the text, see [Error.Error].
//
// [the table of codes]: https://github.com/failure-enrichers/enricher/blob/main/enrichers/fault/CODES.md
package exit

import (
	"os/exec"
	"strconv"
	"strings"
	"syscall"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/output"
	"github.com/failure-enrichers/enricher/internal/text"
)

// An Error says how a process, container or pod ended, or why it did not start. Any
// field may be empty. Nothing is masked: a message or standard error may have secrets.
//
// For a pod, use one Error for each container that failed, and join them if there are
// several ([errors.Join]), the one that failed first in front. The reason and message of
// the pod's own status, or of its condition DisruptionTarget, say more than those of a
// container.
type Error struct {
	Name    string // of the container or command; without arguments, as they may be secret
	Code    int    // the exit code; 0: none
	Signal  int    // the number of the signal that ended it; 0: none
	Reason  string // in one word, of the platform: "OOMKilled", "Evicted", "ImagePullBackOff"
	Message string // of the platform, or the termination message of the container
	Stderr  string // what it wrote last to standard error

	cause error // of FromCommand
}

// FromCommand returns err, what the methods of an [exec.Cmd] return, as an *Error if
// there is an [*exec.ExitError] in its chain, and otherwise, also if it is nil, err
// itself. The *Error wraps err. Of stderr, or of [exec.ExitError.Stderr] if stderr is
// empty, it keeps the last 64 KiB.
//
// A command that is killed because its context is done looks like any other that is
// killed. Join the reason in front: errors.Join(ctx.Err(), err).
func FromCommand(name string, err error, stderr []byte) error {
	exited, ok := enricher.AsType[*exec.ExitError](err)
	if !ok {
		return err
	}
	if len(stderr) == 0 {
		stderr = exited.Stderr
	}
	return &Error{
		Name:   name,
		Code:   max(0, exited.ExitCode()), // -1 if a signal ended it
		Signal: signalOf(exited),
		Stderr: string(stderr[max(0, len(stderr)-output.Max):]),
		cause:  err,
	}
}

func signalOf(exited *exec.ExitError) int {
	if exited.ProcessState == nil {
		return 0
	}
	// What Sys returns has these methods, if the platform has signals.
	status, ok := exited.Sys().(interface {
		Signaled() bool
		Signal() syscall.Signal
	})
	if !ok || !status.Signaled() {
		return 0
	}
	return int(status.Signal())
}

// ExitCode returns e.Code.
func (e *Error) ExitCode() int { return e.Code }

// ExitSignal returns e.Signal.
func (e *Error) ExitSignal() int { return e.Signal }

// ExitReason returns e.Reason.
func (e *Error) ExitReason() string { return e.Reason }

// Unwrap returns the error that [FromCommand] was given, or nil.
func (e *Error) Unwrap() error { return e.cause }

const (
	maxWord  = 256  // bytes of a name or reason in the text
	maxShown = 1024 // bytes of an output in the text
	maxLines = 3    // lines of an output in the text
)

// Error returns a text of at most 3 KiB:
//
//	import: OOMKilled, exit status 137
//	ffmpeg: exit status 1: in.mp4: No such file or directory
//
// Of the message and of standard error it has the lines that tell most, at most three
// of each. Lines that are empty or indented, such as the frames of a stack, do not
// count. If one begins a crash report of Go, .NET, PHP, Python, Java or Rust, those are
// the lines of the last report, and otherwise the last lines. Of a report of Node.js they
// are the message and its causes.
func (e *Error) Error() string {
	var parts []string
	add := func(part string, limit int) {
		if part != "" {
			parts = append(parts, text.Cut(part, limit))
		}
	}
	add(e.Name, maxWord)
	add(e.ending(), 2*maxWord)
	message, stderr := output.Telling(e.Message, maxLines), output.Telling(e.Stderr, maxLines)
	add(message, maxShown)
	if stderr != message {
		add(stderr, maxShown)
	}
	return strings.Join(parts, ": ")
}

// ending returns how it ended, in the words of [exec.ExitError].
func (e *Error) ending() string {
	var parts []string
	if e.Reason != "" {
		parts = append(parts, text.Cut(e.Reason, maxWord))
	}
	if e.Signal != 0 {
		parts = append(parts, "signal: "+syscall.Signal(e.Signal).String())
	}
	if e.Code != 0 {
		parts = append(parts, "exit status "+strconv.Itoa(e.Code))
	}
	if len(parts) == 0 {
		return "failed"
	}
	return strings.Join(parts, ", ")
}
