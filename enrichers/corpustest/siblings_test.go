//go:build linux

package corpustest

import (
	"archive/zip"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"net/textproto"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/IBM/sarama"
	"github.com/bsm/redislock"
	"github.com/cenkalti/backoff/v5"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-ldap/ldap/v3"
	gopg "github.com/go-pg/pg/v10"
	"github.com/go-sql-driver/mysql"
	"github.com/go-zookeeper/zk"
	"github.com/gocql/gocql"
	"github.com/golang-migrate/migrate/v4"
	"github.com/golang-migrate/migrate/v4/database"
	redigo "github.com/gomodule/redigo/redis"
	consul "github.com/hashicorp/consul/api"
	"github.com/hibiken/asynq"
	"github.com/jackc/pgx/v5/pgconn"
	mssql "github.com/microsoft/go-mssqldb"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/neo4j/neo4j-go-driver/v5/neo4j"
	olivere "github.com/olivere/elastic/v7"
	"github.com/pkg/sftp"
	amqp "github.com/rabbitmq/amqp091-go"
	"github.com/redis/go-redis/v9"
	"github.com/riverqueue/river"
	"github.com/segmentio/kafka-go"
	"github.com/segmentio/kafka-go/protocol"
	"github.com/sijms/go-ora/v2/network"
	"github.com/snowflakedb/gosnowflake"
	"github.com/sony/gobreaker"
	"github.com/stripe/stripe-go/v82"
	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/xuri/excelize/v2"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.temporal.io/sdk/temporal"
	"golang.org/x/crypto/ssh/knownhosts"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"k8s.io/client-go/util/exec"
)

