//go:build unix

package enricherwasm

import (
	"fmt"
	"os"
	"syscall"
)

// private returns an error unless the folder belongs to the user of the process and no
// other can write or read it.
func private(info os.FileInfo) error {
	if stat, ok := info.Sys().(*syscall.Stat_t); ok && int(stat.Uid) != os.Geteuid() {
		return fmt.Errorf("it belongs to the user %d and not to that of the process, %d", stat.Uid, os.Geteuid())
	}
	if perm := info.Mode().Perm(); perm&0o077 != 0 {
		return fmt.Errorf("its permissions are %#o, and must be 0700", perm)
	}
	return nil
}
