//go:build linux

package evidence

// The tables of codes, for their document.
var (
	ErrnoTable    = errnos
	SignalTable   = signals
	ExitTable     = exits
	StatusTable   = statuses
	GRPCTable     = grpcCodes
	SQLStateTable = sqlStates
	MySQLTable    = mysql
	SQLiteTable   = sqlite
	RedisTable    = replies
	ReasonTable   = exitReasons
)

// Name, Fault and Retry of a row.
func (r errnoRow) Row() (string, Fault, Retry) { return r.name, r.fault, r.retry }

func (r grpcRow) Row() (string, Fault, Retry) { return r.name, r.fault, r.retry }
