//go:build linux

package corpustest

import (
	"fmt"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	pkgerrors "github.com/pkg/errors"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

func unseenDiskFull(t *testing.T) error {
	file, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	require.NoError(t, err)
	defer file.Close()
	_, err = file.WriteString("segment")
	return pkgerrors.Wrap(fmt.Errorf("segment 4: %w", err), "write archive")
}

func unseenInputMissing(t *testing.T) error {
	_, err := os.ReadFile(filepath.Join(t.TempDir(), "customers-2024-05.csv"))
	return fmt.Errorf("import customers: %w", err)
}

func unseenNameTooLong(t *testing.T) error {
	title := strings.Repeat("Quarterly figures and ", 20)
	err := os.WriteFile(filepath.Join(t.TempDir(), title+".pdf"), nil, 0o600)
	return fmt.Errorf("export report: %w", err)
}

func unseenAcrossDevices(t *testing.T) error {
	file := filepath.Join(t.TempDir(), "feed.xml")
	require.NoError(t, os.WriteFile(file, []byte("<feed/>"), 0o600))
	// /proc is a file system of its own everywhere; that is found out before
	// whether one may write to it.
	return &unseenStepError{"publish-feed", 5, os.Rename(file, "/proc/feed.xml")}
}

func unseenNoMemory(*testing.T) error {
	_, err := unix.Mmap(-1, 0, math.MaxInt&^0xffff, unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
	return fmt.Errorf("build index: %w", fmt.Errorf("map postings: %w", err))
}

func unseenNotInstalled(*testing.T) error {
	err := exec.Command("ffmpeg-with-av2", "-i", "talk.mkv").Run()
	return fmt.Errorf("transcode talk.mkv: %w", err)
}

func unseenRendererKilled(*testing.T) error {
	err := exec.Command("sh", "-c", "kill -KILL $$").Run() // as the kernel does for want of memory
	return fmt.Errorf("render page 300: %w", err)
}

func unseenConverterFailed(*testing.T) error {
	err := exec.Command("sh", "-c", "exit 1").Run()
	return fmt.Errorf("convert document: %w", err)
}
