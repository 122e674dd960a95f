//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"
)

// execFailures are those of programs that jobs run.
var execFailures = []provocation{
	{"program not found", func(*testing.T) error {
		return fmt.Errorf("convert: %w", exec.Command("no-such-program").Run())
	}},
	{"program not found under its path", func(*testing.T) error {
		return fmt.Errorf("convert: %w", exec.Command("/no/such/program").Run())
	}},
	{"program not executable", func(t *testing.T) error {
		return fmt.Errorf("convert: %w", exec.Command(newFile(t, "#!/bin/sh\n")).Run())
	}},
	{"program not for this machine", func(t *testing.T) error {
		path := newFile(t, "\x7fELF")
		require.NoError(t, os.Chmod(path, 0o700))
		return fmt.Errorf("convert: %w", exec.Command(path).Run())
	}},
	{"program in a directory that is missing", func(*testing.T) error {
		cmd := exec.Command("true")
		cmd.Dir = "/no/such/directory"
		return fmt.Errorf("convert: %w", cmd.Run())
	}},
	{"exit status 1", shell("exit 1")},
	{"exit status 2", shell("ls --no-such-option")},
	{"exit status 126, not executable", shell("/etc/passwd")},
	{"exit status 127, not found", shell("no-such-program")},
	{"exit status 137, killed below", shell(`sh -c 'kill -KILL $$'; exit $?`)},
	{"exit status 139, crashed below", shell(`sh -c 'kill -SEGV $$'; exit $?`)},
	{"exit status 143, terminated below", shell(`sh -c 'kill -TERM $$'; exit $?`)},
	{"signal SIGKILL", shell("kill -KILL $$")},
	{"signal SIGSEGV", shell("kill -SEGV $$")},
	{"signal SIGABRT", shell("kill -ABRT $$")},
	{"signal SIGTERM", shell("kill -TERM $$")},
	{"signal as the job was cancelled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(ctx, "sleep", "60")
		require.NoError(t, cmd.Start())
		cancel()
		return fmt.Errorf("convert: %w", cmd.Wait())
	}},
	{"signal at the deadline of the job, which says so", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), short)
		defer cancel()
		err := exec.CommandContext(ctx, "sleep", "60").Run()
		return fmt.Errorf("convert: %w (%w)", context.Cause(ctx), err)
	}},
	{"program not started as the job was cancelled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return fmt.Errorf("convert: %w", exec.CommandContext(ctx, "true").Run())
	}},
	{"program did not read its input", func(t *testing.T) error {
		cmd := exec.Command("true")
		stdin, err := cmd.StdinPipe()
		require.NoError(t, err)
		defer stdin.Close()
		require.NoError(t, cmd.Start())
		_, err = cmd.Process.Wait() // unlike cmd.Wait, it leaves stdin open
		require.NoError(t, err)
		for err == nil { // a process that is being started has the pipe as well, until it executes its program
			_, err = stdin.Write([]byte("row"))
		}
		return fmt.Errorf("feed converter: %w", err)
	}},
	{"program started twice", func(t *testing.T) error {
		cmd := exec.Command("true")
		require.NoError(t, cmd.Run())
		return fmt.Errorf("convert: %w", cmd.Run())
	}},
	{"process gone", func(t *testing.T) error {
		cmd := exec.Command("true")
		require.NoError(t, cmd.Run())
		err := cmd.Process.Signal(os.Interrupt)
		require.True(t, errors.Is(err, os.ErrProcessDone))
		return fmt.Errorf("interrupt worker: %w", err)
	}},
}

// shell runs a script that fails.
func shell(script string) func(*testing.T) error {
	return func(*testing.T) error {
		return fmt.Errorf("run script: %w", exec.Command("sh", "-c", script).Run())
	}
}
