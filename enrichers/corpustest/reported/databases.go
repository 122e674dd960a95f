package reported

import (
	"fmt"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	gopg "github.com/go-pg/pg/v10"
	"github.com/go-zookeeper/zk"
	"github.com/gocql/gocql"
	redigo "github.com/gomodule/redigo/redis"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	"github.com/snowflakedb/gosnowflake"
	"go.mongodb.org/mongo-driver/v2/mongo"
)

var databases = []Failure{
	{"pq/cached-plan", func() error {
		return fmt.Errorf("load accounts: %w", &pq.Error{Severity: "ERROR", Code: "0A000", Message: "cached plan must not change result type", Routine: "RevalidateCachedQuery"})
	}},
	{"pgx/pgbouncer-no-statement", func() error {
		return fmt.Errorf("next batch: %w", &pgconn.PgError{Severity: "ERROR", Code: "26000", Message: `prepared statement "stmtcache_22" does not exist`})
	}},
	{"pgx/pgbouncer-08P01", func() error {
		return fmt.Errorf("migrate: %w", &pgconn.PgError{Severity: "ERROR", Code: "08P01", Message: "prepared statement name is already in use"})
	}},
	{"go-pg/too-many-clients", func() error {
		addr, stop := postgres("53300", "sorry, too many clients already")
		defer stop()
		db := gopg.Connect(&gopg.Options{Addr: addr, User: "app", Database: "app", MaxRetries: 0, DialTimeout: 5 * time.Second})
		defer db.Close()
		_, err := db.Exec("SELECT 1")
		return fmt.Errorf("insert event: %w", err)
	}},
	{"mysql/deadlock", func() error {
		return fmt.Errorf("copy rows: %w", mysqlError(1213, "40001", "Deadlock found when trying to get lock; try restarting transaction"))
	}},
	{"mysql/lock-wait-timeout", func() error {
		return fmt.Errorf("prune slabs: %w", mysqlError(1205, "HY000", "Lock wait timeout exceeded; try restarting transaction"))
	}},
	{"mysql/galera-not-ready", func() error {
		return fmt.Errorf("error trying to sequence batch: %w", mysqlError(1047, "08S01", "WSREP has not yet prepared node for application use"))
	}},
	{"mysql/tidb-schema-changed", func() error {
		return fmt.Errorf("commit: %w", mysqlError(8028, "HY000", "Information schema is changed during the execution of the statement(for example, table definition may be updated by other DDL ran in parallel). If you see this error often, try increasing `tidb_max_delta_schema_count`. [try again later]"))
	}},
	{"mysql/tidb-1105-schema-out-of-date", func() error {
		return fmt.Errorf("load: %w", mysqlError(1105, "HY000", "Information schema is out of date."))
	}},
	{"mssql/azure-paused", func() error {
		return fmt.Errorf("read login: %w", mssql.Error{Number: 40613, State: 1, Class: 20, Message: "Database 'orders' on server 'acme' is not currently available.  Please retry the connection later.  If the problem persists, contact customer support, and provide them the session tracing ID of '{B9D7}'.", ServerName: "acme"})
	}},
	{"mongo/not-primary", func() error {
		return fmt.Errorf("save run: %w", mongo.CommandError{Code: 10107, Name: "NotWritablePrimary", Message: "not primary", Labels: []string{"RetryableWriteError"}})
	}},
	{"redis/readonly", func() error {
		return fmt.Errorf("set lock: %w", redisReply("READONLY You can't write against a read only replica."))
	}},
	{"redis/readonly-in-script", func() error {
		return fmt.Errorf("enqueue: %w", redisReply("ERR Error running script (call to f_f74233f556d3f99c50b61169cf8aa8d5deb63fb2): @user_script:5: @user_script: 5: -READONLY You can't write against a read only replica."))
	}},
	{"redigo/max-clients", func() error { return fmt.Errorf("get message: %w", redigo.Error("ERR max number of clients reached")) }},
	{"clickhouse/too-many-parts", func() error {
		return fmt.Errorf("send batch: %w", &clickhouse.Exception{Code: 252, Name: "DB::Exception", Message: "Too many parts (1200). Merges are processing significantly slower than inserts"})
	}},
	{"gocql/unavailable", func() error {
		return fmt.Errorf("store reading: %w", cassandra(&gocql.RequestErrUnavailable{Consistency: gocql.Quorum, Required: 2, Alive: 1}, 0x1000, "Cannot achieve consistency level QUORUM"))
	}},
	{"gocql/no-response", func() error { return fmt.Errorf("store reading: %w", gocql.ErrTimeoutNoResponse) }},
	{"neo4j/not-a-leader", func() error {
		return fmt.Errorf("merge node: %w", &neo4j.Neo4jError{Code: "Neo.ClientError.Cluster.NotALeader", Msg: "No write operations are allowed directly on this database. Writes must pass through the leader. The role of this server is: FOLLOWER"})
	}},
	{"snowflake/token-expired", func() error {
		return fmt.Errorf("copy into: %w", &gosnowflake.SnowflakeError{Number: 390114, SQLState: "08001", Message: "Authentication token has expired.  The user must authenticate again."})
	}},
	{"sqlite/busy", func() error { return fmt.Errorf("save dashboard: %w", sqliteBusy()) }},
	{"zk/session-expired", func() error { return fmt.Errorf("take lock /jobs/import: %w", zk.ErrSessionExpired) }},
}
