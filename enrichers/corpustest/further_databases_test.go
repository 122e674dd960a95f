//go:build linux

package corpustest

import (
	"context"
	"database/sql"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/SAP/go-hdb/driver"
	"github.com/aerospike/aerospike-client-go/v8"
	"github.com/aerospike/aerospike-client-go/v8/types"
	"github.com/couchbase/gocb/v2"
	"github.com/go-sql-driver/mysql"
	"github.com/googleapis/gax-go/v2/apierror"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/lib/pq"
	"github.com/stretchr/testify/require"
	"go.etcd.io/etcd/api/v3/v3rpc/rpctypes"
	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/protoadapt"
	"google.golang.org/protobuf/types/known/durationpb"
)

var furtherDatabases = []provocation{
	{"cockroach/ambiguous-result", func(*testing.T) error {
		return fmt.Errorf("book payment 3: %w", &pgconn.PgError{Severity: "ERROR", Code: "40003", Message: "result is ambiguous (error=rpc error: code = Unavailable desc = error reading from server: EOF [exhausted])"})
	}},
	{"redshift/serializable-isolation", func(*testing.T) error {
		return fmt.Errorf("load events: %w", &pq.Error{Severity: "ERROR", Code: "XX000", Message: "1023", Detail: "Serializable isolation violation on table - 100167, transactions forming the cycle are: 55705701, 55705754"})
	}},
	{"spanner/aborted", func(t *testing.T) error {
		return fmt.Errorf("move stock: %w", googleError(t, codes.Aborted, "Transaction was aborted.", &errdetails.RetryInfo{RetryDelay: durationpb.New(2 * time.Second)}))
	}},
	{"spanner/session-not-found", func(t *testing.T) error {
		const session = "projects/p/instances/i/databases/d/sessions/AHh"
		return fmt.Errorf("read order: %w", googleError(t, codes.NotFound, "Session not found: "+session,
			&errdetails.ResourceInfo{ResourceType: "type.googleapis.com/google.spanner.v1.Session", ResourceName: session}))
	}},
	{"sqlite/busy-snapshot", func(t *testing.T) error {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "jobs.db")+"?_pragma=journal_mode(wal)")
		require.NoError(t, err)
		t.Cleanup(func() { _ = db.Close() })
		_, err = db.Exec("create table jobs (n int); insert into jobs values (1)")
		require.NoError(t, err)
		tx, err := db.Begin()
		require.NoError(t, err)
		defer tx.Rollback() //nolint:errcheck // the test is about the statement before
		require.NoError(t, tx.QueryRow("select n from jobs").Scan(new(int)))
		_, err = db.Exec("insert into jobs values (2)")
		require.NoError(t, err)
		_, err = tx.Exec("update jobs set n = 3")
		return fmt.Errorf("claim job: %w", err)
	}},
	{"vitess/pool-exhausted", func(*testing.T) error {
		return &mysql.MySQLError{Number: 1203, SQLState: [5]byte([]byte("42000")), Message: "target: commerce.0.primary: vttablet: rpc error: code = ResourceExhausted desc = resource pool timed out"}
	}},
	{"mysql/before-commit-hook", func(*testing.T) error {
		return &mysql.MySQLError{Number: 3100, SQLState: [5]byte([]byte("HY000")), Message: "Error on observer while running replication hook 'before_commit'."}
	}},
	{"etcd/too-many-requests", func(*testing.T) error { return fmt.Errorf("put lease: %w", rpctypes.ErrTooManyRequests) }},
	{"etcd/leader-changed", func(*testing.T) error { return fmt.Errorf("put lease: %w", rpctypes.ErrLeaderChanged) }},
	{"etcd/auth-old-revision", func(*testing.T) error { return fmt.Errorf("put lease: %w", rpctypes.ErrAuthOldRevision) }},
	{"etcd/learner-not-ready", func(*testing.T) error { return fmt.Errorf("promote member: %w", rpctypes.ErrGRPCLearnerNotReady) }},
	{"aerospike/device-overload", func(*testing.T) error { return aerospikeError(types.DEVICE_OVERLOAD) }},
	{"aerospike/generation", func(*testing.T) error { return aerospikeError(types.GENERATION_ERROR) }},
	{"aerospike/record-too-big", func(*testing.T) error { return aerospikeError(types.RECORD_TOO_BIG) }},
	{"aerospike/key-not-found", func(*testing.T) error { return aerospikeError(types.KEY_NOT_FOUND_ERROR) }},
	{"couchbase/cas-mismatch", func(*testing.T) error {
		return fmt.Errorf("save cart: %w", &gocb.KeyValueError{InnerError: gocb.ErrCasMismatch, StatusCode: 2, DocumentID: "cart:7", ErrorName: "KEY_EEXISTS"})
	}},
	{"couchbase/unambiguous-timeout", func(*testing.T) error {
		return fmt.Errorf("save cart: %w", &gocb.TimeoutError{InnerError: gocb.ErrUnambiguousTimeout, OperationID: "Get", TimeObserved: 2500 * time.Millisecond})
	}},
	{"couchbase/document-not-found", func(*testing.T) error {
		return fmt.Errorf("read cart: %w", &gocb.KeyValueError{InnerError: gocb.ErrDocumentNotFound, StatusCode: 1, DocumentID: "cart:7", ErrorName: "KEY_ENOENT"})
	}},
	{"couchbase/temporary-failure", func(*testing.T) error {
		return fmt.Errorf("save cart: %w", &gocb.KeyValueError{InnerError: gocb.ErrTemporaryFailure, StatusCode: 0x86, DocumentID: "cart:7", ErrorName: "ETMPFAIL"})
	}},
	{"hana/unique-constraint", func(t *testing.T) error { return queryHANA(t, 301, "unique constraint violated: Table(ORDERS)") }},
	{"hana/lock-wait-timeout", func(t *testing.T) error {
		return queryHANA(t, 131, "transaction rolled back by lock wait timeout")
	}},
	{"hana/password-change", func(t *testing.T) error {
		return queryHANA(t, 414, "user is forced to change password")
	}},
	{"clickhouse/no-threads", func(*testing.T) error {
		return fmt.Errorf("count events: %w", &clickhouse.Exception{Code: 439, Name: "DB::Exception", Message: "Cannot schedule a task: no free thread (timeout=0) (threads=10000, jobs=10000)"})
	}},
}

