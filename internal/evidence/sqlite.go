package evidence

import (
	"strconv"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// sqliteClients have a method Code (modernc.org, zombiezen, ncruces) or fields (mattn).
var sqliteClients = client{
	local: true,
	paths: []string{"modernc.org/sqlite", "github.com/mattn/go-sqlite3", "zombiezen.com/go/sqlite", "github.com/ncruces/go-sqlite3", "crawshaw.io/sqlite", "github.com/glebarez/go-sqlite"},
	judge: func(v *Verdict, err error) {
		code, ok := inspect.Result(err, "Code")
		if extended, has := inspect.Int(err, "ExtendedCode"); has && extended != 0 {
			code, ok = extended, true
		}
		if !ok {
			code, ok = inspect.Int(err, "Code")
		}
		if ok {
			v.add(ofSQLite(int(code)))
		}
	},
}

func ofSQLite(code int) Evidence {
	e, ok := sqlite.of(strconv.Itoa(code))
	if !ok {
		e, ok = sqlite.of(strconv.Itoa(code & 0xff)) // the rest extends it
	}
	if ok {
		e.Code = strconv.Itoa(code)
	}
	return e
}

// sqlite are the primary result codes and some extended ones. A database of SQLite is a
// file of this machine.
var sqlite = &Table{
	Kind: SQLite, Title: "Result code of SQLite",
	Source: "https://www.sqlite.org/rescode.html",
	Rows: []Row{
		{User, Terminal, "1=SQLITE_ERROR 12=SQLITE_NOTFOUND 16=SQLITE_EMPTY 18=SQLITE_TOOBIG 19=SQLITE_CONSTRAINT 20=SQLITE_MISMATCH 25=SQLITE_RANGE 26=SQLITE_NOTADB"},
		{System, Retryable, "4=SQLITE_ABORT 5=SQLITE_BUSY 6=SQLITE_LOCKED 7=SQLITE_NOMEM 15=SQLITE_PROTOCOL 17=SQLITE_SCHEMA 513=SQLITE_ERROR_RETRY 769=SQLITE_ERROR_SNAPSHOT"},
		{System, Undecided, "2=SQLITE_INTERNAL 10=SQLITE_IOERR 13=SQLITE_FULL 14=SQLITE_CANTOPEN 1032=SQLITE_READONLY_DBMOVED"},
		{System, Terminal, "3=SQLITE_PERM 8=SQLITE_READONLY 11=SQLITE_CORRUPT 21=SQLITE_MISUSE 22=SQLITE_NOLFS 23=SQLITE_AUTH 24=SQLITE_FORMAT"},
		{Cancelled, Undecided, "9=SQLITE_INTERRUPT"},
	},
}
