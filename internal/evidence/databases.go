package evidence

import (
	"strconv"
	"strings"
)

// ofSQLState judges a SQLSTATE, or else its class, which is its first two
// characters; see ISO/IEC 9075-2, and appendix A of the documentation of PostgreSQL
// for its own.
func ofSQLState(state string) Evidence {
	if !IsSQLState(state) || state == "00000" {
		return Evidence{}
	}
	e, ok := sqlStates[state]
	if !ok {
		e = sqlStates[state[:2]]
	}
	if e.Fault != "" {
		e.Weight = Coded
	}
	e.Kind, e.Code = SQLState, state
	return e
}

// IsSQLState reports whether s has the form of a SQLSTATE: five digits and upper
// case letters.
func IsSQLState(s string) bool {
	if len(s) != 5 {
		return false
	}
	for _, c := range []byte(s) {
		if (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return false
		}
	}
	return true
}

var sqlStates = map[string]Evidence{
	"02":    {Fault: User, Retry: Terminal},        // no data
	"08":    {Fault: Dependency, Retry: Retryable}, // connection
	"0A":    {Fault: User, Retry: Terminal},        // feature not supported
	"21":    {Fault: User, Retry: Terminal},        // cardinality
	"22":    {Fault: User, Retry: Terminal},        // data
	"23":    {Fault: User, Retry: Terminal},        // integrity
	"24":    {Fault: System, Retry: Terminal},      // cursor state
	"25":    {Fault: System, Retry: Terminal},      // transaction state
	"25P03": {Fault: Dependency, Retry: Retryable}, // idle in a transaction for too long
	"25006": {Fault: Dependency, Retry: Retryable}, // read only, as after a failover
	"26":    {Fault: System, Retry: Undecided},     // statement name
	"28":    {Fault: Dependency, Retry: Terminal},  // authorization
	"34":    {Fault: System, Retry: Terminal},      // cursor name
	"3D":    {Fault: User, Retry: Terminal},        // catalog name
	"3F":    {Fault: User, Retry: Terminal},        // schema name
	"40":    {Fault: Dependency, Retry: Retryable}, // transaction rollback
	"40002": {Fault: User, Retry: Terminal},        // integrity, at the end of a transaction
	"42":    {Fault: User, Retry: Terminal},        // syntax or access rule
	"42501": {Fault: Dependency, Retry: Terminal},  // privilege
	"44":    {Fault: User, Retry: Terminal},        // check option
	"53":    {Fault: Dependency, Retry: Retryable}, // resources
	"53100": {Fault: Dependency, Retry: Undecided}, // disk full
	"54":    {Fault: User, Retry: Terminal},        // program limit
	"55":    {Fault: Dependency, Retry: Undecided}, // object state
	"55P03": {Fault: Dependency, Retry: Retryable}, // lock not available
	"57":    {Fault: Dependency, Retry: Retryable}, // operator intervention
	"57014": {Fault: Dependency, Retry: Undecided}, // query cancelled, mostly by its own timeout
	"57P04": {Fault: User, Retry: Terminal},        // database dropped
	"58":    {Fault: Dependency, Retry: Retryable}, // system of the database
	"70100": {Fault: Dependency, Retry: Undecided}, // MySQL: query interrupted
	"F0":    {Fault: Dependency, Retry: Undecided}, // configuration file
	"HV":    {Fault: Dependency, Retry: Undecided}, // foreign data
	"HY":    {Fault: Dependency, Retry: Undecided}, // of the driver or database
	"P0":    {Fault: User, Retry: Terminal},        // raised by a procedure
	"XX":    {Fault: Dependency, Retry: Undecided}, // internal
}

// ofMySQL judges an error of MySQL. Its number is more specific than the class; see
// https://dev.mysql.com/doc/mysql-errors/8.4/en/server-error-reference.html.
func ofMySQL(state string, number uint64) Evidence {
	e := ofSQLState(state)
	if own, ok := mysql[number]; ok {
		e.Weight, e.Fault, e.Retry = Coded, own.Fault, own.Retry
	}
	return e
}

var mysql = map[uint64]Evidence{
	1040: {Fault: Dependency, Retry: Retryable}, // too many connections
	1044: {Fault: Dependency, Retry: Terminal},  // access to the database denied
	1045: {Fault: Dependency, Retry: Terminal},  // credentials
	1142: {Fault: Dependency, Retry: Terminal},  // access to the table denied
	1143: {Fault: Dependency, Retry: Terminal},  // access to the column denied
	1203: {Fault: Dependency, Retry: Retryable}, // too many connections of this user
	1226: {Fault: Dependency, Retry: Retryable}, // a limit of this user
	1205: {Fault: Dependency, Retry: Retryable}, // lock wait timeout
	1290: {Fault: Dependency, Retry: Retryable}, // read only, as after a failover
	1317: {Fault: Dependency, Retry: Undecided}, // query interrupted
	1364: {Fault: User, Retry: Terminal},        // no default value
	1366: {Fault: User, Retry: Terminal},        // wrong value
	1836: {Fault: Dependency, Retry: Retryable}, // read only
	3024: {Fault: Dependency, Retry: Undecided}, // statement timeout
	3572: {Fault: Dependency, Retry: Retryable}, // lock not available
}

