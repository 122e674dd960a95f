//go:build linux

package corpustest

import (
	"context"
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"

	pkgerrors "github.com/pkg/errors"
	"github.com/stretchr/testify/require"
)

func inputMissing(t *testing.T) error {
	_, err := os.Open(filepath.Join(t.TempDir(), "orders-2025-02-30.csv"))
	return fmt.Errorf("import: %w", fmt.Errorf("input: %w", err))
}

func inputUnreadable(t *testing.T) error {
	file := filepath.Join(t.TempDir(), "salaries.csv")
	require.NoError(t, os.WriteFile(file, nil, 0))
	f, err := os.Open(file)
	if err == nil {
		f.Close()
		t.Skip("this user may read every file")
	}
	return fmt.Errorf("input: %w", err)
}

func diskFull(t *testing.T) error {
	f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Skip("there is no full device: ", err)
	}
	defer f.Close()
	_, err = f.WriteString("id,amount\n")
	return pkgerrors.Wrap(fmt.Errorf("spill to disk: %w", err), "sort 10 GB")
}

func outOfMemory(*testing.T) error {
	length := math.MaxInt - (1<<16 - 1)
	_, err := syscall.Mmap(-1, 0, length, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
	return fmt.Errorf("reserve the sort buffer: %w", os.NewSyscallError("mmap", err))
}

func commandMissing(t *testing.T) error {
	err := exec.CommandContext(t.Context(), "ffmpeg-of-the-render-image", "-i", "in.mov").Run()
	return &jobStepError{Step: "transcode", Attempt: 3, Err: err}
}

func commandExits(t *testing.T) error {
	return fmt.Errorf("run the job's script: %w", shellCommand(t, "exit 1").Run())
}

func commandKilled(t *testing.T) error {
	return fmt.Errorf("transcode: %w", fmt.Errorf("ffmpeg: %w", shellCommand(t, "kill -KILL $$").Run()))
}

func commandOutOfFiles(t *testing.T) error {
	cmd := shellCommand(t, `ulimit -n 8; exec tee -- "$@"`, "tee")
	cmd.Dir = t.TempDir()
	for i := range 16 {
		cmd.Args = append(cmd.Args, fmt.Sprint("part", i))
	}
	out, err := cmd.CombinedOutput()
	return fmt.Errorf("split the export: %w: %s", err, out)
}

func commandCancelled(t *testing.T) error {
	job, cancel := context.WithCancel(t.Context())
	cmd := exec.CommandContext(job, "sleep", "60")
	require.NoError(t, cmd.Start())
	cancel()
	err := cmd.Wait()
	return fmt.Errorf("transcode: %w (%w)", job.Err(), err)
}

func shellCommand(t *testing.T, script string, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), "sh", append([]string{"-c", script}, args...)...)
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	return cmd
}
