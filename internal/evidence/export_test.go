//go:build linux

package evidence

// The tables of codes that are no [Table], for their document.
var (
	ErrnoTable  = errnos
	SignalTable = signals
	ReasonTable = exitReasons
)

// Row returns what a row says.
func (r errnoRow) Row() (string, Fault, Retry) { return r.name, r.fault, r.retry }
