package evidence

import (
	"os/exec"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// ofExit judges how a command ended. A shell reports a signal as 128 plus its
// number.
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
	e, ok := exits.of(strconv.Itoa(status))
	if !ok {
		e.Kind, e.Code = ExitStatus, strconv.Itoa(status)
	}
	return e
}

// ofExitStatus judges the status that an error has. 0 and negative numbers are none: the
// command has not exited.
func ofExitStatus[N int | int64](status N) Evidence {
	if status <= 0 || status > 255 {
		return Evidence{}
	}
	return OfExitStatus(int(status))
}

// execClients run commands elsewhere: golang.org/x/crypto/ssh has the name of a signal in
// a method, k8s.io/client-go/util/exec and Docker have a status in a field.
var execClients = client{
	local: true,
	paths: []string{"golang.org/x/crypto/ssh", "k8s.io/client-go/util/exec", "k8s.io/utils/exec", "github.com/docker/cli", "github.com/testcontainers/testcontainers-go/exec"},
	judge: func(v *Verdict, err error) {
		if s, ok := err.(interface{ Signal() string }); ok && s.Signal() != "" {
			v.add(ofSignalName("SIG" + strings.TrimPrefix(s.Signal(), "SIG")))
			return
		}
		if reason, ok := inspect.Int(err, "Reason"); ok {
			v.add(ofChannel(reason))
			return
		}
		if status, ok := inspect.Int(err, "StatusCode", "Code"); ok {
			v.add(ofExitStatus(status))
		}
	},
}

// ofChannel judges why a server of SSH does not open a channel (RFC 4254, section 5.1).
// What is prohibited may be one session too many.
func ofChannel(reason int64) Evidence {
	e := says(Typed, Dependency, Retryable, "a channel that the server does not open")
	switch reason {
	case 1: // administratively prohibited
		e.Retry = Undecided
	case 3: // unknown type of channel
		e.Retry = Terminal
	}
	return e
}

func ofSignalName(name string) Evidence {
	for n := 1; n < 32; n++ {
		if e, ok := signalNumbered(n); ok && e.Code == name {
			return e
		}
	}
	return Evidence{Weight: Coded, Fault: System, Retry: Undecided, Kind: Signal, Code: name}
}

// Statuses 64 to 78 are those of sysexits.h of BSD; 124 to 127 are those of shells, env
// and timeout; 125 is that of Docker, if it cannot start a container. The meaning of any
// other is not known.
var exits = &Table{
	Kind: ExitStatus, Title: "Exit status of a command",
	Source: "https://man.freebsd.org/cgi/man.cgi?query=sysexits",
	Rows: []Row{
		{User, Terminal, "64=EX_USAGE 65=EX_DATAERR 66=EX_NOINPUT 67=EX_NOUSER 78=EX_CONFIG"},
		{Dependency, Undecided, "68=EX_NOHOST 76=EX_PROTOCOL"},
		{Dependency, Retryable, "69=EX_UNAVAILABLE 75=EX_TEMPFAIL"},
		{System, Undecided, "70=EX_SOFTWARE 73=EX_CANTCREAT 74=EX_IOERR 125=not_started"},
		{System, Retryable, "71=EX_OSERR"},
		{System, Terminal, "72=EX_OSFILE 77=EX_NOPERM 126=cannot_be_run 127=not_found"},
		{Cancelled, Undecided, "124=timeout"},
	},
}