// siblings are other failures of the clients in the set reported, or the same failures of
// rival clients. What is expected of each was written down before the enrichers were run on
// them, and is in testdata/siblings.json with its source.
var siblings = slices.Concat(siblingsMade, siblingsAnswered, siblingsCopied, siblingsLater, values(map[string]error{
	"pgx/cached-plan":          &pgconn.PgError{Severity: "ERROR", Code: "0A000", Message: "cached plan must not change result type"},
	"go-pg/no-rows":            gopg.ErrNoRows,
	"mysql/too-many":           mysqlNumber(1040, "08004", "Too many connections"),
	"mysql/packet-too-large":   mysql.ErrPktTooLarge,
	"mysql/invalid-connection": mysql.ErrInvalidConn,
	"mysql/read-only":          mysqlNumber(1290, "HY000", "The MySQL server is running with the --read-only option so it cannot execute this statement"),
	"mssql/deadlock":           mssql.Error{Number: 1205, State: 51, Class: 13, Message: "Transaction (Process ID 56) was deadlocked on lock resources with another process and has been chosen as the deadlock victim. Rerun the transaction."},
	"mssql/login-failed":       mssql.Error{Number: 18456, State: 1, Class: 14, Message: "Login failed for user 'jobs'."},
	"mssql/request-limit":      mssql.Error{Number: 10928, State: 1, Class: 20, Message: "Resource ID : 1. The request limit for the database is 60 and has been reached."},
	"mongo/write-conflict":     mongo.CommandError{Code: 112, Name: "WriteConflict", Message: "WriteConflict error: this operation conflicted with another operation. Please retry your operation or multi-document transaction.", Labels: []string{"TransientTransactionError"}},
	"mongo/authentication":     mongo.CommandError{Code: 18, Name: "AuthenticationFailed", Message: "Authentication failed."},
	"mongo/object-too-large":   mongo.CommandError{Code: 10334, Name: "BSONObjectTooLarge", Message: "BSONObj size: 16793600 (0x1004000) is invalid. Size must be between 0 and 16793600(16MB) First element: _id: 1"},
	"mongo/bulk-shutdown":      mongo.BulkWriteException{WriteConcernError: &mongo.WriteConcernError{Code: 91, Name: "ShutdownInProgress", Message: "Replication is being shut down"}, Labels: []string{"RetryableWriteError"}},
	"redis/pool-timeout":       redis.ErrPoolTimeout,
	"redigo/pool-exhausted":    redigo.ErrPoolExhausted,
	"clickhouse/memory-limit":  &clickhouse.Exception{Code: 241, Name: "DB::Exception", Message: "Memory limit (total) exceeded: would use 14.00 GiB (attempt to allocate chunk of 4219504 bytes), maximum: 13.97 GiB."},
	"clickhouse/acquire":       clickhouse.ErrAcquireConnTimeout,
	"gocql/no-connections":     gocql.ErrNoConnections,
	"gocql/write-timeout":      &gocql.RequestErrWriteTimeout{Consistency: gocql.Quorum, Received: 1, BlockFor: 2, WriteType: "SIMPLE"},
	"neo4j/deadlock":           &neo4j.Neo4jError{Code: "Neo.TransientError.Transaction.DeadlockDetected", Msg: "ForsetiClient[3] can't acquire ExclusiveLock{owner=ForsetiClient[1]} on NODE(6), because holders of that lock are waiting for ForsetiClient[3]."},
	"snowflake/waiters":        &gosnowflake.SnowflakeError{Number: 625, SQLState: "57014", Message: "Statement '01a' has locked table 'ORDERS' in transaction 1 and this lock has not yet been released. Your statement was aborted because the number of waiters for this lock exceeds the 20 statements limit."},
	"zk/connection-closed":     zk.ErrConnectionClosed,
	"oracle/no-handler":        &network.OracleError{ErrCode: 12516, ErrMsg: "ORA-12516: TNS:listener could not find available handler with matching protocol stack"},
	"oracle/row-locked":        &network.OracleError{ErrCode: 54, ErrMsg: "ORA-00054: resource busy and acquire with NOWAIT specified or timeout expired"},

	"kafka-go/write-errors":    kafka.WriteErrors{nil, kafka.NotLeaderForPartition},
	"kafka-go/topic-forbidden": kafka.TopicAuthorizationFailed,
	"sarama/offset":            &sarama.ConsumerError{Topic: "events", Partition: 3, Err: sarama.ErrOffsetOutOfRange},
	"franz/unknown-member":     kerr.UnknownMemberID,
	"nats/max-payload":         nats.ErrMaxPayload,
	"nats/authorization":       nats.ErrAuthorization,
	"jetstream/no-response":    jetstream.ErrNoStreamResponse,
	"jetstream/resources":      &jetstream.APIError{Code: 503, ErrorCode: 10023, Description: "insufficient resources"},
	"jetstream/last-sequence":  &jetstream.APIError{Code: 400, ErrorCode: 10071, Description: "wrong last sequence: 5"},
	"amqp/closed":              amqp.ErrClosed,
	"amqp/no-queue":            &amqp.Error{Code: 404, Reason: "NOT_FOUND - no queue 'jobs' in vhost '/'", Server: true, Recover: true},
	"amqp/shutdown":            &amqp.Error{Code: 320, Reason: "CONNECTION_FORCED - broker forced connection closure with reason 'shutdown'", Server: true},

	"ldap/invalid-credentials": ldap.NewError(49, errors.New("80090308: LdapErr: DSID-0C09044E, comment: AcceptSecurityContext error, data 52e, v2580")),
	"ldap/size-limit":          ldap.NewError(4, errors.New("")),
	"etcd/no-space":            rpctypes.ErrNoSpace,
	"etcd/no-leader":           rpctypes.ErrNoLeader,
	"grpc/unknown-authority":   status.Error(codes.Unavailable, `connection error: desc = "transport: authentication handshake failed: tls: failed to verify certificate: x509: certificate signed by unknown authority"`),
	"grpc/unimplemented":       status.Error(codes.Unimplemented, "unknown method Reserve for service shop.Stock"),
	"grpc/no-space":            status.Error(codes.ResourceExhausted, "write /var/lib/containerd/io.containerd.content.v1.content/ingest/a1/data: no space left on device"),
	"grpc/stream-reset":        status.Error(codes.Internal, "stream terminated by RST_STREAM with error code: INTERNAL_ERROR"),
	"git/authentication":       transport.ErrAuthenticationRequired,
	"k8s/exec-127":             exec.CodeExitError{Err: errors.New("command terminated with exit code 127"), Code: 127},

	"asynq/revoke":             asynq.RevokeTask,
	"river/cancel":             river.JobCancel(errors.New("order was deleted")),
	"temporal/next-delay":      temporal.NewApplicationErrorWithOptions("rate limited", "RateLimited", temporal.ApplicationErrorOptions{NextRetryDelay: 90 * time.Second}),
	"temporal/heartbeat":       temporal.NewHeartbeatTimeoutError(),
	"backoff/retry-after":      backoff.RetryAfter(30),
	"migrate/locked":           migrate.ErrLocked,
	"migrate/lock-of-database": database.ErrLocked,
	"migrate/dirty":            migrate.ErrDirty{Version: 40},
	"redislock/not-held":       redislock.ErrLockNotHeld,
	"gobreaker/open":           gobreaker.ErrOpenState,
	"exec/text-busy":           &fs.PathError{Op: "fork/exec", Path: "/tmp/hook-wrapper", Err: syscall.ETXTBSY},
	"fs/io":                    &fs.PathError{Op: "read", Path: "/srv/a", Err: syscall.EIO},
	"fs/read-only":             &fs.PathError{Op: "open", Path: "/srv/a", Err: syscall.EROFS},
	"fs/not-connected":         &fs.PathError{Op: "stat", Path: "/mnt/s3", Err: syscall.ENOTCONN},
	"net/no-address":           &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 443}, Err: os.NewSyscallError("connect", syscall.EADDRNOTAVAIL)},
	"ssh/host-key":             &knownhosts.KeyError{Want: []knownhosts.KnownKey{{Filename: "known_hosts", Line: 1}}},
	"sftp/connection-lost":     sftp.ErrSSHFxConnectionLost,
	"sftp/failure":             &sftp.StatusError{Code: 4},
	"ftp/aborted":              &textproto.Error{Code: 426, Msg: "Failure writing network stream."},
	"smtp/authentication":      &textproto.Error{Code: 535, Msg: "5.7.8 Error: authentication failed: authentication failure"},
	"smtp/mailbox-full":        &textproto.Error{Code: 552, Msg: "5.2.2 The email account that you tried to reach is over quota."},
	"excelize/password":        excelize.ErrWorkbookPassword,
	"zip/format":               zip.ErrFormat,
}))

