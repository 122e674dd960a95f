//go:build unix

package errno

import "syscall"

var all = append(posix,
	named{"ENOTBLK", syscall.ENOTBLK},
	named{"EUSERS", syscall.EUSERS},
	named{"EHOSTDOWN", syscall.EHOSTDOWN},
	named{"ESHUTDOWN", syscall.ESHUTDOWN},
)
