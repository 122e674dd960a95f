//go:build !unix

package evidence

import "os"

// There are no signals on this platform.
func signalOf(*os.ProcessState) (Evidence, bool) { return Evidence{}, false }
func signalNumbered(int) (Evidence, bool)        { return Evidence{}, false }

// Signals returns nil: there are none on this platform.
func Signals() []string { return nil }
