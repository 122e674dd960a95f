package wirelaw

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/errno"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/text"
)

// foundIn returns what Is and AsType find in err.
func foundIn(err error) map[string]string {
	all := map[string]string{}
	for name, target := range map[string]error{
		"Canceled": context.Canceled, "DeadlineExceeded": context.DeadlineExceeded, "EOF": io.EOF, "ErrUnexpectedEOF": io.ErrUnexpectedEOF,
		"ErrNotExist": fs.ErrNotExist, "ErrPermission": fs.ErrPermission, "os.ErrDeadlineExceeded": os.ErrDeadlineExceeded, "ErrClosed": net.ErrClosed,
		"ErrNoRows": sql.ErrNoRows, "ErrUnsupported": errors.ErrUnsupported, "ErrSyntax": strconv.ErrSyntax,
	} {
		if enricher.Is(err, target) {
			all[name] = "is"
		}
	}
	find(all, err, "Timeout", func(e interface {
		error
		Timeout() bool
	},
	) any {
		return e.Timeout()
	})
	find(all, err, "Temporary", func(e interface {
		error
		Temporary() bool
	},
	) any {
		return e.Temporary()
	})
	find(all, err, "net.Error", func(e net.Error) any { return e.Timeout() })
	find(all, err, "Retryable", func(e interface {
		error
		Retryable() bool
	},
	) any {
		return e.Retryable()
	})
	find(all, err, "RetryAfter", func(e interface {
		error
		RetryAfter() time.Duration
	},
	) any {
		return e.RetryAfter().Truncate(time.Millisecond)
	})
	find(all, err, "StatusCode", func(e interface {
		error
		StatusCode() int
	},
	) any {
		return e.StatusCode()
	})
	find(all, err, "StatusCode and Temporary", func(e interface {
		error
		StatusCode() int
		Temporary() bool
	},
	) any {
		return fmt.Sprint(e.StatusCode(), e.Temporary())
	})
	find(all, err, "SQLState", func(e interface {
		error
		SQLState() string
	},
	) any {
		return e.SQLState()
	})
	find(all, err, "Code text", func(e interface {
		error
		Code() string
	},
	) any {
		return e.Code()
	})
	find(all, err, "Code number", func(e interface {
		error
		Code() int
	},
	) any {
		return e.Code()
	})
	find(all, err, "ErrorType", func(e interface {
		error
		ErrorType() string
	},
	) any {
		return e.ErrorType()
	})
	find(all, err, "ExitCode", func(e interface {
		error
		ExitCode() int
	},
	) any {
		return e.ExitCode()
	})
	find(all, err, "ExitSignal", func(e interface {
		error
		ExitSignal() int
	},
	) any {
		return e.ExitSignal()
	})
	find(all, err, "ExitReason", func(e interface {
		error
		ExitReason() string
	},
	) any {
		return e.ExitReason()
	})
	find(all, err, "FailureLabels", func(e interface {
		error
		FailureLabels() map[string]string
	},
	) any {
		return e.FailureLabels()
	})

	find(all, err, "Errno", func(e syscall.Errno) any { return errno.Name(e) }) // numbers differ between platforms
	find(all, err, "PathError", func(e *fs.PathError) any { return e.Op + e.Path })
	find(all, err, "LinkError", func(e *os.LinkError) any { return e.Old + e.New })
	find(all, err, "SyscallError", func(e *os.SyscallError) any { return e.Syscall })
	find(all, err, "OpError", func(e *net.OpError) any { return fmt.Sprint(e.Op, e.Net, e.Addr, e.Timeout()) })
	find(all, err, "DNSError", func(e *net.DNSError) any { return fmt.Sprint(e.Name, e.IsNotFound, e.Timeout()) })
	find(all, err, "url.Error", func(e *url.Error) any { return fmt.Sprint(e.Op, e.URL, e.Timeout(), e.Temporary()) })
	find(all, err, "exec.Error", func(e *exec.Error) any { return e.Name })
	find(all, err, "NumError", func(e *strconv.NumError) any { return e.Num })
	find(all, err, "PanicError", func(e *enricher.PanicError) any { return e.ErrorType() })
	return all
}

// find adds what value returns for the first E in err. A method that panics, and what
// has no name, is not encoded.
func find[E error](all map[string]string, err error, name string, value func(E) any) {
	e, ok := enricher.AsType[E](err)
	if !ok {
		return
	}
	guard.Do(func() {
		if v := value(e); v != "" || name != "Errno" {
			all[name] = text.Clean(fmt.Sprint(v), 500) // labels are cut
		}
	})
}
