//go:build linux

package corpustest

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"testing"

	_ "github.com/go-sql-driver/mysql"
	"github.com/stretchr/testify/require"
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
	db, err := sql.Open("mysql", "job@tcp("+addr+")/orders")
	require.NoError(t, err)
	defer db.Close()
	_, err = db.Exec("DELETE FROM orders")
	return fmt.Errorf("clean up: %w", err)
}

// serveMySQL has a server accept a connection and give a query its answer, or
// leave where there is none.
func serveMySQL(t *testing.T, answer []byte) (addr string) {
	return serve(t, func(conn net.Conn) {
		if sendMySQL(conn, 0, greeting) != nil || receiveMySQL(conn) != nil ||
			sendMySQL(conn, 2, []byte{0, 0, 0, 2, 0, 0, 0}) != nil || // OK
			receiveMySQL(conn) != nil {
			return
		}
		if answer != nil {
			_ = sendMySQL(conn, 1, answer)
			silent(conn)
		}
	})
}

// greeting is the first packet of a server: version 10 of the protocol, with
// the capabilities CLIENT_PROTOCOL_41, CLIENT_SECURE_CONNECTION and
// CLIENT_PLUGIN_AUTH.
var greeting = []byte("\x0a8.0.0\x00" + "\x01\x00\x00\x00" + "12345678\x00" + "\x00\x82" + "\x2d" +
	"\x02\x00" + "\x08\x00" + "\x15" + "\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00" + "901234567890\x00" + "mysql_native_password\x00")

// refuseMySQL returns an ERR packet.
func refuseMySQL(code uint16, state, message string) []byte {
	packet := binary.LittleEndian.AppendUint16([]byte{0xff}, code)
	return append(packet, "#"+state+message...)
}

func sendMySQL(conn net.Conn, sequence byte, packet []byte) error {
	header := []byte{byte(len(packet)), byte(len(packet) >> 8), byte(len(packet) >> 16), sequence}
	_, err := conn.Write(append(header, packet...))
	return err
}

func receiveMySQL(conn net.Conn) error {
	header := make([]byte, 4)
	if _, err := io.ReadFull(conn, header); err != nil {
		return err
	}
	size := int64(header[0]) | int64(header[1])<<8 | int64(header[2])<<16
	_, err := io.CopyN(io.Discard, conn, size)
	return err
}
