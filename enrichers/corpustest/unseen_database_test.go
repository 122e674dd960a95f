//go:build linux

package corpustest

import (
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"

	"github.com/alicebob/miniredis/v2"
	_ "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgproto3"
	_ "github.com/lib/pq"
	"github.com/redis/go-redis/v9"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"
)

func unseenOrderDuplicate(t *testing.T) error {
	db := unseenOpen(t, "sqlite", ":memory:")
	unseenExec(t, db, `create table orders (number text primary key)`)
	unseenExec(t, db, `insert into orders values ('A-1')`)
	_, err := db.Exec(`insert into orders values ('A-1')`)
	return fmt.Errorf("import orders: %w", fmt.Errorf("line 2: %w", err))
}

func unseenDatabaseLocked(t *testing.T) error {
	path := filepath.Join(t.TempDir(), "state.db")
	writer, job := unseenOpen(t, "sqlite", path), unseenOpen(t, "sqlite", path)
	unseenExec(t, writer, `begin immediate`)
	_, err := job.Exec(`create table checkpoints (id integer)`)
	return fmt.Errorf("save checkpoint: %w", err)
}

func unseenDatabaseFull(t *testing.T) error {
	db := unseenOpen(t, "sqlite", filepath.Join(t.TempDir(), "cache.db"))
	unseenExec(t, db, `pragma max_page_count = 8`)
	unseenExec(t, db, `create table tiles (png blob)`)
	_, err := db.Exec(`insert into tiles values (zeroblob(100000))`)
	return &unseenStepError{"render-tiles", 3, err}
}

func unseenSerialization(t *testing.T) error {
	dsn := unseenPostgres(t, &pgproto3.ErrorResponse{
		Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "40001",
		Message: "could not serialize access due to concurrent update",
	})
	return fmt.Errorf("post bookings: %w", unseenPGExec(t, dsn, "update accounts set balance = balance - 1"))
}

func unseenBatchOutOfRange(t *testing.T) error {
	dsn := unseenPostgres(t, &pgproto3.ErrorResponse{
		Severity: "ERROR", SeverityUnlocalized: "ERROR", Code: "22003", Message: "integer out of range",
	})
	return fmt.Errorf("load meters: %w", errors.Join(
		fmt.Errorf("row 7: %w", unseenPGExec(t, dsn, "insert into readings values (99999999999)")),
		fmt.Errorf("row 9: %w", unseenPGExec(t, dsn, "insert into readings values (99999999998)")),
	))
}

func unseenBackendTerminated(t *testing.T) error {
	dsn := unseenPostgres(t, &pgproto3.ErrorResponse{
		Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "57P01",
		Message: "terminating connection due to administrator command",
	})
	_, err := unseenOpen(t, "postgres", dsn).Exec("delete from sessions")
	return fmt.Errorf("purge sessions: %w", err)
}

func unseenTooManyConnections(t *testing.T) error {
	addr := unseenServe(t, func(conn net.Conn) {
		// MySQL refuses with an ERR packet in place of its greeting.
		payload := "\xff\x10\x04Too many connections"
		_, _ = conn.Write(append([]byte{byte(len(payload)), 0, 0, 0}, payload...))
		_, _ = io.Copy(io.Discard, conn)
	})
	err := unseenOpen(t, "mysql", "report@tcp("+addr+")/sales").Ping()
	return fmt.Errorf("nightly report: %w", fmt.Errorf("open sales: %w", err))
}

func unseenRedisFull(t *testing.T) error {
	server := miniredis.RunT(t)
	client := redis.NewClient(&redis.Options{Addr: server.Addr(), MaxRetries: -1, PoolSize: 1})
	t.Cleanup(func() { client.Close() })
	require.NoError(t, client.Ping(t.Context()).Err())
	server.SetError("OOM command not allowed when used memory > 'maxmemory'.")
	return fmt.Errorf("enqueue children: %w", client.LPush(t.Context(), "queue", "job").Err())
}

// unseenOpen opens a database and uses one connection, so that a pragma and a
// lock belong to who asked for them.
func unseenOpen(t *testing.T, driver, dsn string) *sql.DB {
	db, err := sql.Open(driver, dsn)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

func unseenExec(t *testing.T, db *sql.DB, query string) {
	_, err := db.Exec(query)
	require.NoError(t, err)
}

func unseenPGExec(t *testing.T, dsn, query string) error {
	conn, err := pgconn.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { conn.Close(t.Context()) })
	_, err = conn.Exec(t.Context(), query).ReadAll()
	return err
}

// unseenPostgres lets everybody in and answers every query with an error. A
// fatal one ends the connection.
func unseenPostgres(t *testing.T, answer *pgproto3.ErrorResponse) (dsn string) {
	addr := unseenServe(t, func(conn net.Conn) {
		backend := pgproto3.NewBackend(conn, conn)
		if _, err := backend.ReceiveStartupMessage(); err != nil {
			return
		}
		backend.Send(&pgproto3.AuthenticationOk{})
		backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		for backend.Flush() == nil {
			msg, err := backend.Receive()
			if err != nil {
				return
			}
			if _, ok := msg.(*pgproto3.Query); !ok {
				continue
			}
			backend.Send(answer)
			if answer.Severity == "FATAL" {
				_ = backend.Flush()
				return
			}
			backend.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		}
	})
	return "postgres://job@" + addr + "/app?sslmode=disable"
}