// siblingsLater were missed in a second run of 226 such failures, and mended.
var siblingsLater = append([]provocation{
	{"aws/s3-key-disabled", func(t *testing.T) error {
		return s3Answer(t, 400, "KMS.DisabledException", "arn:aws:kms:1 is disabled.")
	}},
	{"github/base-modified", func(t *testing.T) error {
		return githubSays(t, 405, `{"message":"Base branch was modified. Review and try the merge again."}`)
	}},
}, values(map[string]error{
	"kafka-go/no-leader":      protocol.NewErrNoLeader("events", 3),
	"jetstream/no-heartbeat":  jetstream.ErrNoHeartbeat,
	"stripe/invalid-key":      &stripe.Error{HTTPStatusCode: 401, Type: stripe.ErrorTypeInvalidRequest, Msg: "Invalid API Key provided"},
	"consul/lock-not-held":    consul.ErrLockNotHeld,
	"franz/client-closed":     kgo.ErrClientClosed,
	"olivere/no-client":       olivere.ErrNoClient,
	"elastic/unknown-product": errors.New("the client noticed that the server is not Elasticsearch and we do not support this unknown product"),
	"parquet/no-magic":        errors.New(`invalid magic header of parquet file: "PK\x03\x04"`),
})...)

// values are failures that have these causes, by name.
func values(byName map[string]error) []provocation {
	var all []provocation
	for name, err := range byName {
		all = append(all, provocation{name, func(*testing.T) error { return fmt.Errorf("run job: %w", err) }})
	}
	return all
}

func mysqlNumber(number uint16, state, message string) error {
	return &mysql.MySQLError{Number: number, SQLState: [5]byte([]byte(state)), Message: message}
}
