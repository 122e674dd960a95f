//go:build linux

package corpustest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	"github.com/redis/go-redis/v9"
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

// postgresFailures are those that a PostgreSQL server reports, and those of a
// server that is not there.
var postgresFailures = []provocation{
	pgCode("22003", "value out of range"),
	pgCode("22P02", "invalid input syntax"),
	pgCode("23502", "not null violation"),
	pgCode("23503", "foreign key violation"),
	pgCode("23505", "unique violation"),
	pgCode("23514", "check violation"),
	pgCode("25006", "read-only transaction"),
	pgCode("40001", "serialization failure"),
	pgCode("40P01", "deadlock"),
	pgCode("42501", "insufficient privilege"),
	pgCode("42601", "syntax error"),
	pgCode("42P01", "undefined table"),
	pgCode("53100", "disk full"),
	pgCode("53200", "out of memory"),
	pgCode("54001", "statement too complex"),
	pgCode("55P03", "lock not available"),
	pgCode("57014", "query cancelled"),
	pgCode("57P01", "admin shutdown"),
	pgCode("08006", "connection failure"),
	pgCode("P0001", "raised exception"),
	pgCode("XX000", "internal error"),
	pgStartup("28P01", "invalid password"),
	pgStartup("3D000", "database missing"),
	pgStartup("53300", "too many connections"),
	pgStartup("57P03", "starting up"),
	{"postgres not there", func(t *testing.T) error { return queryPgx(t, refusing(t)) }},
	{"postgres silent", func(t *testing.T) error { return queryPgxWithin(t, serve(t, silent), short, time.Minute) }},
	{"postgres hangs up", func(t *testing.T) error { return queryPgx(t, serve(t, hangUp)) }},
	{"postgres hangs up during a query", func(t *testing.T) error {
		return queryPgx(t, servePostgres(t, func(*pgproto3.Backend) {}))
	}},
	{"postgres slow", func(t *testing.T) error {
		addr := servePostgres(t, func(b *pgproto3.Backend) { _, _ = b.Receive() })
		return queryPgxWithin(t, addr, time.Minute, short)
	}},
	{"postgres without rows", func(t *testing.T) error {
		return queryPgx(t, servePostgres(t, func(b *pgproto3.Backend) {
			b.Send(&pgproto3.RowDescription{Fields: []pgproto3.FieldDescription{{Name: []byte("id"), DataTypeOID: 23}}})
			b.Send(&pgproto3.CommandComplete{CommandTag: []byte("SELECT 0")})
			b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
			_ = b.Flush()
			_, _ = b.Receive()
		}))
	}},
	{"postgres address malformed", func(t *testing.T) error {
		_, err := pgx.Connect(t.Context(), "postgres://127.0.0.1:port/orders")
		return fmt.Errorf("connect to warehouse: %w", err)
	}},
	{"postgres through lib/pq: unique violation", func(t *testing.T) error {
		return queryPq(t, servePostgres(t, refuse("23505", "unique violation")))
	}},
	{"postgres through lib/pq: deadlock", func(t *testing.T) error {
		return queryPq(t, servePostgres(t, refuse("40P01", "deadlock")))
	}},
	{"postgres through lib/pq: too many connections", func(t *testing.T) error {
		return queryPq(t, serve(t, refuseStartup("53300", "too many connections")))
	}},
	{"postgres through lib/pq: not there", func(t *testing.T) error { return queryPq(t, refusing(t)) }},
}

// pgCode is a query that the server refuses.
func pgCode(code, name string) provocation {
	return provocation{"postgres " + code + ", " + name, func(t *testing.T) error {
		return queryPgx(t, servePostgres(t, refuse(code, name)))
	}}
}

// pgStartup is a connection that the server refuses.
func pgStartup(code, name string) provocation {
	return provocation{"postgres " + code + ", " + name, func(t *testing.T) error {
		return queryPgx(t, serve(t, refuseStartup(code, name)))
	}}
}

func queryPgx(t *testing.T, addr string) error {
	return queryPgxWithin(t, addr, time.Minute, time.Minute)
}

// queryPgxWithin gives the two calls a deadline each.
func queryPgxWithin(t *testing.T, addr string, connecting, querying time.Duration) error {
	ctx, cancel := context.WithTimeout(t.Context(), connecting)
	defer cancel()
	conn, err := pgx.Connect(ctx, dsn(addr)+"&default_query_exec_mode=simple_protocol")
	if err != nil {
		return fmt.Errorf("connect to warehouse: %w", err)
	}
	defer conn.Close(context.Background())
	ctx, cancel = context.WithTimeout(t.Context(), querying)
	defer cancel()
	var id int
	return fmt.Errorf("find order: %w", conn.QueryRow(ctx, "SELECT id FROM orders").Scan(&id))
}

func queryPq(t *testing.T, addr string) error {
	var id int
	return fmt.Errorf("find order: %w", openDB(t, "postgres", dsn(addr)).QueryRow("SELECT id FROM orders").Scan(&id))
}

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

// redisFailures are those of a Redis server, and of one that is not there.
var redisFailures = []provocation{
	{"redis key missing", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		return fmt.Errorf("load session: %w", client.Get(ctx, "missing").Err())
	}},
	{"redis key of another kind", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		client.Set(ctx, "session", "x", 0)
		return fmt.Errorf("queue: %w", client.LPush(ctx, "session", "x").Err())
	}},
	{"redis value no number", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		client.Set(ctx, "session", "x", 0)
		return fmt.Errorf("count: %w", client.Incr(ctx, "session").Err())
	}},
	{"redis command unknown", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		return fmt.Errorf("count: %w", client.Do(ctx, "INCREMENT", "x").Err())
	}},
	{"redis transaction overtaken", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		other := clientOf(t, client.Options().Addr, time.Minute)
		return fmt.Errorf("reserve: %w", client.Watch(ctx, func(tx *redis.Tx) error {
			other.Set(ctx, "stock", 1, 0)
			_, err := tx.TxPipelined(ctx, func(p redis.Pipeliner) error { return p.Decr(ctx, "stock").Err() })
			return err
		}, "stock"))
	}},
	redisSays("NOAUTH Authentication required."),
	redisSays("LOADING Redis is loading the dataset in memory"),
	redisSays("READONLY You can't write against a read only replica."),
	redisSays("OOM command not allowed when used memory > 'maxmemory'."),
	redisSays("CLUSTERDOWN The cluster is down"),
	redisSays("NOPERM this user has no permissions to run the 'set' command"),
	{"redis not there", func(t *testing.T) error { return setRedis(t.Context(), clientOf(t, refusing(t), time.Minute)) }},
	{"redis silent", func(t *testing.T) error { return setRedis(t.Context(), clientOf(t, serve(t, silent), short)) }},
	{"redis client closed", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		_ = client.Close()
		return setRedis(ctx, client)
	}},
	{"redis connections used up", func(t *testing.T) error {
		ctx, client := newRedis(t, "")
		conn := client.Conn()
		defer conn.Close()
		conn.Ping(ctx)
		return setRedis(ctx, client)
	}},
}

// redisSays is a command that the server refuses.
func redisSays(text string) provocation {
	return provocation{"redis says " + text, func(t *testing.T) error {
		ctx, client := newRedis(t, text)
		return setRedis(ctx, client)
	}}
}

func setRedis(ctx context.Context, client *redis.Client) error {
	return fmt.Errorf("store session: %w", client.Set(ctx, "session", "x", 0).Err())
}
