//go:build linux

package corpustest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// sqliteFailures are those of statements, and of a database on the machine.
var sqliteFailures = []provocation{
	execute("syntax", "SELEC 1"),
	execute("table missing", "SELECT * FROM refunds"),
	execute("column missing", "SELECT colour FROM items"),
	execute("unique violation", "INSERT INTO items VALUES (1, 'x', 1)"),
	execute("not null violation", "INSERT INTO items VALUES (2, NULL, 1)"),
	execute("check violation", "INSERT INTO items VALUES (2, 'x', -1)"),
	execute("foreign key violation", "INSERT INTO orders VALUES (1, 99)"),
	execute("type mismatch", "INSERT INTO items VALUES ('seven', 'x', 1)"),
	execute("full", "PRAGMA max_page_count = 1; CREATE TABLE large AS SELECT zeroblob(1000000)"),
	{"sqlite read-only", func(t *testing.T) error {
		path := newDatabase(t)
		_, err := open(t, "file:"+path+"?mode=ro").Exec("DELETE FROM items")
		return fmt.Errorf("clean up: %w", err)
	}},
	{"sqlite busy", func(t *testing.T) error {
		path := newDatabase(t)
		tx, err := open(t, "file:"+path+"?_txlock=immediate").Begin()
		require.NoError(t, err)
		defer func() { _ = tx.Rollback() }()
		_, err = open(t, "file:"+path).Exec("DELETE FROM items")
		return fmt.Errorf("clean up: %w", err)
	}},
	{"sqlite file of something else", func(t *testing.T) error {
		path := newFile(t, "id,price\n1,2\n")
		return fmt.Errorf("open state: %w", open(t, "file:"+path).QueryRow("SELECT * FROM items").Err())
	}},
	{"sqlite directory missing", func(t *testing.T) error {
		path := filepath.Join(t.TempDir(), "missing", "state.db")
		return fmt.Errorf("open state: %w", open(t, "file:"+path).Ping())
	}},
	{"sql without rows", func(t *testing.T) error {
		var name string
		err := open(t, newDatabase(t)).QueryRow("SELECT name FROM items WHERE id = 7").Scan(&name)
		return fmt.Errorf("find item 7: %w", err)
	}},
	{"sql into the wrong type", func(t *testing.T) error {
		var name int
		err := open(t, newDatabase(t)).QueryRow("SELECT name FROM items").Scan(&name)
		return fmt.Errorf("find item: %w", err)
	}},
	{"sql after the transaction", func(t *testing.T) error {
		tx, err := open(t, newDatabase(t)).Begin()
		require.NoError(t, err)
		require.NoError(t, tx.Commit())
		_, err = tx.Exec("DELETE FROM items")
		return fmt.Errorf("clean up: %w", err)
	}},
	{"sql after the connection", func(t *testing.T) error {
		conn, err := open(t, newDatabase(t)).Conn(t.Context())
		require.NoError(t, err)
		require.NoError(t, conn.Close())
		return fmt.Errorf("clean up: %w", conn.PingContext(t.Context()))
	}},
	{"sql of a job that was cancelled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := open(t, newDatabase(t)).ExecContext(ctx, "DELETE FROM items")
		return fmt.Errorf("clean up: %w", err)
	}},
	{"sql driver without a good connection", func(t *testing.T) error {
		db := sql.OpenDB(badConnector{})
		defer db.Close()
		return fmt.Errorf("connect to warehouse: %w", db.PingContext(t.Context()))
	}},
	{"sql driver unknown", func(*testing.T) error {
		_, err := sql.Open("oracle", "")
		return fmt.Errorf("connect to warehouse: %w", err)
	}},
}

// A badConnector is a driver whose server drops every connection.
type badConnector struct{}

func (badConnector) Connect(context.Context) (driver.Conn, error) { return nil, driver.ErrBadConn }
func (badConnector) Driver() driver.Driver                        { return nil }

func execute(name, statement string) provocation {
	return provocation{"sqlite " + name, func(t *testing.T) error {
		_, err := open(t, newDatabase(t)).Exec(statement)
		return fmt.Errorf("run step 3: %w", err)
	}}
}

// newDatabase returns the path of a small database.
func newDatabase(t *testing.T) string {
	path := filepath.Join(t.TempDir(), "state.db")
	_, err := open(t, path).Exec(`
		CREATE TABLE items (id INTEGER PRIMARY KEY, name TEXT NOT NULL, price INTEGER CHECK (price >= 0));
		CREATE TABLE orders (id INTEGER PRIMARY KEY, item INTEGER REFERENCES items);
		INSERT INTO items VALUES (1, 'hammer', 12)`)
	require.NoError(t, err)
	return path
}

func open(t *testing.T, source string) *sql.DB {
	db := openDB(t, "sqlite", source)
	_, _ = db.Exec("PRAGMA foreign_keys = ON") // fails if it cannot be opened, which the caller finds out
	return db
}
