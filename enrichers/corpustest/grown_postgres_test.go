//go:build linux

package corpustest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
)

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