func aerospikeError(code types.ResultCode) error {
	return fmt.Errorf("update profile 4: %w", &aerospike.AerospikeError{ResultCode: code})
}

// googleError returns what the clients of Google's clouds return for a status.
func googleError(t *testing.T, code codes.Code, message string, detail protoadapt.MessageV1) error {
	s, err := status.New(code, message).WithDetails(detail)
	require.NoError(t, err)
	failure, ok := apierror.FromError(s.Err())
	require.True(t, ok)
	return failure
}

// queryHANA returns the error of a client of SAP HANA that is answered with a code.
func queryHANA(t *testing.T, code int32, text string) error {
	addr := serve(t, func(conn net.Conn) {
		_, _ = io.ReadFull(conn, make([]byte, 14)) // the prolog
		_, _ = conn.Write(make([]byte, 8))
		header := make([]byte, 32)
		_, _ = io.ReadFull(conn, header)
		_, _ = io.CopyN(io.Discard, conn, int64(binary.LittleEndian.Uint32(header[12:])))
		const part = 16
		size := 24 + part + 18 + len(text) + 1
		le := binary.LittleEndian
		answer := make([]byte, 32, 32+size)
		le.PutUint32(answer[12:], uint32(size))
		le.PutUint32(answer[16:], uint32(size))
		le.PutUint16(answer[20:], 1)
		answer = le.AppendUint32(answer, uint32(size))     // the segment,
		answer = append(answer, 0, 0, 0, 0, 1, 0, 1, 0, 5) // with one part, an error
		answer = append(answer, make([]byte, 11)...)
		answer = append(answer, 6, 0, 1, 0, 0, 0, 0, 0) // the part
		answer = le.AppendUint32(answer, uint32(18+len(text)+1))
		answer = le.AppendUint32(answer, uint32(size))
		answer = le.AppendUint32(answer, uint32(code))
		answer = append(answer, 0, 0, 0, 0) // no position
		answer = le.AppendUint32(answer, uint32(len(text)))
		answer = append(answer, "\x01HY000"+text+"\x00"...)
		_, _ = conn.Write(answer)
		_, _ = io.Copy(io.Discard, conn)
	})
	config := driver.NewConnectorConfig()
	config.Host, config.Username, config.Password = addr, "job", "secret"
	connector, err := driver.NewConfigConnector(config)
	require.NoError(t, err)
	db := sql.OpenDB(connector)
	t.Cleanup(func() { _ = db.Close() })
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	return fmt.Errorf("copy orders: %w", db.PingContext(ctx))
}
