//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// fileFailures are those of paths and files that a job was given.
var fileFailures = []provocation{
	{"file missing", func(t *testing.T) error {
		_, err := os.Open(filepath.Join(t.TempDir(), "orders.csv"))
		return fmt.Errorf("load orders: %w", err)
	}},
	{"file missing, four wrappers deep", func(t *testing.T) error {
		_, err := os.Stat(filepath.Join(t.TempDir(), "orders.csv"))
		err = fmt.Errorf("stat input: %w", err)
		err = fmt.Errorf("prepare: %w", err)
		err = fmt.Errorf("step 1 of 3: %w", err)
		return fmt.Errorf("job nightly-orders: %w", err)
	}},
	{"directory exists already", func(t *testing.T) error {
		return fmt.Errorf("make output directory: %w", os.Mkdir(t.TempDir(), 0o700))
	}},
	{"file exists already", func(t *testing.T) error {
		_, err := os.OpenFile(newFile(t, "report"), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
		return err
	}},
	{"file is a directory", func(t *testing.T) error {
		_, err := os.ReadFile(t.TempDir())
		return fmt.Errorf("read input: %w", err)
	}},
	{"directory is a file", func(t *testing.T) error {
		_, err := os.ReadDir(filepath.Join(newFile(t, "x"), "part"))
		return fmt.Errorf("list parts: %w", err)
	}},
	{"file name too long", func(t *testing.T) error {
		return os.WriteFile(filepath.Join(t.TempDir(), strings.Repeat("x", 300)), nil, 0o600)
	}},
	{"symbolic links in a circle", func(t *testing.T) error {
		path := filepath.Join(t.TempDir(), "link")
		require.NoError(t, os.Symlink(path, path))
		_, err := os.Open(path)
		return fmt.Errorf("open input: %w", err)
	}},
	{"directory not empty", func(t *testing.T) error {
		return fmt.Errorf("clean up: %w", os.Remove(filepath.Dir(newFile(t, "x"))))
	}},
	{"path leaves the root", func(t *testing.T) error {
		root, err := os.OpenRoot(t.TempDir())
		require.NoError(t, err)
		defer root.Close()
		_, err = root.Open("../etc/passwd")
		return fmt.Errorf("open upload: %w", err)
	}},
	{"path invalid for fs.FS", func(t *testing.T) error {
		_, err := os.DirFS(t.TempDir()).Open("/absolute")
		return err
	}},
	{"file closed already", func(t *testing.T) error {
		file, err := os.Open(newFile(t, "x"))
		require.NoError(t, err)
		require.NoError(t, file.Close())
		_, err = file.Read(make([]byte, 1))
		return fmt.Errorf("read input: %w", err)
	}},
	{"file offset negative", func(t *testing.T) error {
		file, err := os.Open(newFile(t, "x"))
		require.NoError(t, err)
		defer file.Close()
		_, err = file.Seek(-1, 0)
		return fmt.Errorf("skip header: %w", err)
	}},
	{"user unknown", func(*testing.T) error {
		_, err := user.Lookup("nobody-has-this-name")
		return fmt.Errorf("run as: %w", err)
	}},
}

// systemFailures are those of the machine that a job runs on.
var systemFailures = []provocation{
	{"file permission denied", func(t *testing.T) error {
		path := newFile(t, "secret")
		require.NoError(t, os.Chmod(path, 0))
		return unprivileged(t, func() error {
			_, err := os.ReadFile(path)
			return fmt.Errorf("read key: %w", err)
		})
	}},
	{"directory permission denied", func(t *testing.T) error {
		dir := t.TempDir()
		require.NoError(t, os.Chmod(dir, 0o500))
		return unprivileged(t, func() error {
			return os.WriteFile(filepath.Join(dir, "out"), nil, 0o600)
		})
	}},
	{"file owner may not be changed", func(t *testing.T) error {
		file, err := os.Open(newFile(t, "x"))
		require.NoError(t, err)
		defer file.Close()
		return unprivileged(t, func() error {
			return fmt.Errorf("hand over: %w", file.Chown(1, 1))
		})
	}},
	{"disk full", func(*testing.T) error {
		return fmt.Errorf("write report: %w", os.WriteFile("/dev/full", []byte("x"), 0))
	}},
	{"disk full, a small one", func(t *testing.T) error {
		return mounted(t, 0, func(dir string) error {
			return fmt.Errorf("spill: %w", os.WriteFile(filepath.Join(dir, "spill"), make([]byte, 1<<20), 0o600))
		})
	}},
	{"disk read-only", func(t *testing.T) error {
		return mounted(t, unix.MS_RDONLY, func(dir string) error {
			_, err := os.Create(filepath.Join(dir, "out"))
			return fmt.Errorf("create output: %w", err)
		})
	}},
	{"disk busy", func(t *testing.T) error {
		return mounted(t, 0, func(dir string) error {
			return fmt.Errorf("clean up: %w", os.Remove(dir))
		})
	}},
	{"disk input/output error", func(t *testing.T) error {
		file, err := os.Open("/proc/self/mem")
		require.NoError(t, err)
		defer file.Close()
		_, err = file.ReadAt(make([]byte, 1), 0)
		return fmt.Errorf("read block 7: %w", err)
	}},
	{"disk is another one", func(t *testing.T) error {
		err := os.Rename(newFile(t, "x"), filepath.Join("/dev/shm", filepath.Base(t.TempDir())))
		return fmt.Errorf("publish report: %w", err)
	}},
	{"file descriptors used up", func(t *testing.T) error {
		var before unix.Rlimit
		require.NoError(t, unix.Prlimit(0, unix.RLIMIT_NOFILE, nil, &before))
		require.NoError(t, unix.Prlimit(0, unix.RLIMIT_NOFILE, &unix.Rlimit{Cur: 0, Max: before.Max}, nil))
		_, err := os.Open("/dev/null")
		require.NoError(t, unix.Prlimit(0, unix.RLIMIT_NOFILE, &before, nil))
		return fmt.Errorf("open shard: %w", err)
	}},
	{"file too large", func(t *testing.T) error {
		file, err := os.OpenFile(newFile(t, ""), os.O_WRONLY, 0)
		require.NoError(t, err)
		defer file.Close()
		_, err = file.WriteAt([]byte("x"), 1<<62)
		return fmt.Errorf("append: %w", err)
	}},
	{"program file busy", func(t *testing.T) error {
		self, err := os.Executable()
		require.NoError(t, err)
		_, err = os.OpenFile(self, os.O_WRONLY, 0)
		return fmt.Errorf("update: %w", err)
	}},
	{"memory used up", func(*testing.T) error {
		_, err := unix.Mmap(-1, 0, 1<<47, unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
		return fmt.Errorf("map index: %w", err)
	}},
	{"lock taken by somebody else", func(t *testing.T) error {
		path := newFile(t, "")
		holder, err := os.Open(path)
		require.NoError(t, err)
		defer holder.Close()
		require.NoError(t, unix.Flock(int(holder.Fd()), unix.LOCK_EX))
		file, err := os.Open(path)
		require.NoError(t, err)
		defer file.Close()
		return fmt.Errorf("lock state: %w", unix.Flock(int(file.Fd()), unix.LOCK_EX|unix.LOCK_NB))
	}},
	{"pipe to a process that has gone", func(t *testing.T) error {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		defer w.Close()
		require.NoError(t, r.Close())
		for err == nil { // a process that is being started has the pipe as well, until it executes its program
			_, err = w.Write([]byte("row"))
		}
		return fmt.Errorf("feed worker: %w", err)
	}},
	{"pipe deadline exceeded", func(t *testing.T) error {
		r, w, err := os.Pipe()
		require.NoError(t, err)
		defer r.Close()
		defer w.Close()
		require.NoError(t, r.SetReadDeadline(time.Now().Add(time.Millisecond)))
		_, err = r.Read(make([]byte, 1))
		return fmt.Errorf("wait for worker: %w", err)
	}},
}

// unprivileged calls fn as a user other than root. The files of tests that root runs
// belong to root.
func unprivileged(t *testing.T, fn func() error) error {
	if os.Geteuid() != 0 {
		return fn()
	}
	return onThread(func() error {
		// Of this thread alone: package syscall would change all of them.
		if _, _, errno := unix.RawSyscall(unix.SYS_SETFSUID, 65534, 0, 0); errno != 0 {
			return fmt.Errorf("setfsuid: %w", errno)
		}
		return fn()
	})
}

// mounted calls fn with a file system of 64 KiB in a mount namespace of its own.
func mounted(t *testing.T, flags uintptr, fn func(dir string) error) error {
	dir := t.TempDir()
	var cannot error
	err := onThread(func() error {
		cannot = errors.Join(
			unix.Unshare(unix.CLONE_NEWNS),
			unix.Mount("", "/", "", unix.MS_REC|unix.MS_PRIVATE, ""),
			unix.Mount("tmpfs", dir, "tmpfs", flags, "size=64k"))
		if cannot != nil {
			return nil
		}
		return fn(dir)
	})
	if cannot != nil {
		t.Skip("mounting needs root:", cannot)
	}
	return err
}

// onThread calls fn on a thread of its own, which ends with fn and takes along
// what fn has changed about it.
func onThread(fn func() error) error {
	result := make(chan error)
	go func() {
		runtime.LockOSThread() // never unlocked: that is what ends the thread
		result <- fn()
	}()
	return <-result
}

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
