//go:build !unix

package enricherwasm

import "os"

// private accepts any folder: its permissions are those that the operator has set.
func private(os.FileInfo) error { return nil }