// ofRedis judges a reply of Redis by its first word, which is the kind of error; see
// https://redis.io/docs/latest/develop/reference/protocol-spec/#simple-errors.
func ofRedis(reply string) Evidence {
	if reply == "redis: nil" {
		return says(Typed, User, Terminal, "a key that does not exist")
	}
	for start, e := range ofERR {
		if strings.HasPrefix(reply, start) {
			return e
		}
	}
	word, _, _ := strings.Cut(reply, " ")
	e, ok := replies[word]
	if !ok {
		return Evidence{}
	}
	e.Weight, e.Kind, e.Code = Coded, Redis, word
	return e
}

// ofERR are replies that begin with the generic word ERR.
var ofERR = map[string]Evidence{
	"ERR max number of clients": {Weight: Coded, Fault: Dependency, Retry: Retryable, Kind: Redis, Code: "ERR"},
	"ERR invalid password":      {Weight: Coded, Fault: Dependency, Retry: Terminal, Kind: Redis, Code: "ERR"},
	"ERR Client sent AUTH":      {Weight: Coded, Fault: Dependency, Retry: Terminal, Kind: Redis, Code: "ERR"},
	"ERR AUTH":                  {Weight: Coded, Fault: Dependency, Retry: Terminal, Kind: Redis, Code: "ERR"},
}

var replies = map[string]Evidence{
	"BUSY":        {Fault: Dependency, Retry: Retryable},
	"CLUSTERDOWN": {Fault: Dependency, Retry: Retryable},
	"ERR":         {Fault: User, Retry: Terminal},
	"EXECABORT":   {Fault: User, Retry: Terminal},
	"LOADING":     {Fault: Dependency, Retry: Retryable},
	"MASTERDOWN":  {Fault: Dependency, Retry: Retryable},
	"MISCONF":     {Fault: Dependency, Retry: Retryable},
	"NOAUTH":      {Fault: Dependency, Retry: Terminal},
	"NOPERM":      {Fault: Dependency, Retry: Terminal},
	"NOREPLICAS":  {Fault: Dependency, Retry: Retryable},
	"OOM":         {Fault: Dependency, Retry: Retryable},
	"READONLY":    {Fault: Dependency, Retry: Retryable},
	"TRYAGAIN":    {Fault: Dependency, Retry: Retryable},
	"WRONGPASS":   {Fault: Dependency, Retry: Terminal},
	"WRONGTYPE":   {Fault: User, Retry: Terminal},
}

func ofSQLite(code int) Evidence {
	e, ok := sqlite[code&0xff] // the rest extends it
	if !ok {
		return Evidence{}
	}
	e.Weight, e.Kind, e.Code = Coded, SQLite, strconv.Itoa(code)
	return e
}

// sqlite are the primary result codes of SQLite, see
// https://www.sqlite.org/rescode.html. A database of SQLite is a file of this
// machine.
var sqlite = map[int]Evidence{
	1:  {Fault: User, Retry: Terminal},       // SQLITE_ERROR: the statement
	3:  {Fault: System, Retry: Terminal},     // SQLITE_PERM
	4:  {Fault: System, Retry: Retryable},    // SQLITE_ABORT
	5:  {Fault: System, Retry: Retryable},    // SQLITE_BUSY
	6:  {Fault: System, Retry: Retryable},    // SQLITE_LOCKED
	7:  {Fault: System, Retry: Retryable},    // SQLITE_NOMEM
	8:  {Fault: System, Retry: Terminal},     // SQLITE_READONLY
	9:  {Fault: Cancelled, Retry: Undecided}, // SQLITE_INTERRUPT
	10: {Fault: System, Retry: Undecided},    // SQLITE_IOERR
	11: {Fault: System, Retry: Terminal},     // SQLITE_CORRUPT
	13: {Fault: System, Retry: Undecided},    // SQLITE_FULL
	14: {Fault: System, Retry: Terminal},     // SQLITE_CANTOPEN
	17: {Fault: System, Retry: Retryable},    // SQLITE_SCHEMA
	18: {Fault: User, Retry: Terminal},       // SQLITE_TOOBIG
	19: {Fault: User, Retry: Terminal},       // SQLITE_CONSTRAINT
	20: {Fault: User, Retry: Terminal},       // SQLITE_MISMATCH
	21: {Fault: System, Retry: Terminal},     // SQLITE_MISUSE
	23: {Fault: System, Retry: Terminal},     // SQLITE_AUTH
	25: {Fault: User, Retry: Terminal},       // SQLITE_RANGE
	26: {Fault: User, Retry: Terminal},       // SQLITE_NOTADB
}
