//go:build linux

package corpustest

import (
	"fmt"
	"net"
	"testing"
)

// mysqlFailures are those that a MySQL server reports.
var mysqlFailures = []provocation{
	myCode(1062, "23000", "duplicate entry"),
	myCode(1064, "42000", "syntax error"),
	myCode(1146, "42S02", "table missing"),
	myCode(1205, "HY000", "lock wait timeout"),
	myCode(1213, "40001", "deadlock"),
	myCode(1290, "HY000", "read-only server"),
	{"mysql 1040, too many connections", func(t *testing.T) error {
		return queryMySQL(t, serve(t, func(conn net.Conn) {
			_ = sendMySQL(conn, 0, refuseMySQL(1040, "08004", "too many connections"))
		}))
	}},
	{"mysql 1045, access denied", func(t *testing.T) error {
		return queryMySQL(t, serve(t, func(conn net.Conn) {
			if sendMySQL(conn, 0, greeting) == nil && receiveMySQL(conn) == nil {
				_ = sendMySQL(conn, 2, refuseMySQL(1045, "28000", "access denied"))
			}
		}))
	}},
	{"mysql hangs up during a query", func(t *testing.T) error { return queryMySQL(t, serveMySQL(t, nil)) }},
	{"mysql not there", func(t *testing.T) error { return queryMySQL(t, refusing(t)) }},
}

// myCode is a query that the server refuses.
func myCode(code uint16, state, name string) provocation {
	return provocation{fmt.Sprintf("mysql %d, %s", code, name), func(t *testing.T) error {
		return queryMySQL(t, serveMySQL(t, refuseMySQL(code, state, name)))
	}}
}

func queryMySQL(t *testing.T, addr string) error {
	_, err := openDB(t, "mysql", "job@tcp("+addr+")/orders").Exec("DELETE FROM orders")
	return fmt.Errorf("clean up: %w", err)
}
