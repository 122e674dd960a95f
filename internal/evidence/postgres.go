package evidence

// postgresClients have the SQLSTATE behind a method SQLState or Field.
var postgresClients = client{
	paths:     []string{"github.com/lib/pq", "github.com/jackc/pgx", "github.com/jackc/pgconn", "github.com/jackc/puddle", "github.com/go-pg/pg", "github.com/uptrace/bun", "github.com/vertica/vertica-sql-go"},
	ownFields: true,
}
