//go:build linux

package corpustest

import (
	"bufio"
	"bytes"
	"cmp"
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/alicebob/miniredis/v2"
	"github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	_ "github.com/lib/pq"
	pkgerrors "github.com/pkg/errors"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

func sqliteUnique(t *testing.T) error {
	db := openDB(t, "sqlite", ":memory:")
	db.SetMaxOpenConns(1) // each connection has a memory of its own
	mustExec(t, db, "CREATE TABLE customers (email TEXT UNIQUE); INSERT INTO customers VALUES ('a@example.com')")
	_, err := db.Exec("INSERT INTO customers VALUES (?)", "a@example.com")
	return fmt.Errorf("import: %w", fmt.Errorf("row 2: %w", err))
}

func sqliteBusy(t *testing.T) error {
	file := filepath.Join(t.TempDir(), "jobs.db")
	db := openDB(t, "sqlite", file)
	mustExec(t, db, "CREATE TABLE runs (id INTEGER)")
	other, err := db.Conn(t.Context())
	require.NoError(t, err)
	defer other.Close()
	_, err = other.ExecContext(t.Context(), "BEGIN IMMEDIATE")
	require.NoError(t, err)
	_, err = openDB(t, "sqlite", file).Exec("INSERT INTO runs VALUES (1)")
	return fmt.Errorf("record the run: %w", err)
}

func sqliteSyntax(t *testing.T) error {
	query := "SELEC * FROM sales"
	_, err := openDB(t, "sqlite", ":memory:").Query(query)
	return fmt.Errorf("parameter %q: %w", "query", err)
}

func sqlNoRows(t *testing.T) error {
	db := openDB(t, "sqlite", ":memory:")
	db.SetMaxOpenConns(1)
	mustExec(t, db, "CREATE TABLE customers (id INTEGER, name TEXT)")
	var name string
	err := db.QueryRow("SELECT name FROM customers WHERE id = ?", 4711).Scan(&name)
	return fmt.Errorf("load customer 4711: %w", err)
}

func pqTooManyConnections(t *testing.T) error {
	err := openDB(t, "postgres", postgres(t, "53300", "sorry, too many clients already", true)).Ping()
	return pkgerrors.WithMessage(pkgerrors.WithStack(err), "open the warehouse")
}

func pgxSerialization(t *testing.T) error {
	return fmt.Errorf("book order 7: %w", pgxExec(t,
		"UPDATE accounts SET balance = balance - 1", "40001", "could not serialize access due to concurrent update"))
}

func pgxInvalidText(t *testing.T) error {
	return fmt.Errorf("load row 12 of customers.csv: %w", pgxExec(t,
		"INSERT INTO customers (age) VALUES ('abc')", "22P02", `invalid input syntax for type integer: "abc"`))
}

func pgxPassword(t *testing.T) error {
	_, err := pgx.Connect(t.Context(), postgres(t, "28P01", `password authentication failed for user "job"`, true))
	return fmt.Errorf("open the warehouse: %w", err)
}

// pgxExec runs query on a server that answers it with this error.
func pgxExec(t *testing.T, query, code, message string) error {
	conn, err := pgx.Connect(t.Context(), postgres(t, code, message, false))
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(context.Background()) })
	_, err = conn.Exec(t.Context(), query, pgx.QueryExecModeSimpleProtocol)
	return err
}

// postgres returns the connection string of a server that knows one answer: the
// error with this SQLSTATE, to a connection or else to every query.
func postgres(t *testing.T, code, message string, toConnection bool) string {
	failure := pgMessage('E', "SERROR\x00VERROR\x00C"+code+"\x00M"+message+"\x00\x00")
	ready := pgMessage('Z', "I")
	addr := tcpServer(t, func(conn net.Conn) {
		r := bufio.NewReader(conn)
		pgSkip(r) // the startup message, which has no type
		if toConnection {
			conn.Write(failure)
			return
		}
		conn.Write(append(pgMessage('R', "\x00\x00\x00\x00"), ready...))
		for {
			if kind, err := r.ReadByte(); err != nil || kind != 'Q' {
				return
			}
			pgSkip(r)
			conn.Write(append(bytes.Clone(failure), ready...))
		}
	})
	host, port, err := net.SplitHostPort(addr)
	require.NoError(t, err)
	return fmt.Sprintf("host=%s port=%s user=job password=secret dbname=shop sslmode=disable", host, port)
}

func pgMessage(kind byte, body string) []byte {
	return append(binary.BigEndian.AppendUint32([]byte{kind}, uint32(4+len(body))), body...)
}

func pgSkip(r io.Reader) error {
	var length uint32
	err := binary.Read(r, binary.BigEndian, &length)
	_, err2 := io.CopyN(io.Discard, r, int64(length)-4)
	return cmp.Or(err, err2)
}

func mysqlDeadlock(t *testing.T) error {
	addr := tcpServer(t, func(conn net.Conn) {
		mysqlWrite(conn, 0, "\x0a8.4.0\x00"+ // protocol 10, version
			"\x01\x00\x00\x00"+"12345678\x00"+ // thread, first part of the challenge
			"\x00\x82"+"\x2d\x02\x00"+"\x08\x00"+ // PROTOCOL_41 and SECURE_CONNECTION, utf8mb4, PLUGIN_AUTH
			"\x15"+"\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"+"901234567890\x00"+"mysql_native_password\x00")
		mysqlSkip(conn)
		mysqlWrite(conn, 2, "\x00\x00\x00\x02\x00\x00\x00") // welcome
		mysqlSkip(conn)
		mysqlWrite(conn, 1, "\xff\xbd\x04#40001Deadlock found when trying to get lock; try restarting transaction")
		mysqlSkip(conn)
	})
	_, err := openMySQL(t, addr).Exec("UPDATE accounts SET balance = 0")
	return &jobStepError{Step: "settle", Attempt: 1, Err: err}
}

func mysqlHangsUp(t *testing.T) error {
	addr := tcpServer(t, func(net.Conn) {})
	err := openMySQL(t, addr).Ping()
	return fmt.Errorf("settle accounts: %w", fmt.Errorf("open the ledger: %w", err))
}

func openMySQL(t *testing.T, addr string) *sql.DB {
	cfg := mysql.NewConfig()
	cfg.User, cfg.Passwd, cfg.Net, cfg.Addr, cfg.DBName = "job", "secret", "tcp", addr, "shop"
	cfg.Logger = &mysql.NopLogger{}
	connector, err := mysql.NewConnector(cfg)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { db.Close() })
	return db
}

func mysqlWrite(w io.Writer, sequence byte, payload string) {
	io.WriteString(w, string([]byte{byte(len(payload)), 0, 0, sequence})+payload)
}

func mysqlSkip(r io.Reader) {
	var header [4]byte
	io.ReadFull(r, header[:])
	header[3] = 0 // the sequence number
	io.CopyN(io.Discard, r, int64(binary.LittleEndian.Uint32(header[:])))
}

func redisOutOfMemory(t *testing.T) error {
	srv := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: srv.Addr(), MaxRetries: -1})
	defer client.Close()
	require.NoError(t, client.Ping(t.Context()).Err())
	srv.SetError("OOM command not allowed when used memory > 'maxmemory'.")
	err := client.Set(t.Context(), "checkpoint:7", 42, 0).Err()
	return fmt.Errorf("save the checkpoint: %w", err)
}

func openDB(t *testing.T, driver, source string) *sql.DB {
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t *testing.T, db *sql.DB, query string) {
	_, err := db.Exec(query)
	require.NoError(t, err)
}
