//go:build linux

package corpustest

import (
	"context"
	"database/sql"
	"encoding/binary"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"connectrpc.com/connect"
	"github.com/alicebob/miniredis/v2"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	_ "github.com/go-sql-driver/mysql"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgproto3"
	_ "github.com/lib/pq"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"
	"github.com/stretchr/testify/require"
	"google.golang.org/grpc"
	"google.golang.org/grpc/credentials/insecure"
	"google.golang.org/protobuf/types/known/emptypb"
	_ "modernc.org/sqlite"
)

// servePostgres returns the address of a server that answers the first query of a
// connection.
func servePostgres(t *testing.T, answer func(*pgproto3.Backend)) (addr string) {
	return serve(t, func(conn net.Conn) {
		b := pgproto3.NewBackend(conn, conn)
		if _, err := b.ReceiveStartupMessage(); err != nil {
			return
		}
		b.Send(&pgproto3.AuthenticationOk{})
		b.Send(&pgproto3.ParameterStatus{Name: "standard_conforming_strings", Value: "on"})
		b.Send(&pgproto3.ParameterStatus{Name: "client_encoding", Value: "UTF8"})
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		if b.Flush() != nil {
			return
		}
		if _, err := b.Receive(); err == nil {
			answer(b)
		}
	})
}

// refuseStartup is a server that rejects a connection.
func refuseStartup(code, message string) func(net.Conn) {
	return func(conn net.Conn) {
		b := pgproto3.NewBackend(conn, conn)
		if _, err := b.ReceiveStartupMessage(); err == nil {
			refuse(code, message)(b)
		}
	}
}

// refuse answers with an error.
func refuse(code, message string) func(*pgproto3.Backend) {
	return func(b *pgproto3.Backend) {
		b.Send(&pgproto3.ErrorResponse{Severity: "ERROR", Code: code, Message: message})
		b.Send(&pgproto3.ReadyForQuery{TxStatus: 'I'})
		_ = b.Flush()
		_, _ = b.Receive()
	}
}

// serveMySQL returns the address of a server that answers a query, or closes the
// connection if answer is nil.
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

// newRedis returns a client of a server, which answers all commands with refusal if
// that is not empty.
func newRedis(t *testing.T, refusal string) (context.Context, *redis.Client) {
	server := miniredis.RunT(t)
	server.SetError(refusal)
	return t.Context(), clientOf(t, server.Addr(), time.Minute)
}

// clientOf returns a client with one connection and a timeout for answers.
func clientOf(t *testing.T, addr string, timeout time.Duration) *redis.Client {
	client := redis.NewClient(&redis.Options{
		Addr:                     addr,
		Protocol:                 2,
		DisableIdentity:          true,
		MaxRetries:               -1,
		PoolSize:                 1,
		PoolTimeout:              short,
		DialerRetries:            1,
		ReadTimeout:              timeout,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	})
	t.Cleanup(func() { _ = client.Close() })
	return client
}

// serveGRPC returns the address of a server that answers every call with handle.
func serveGRPC(t *testing.T, handle func(ctx context.Context) error) (addr string) {
	l := listen(t)
	server := grpc.NewServer(grpc.UnknownServiceHandler(func(_ any, stream grpc.ServerStream) error {
		return handle(stream.Context())
	}))
	go func() { _ = server.Serve(l) }()
	t.Cleanup(server.Stop)
	return l.Addr().String()
}

func invoke(t *testing.T, ctx context.Context, addr string) error {
	conn, err := grpc.NewClient("passthrough:///"+addr, grpc.WithTransportCredentials(insecure.NewCredentials()))
	require.NoError(t, err)
	defer conn.Close()
	return conn.Invoke(ctx, "/slots.v1.Slots/Reserve", &emptypb.Empty{}, &emptypb.Empty{})
}

type empties = connect.Response[emptypb.Empty]

// serveConnect returns the URL of a server that answers every call with handle.
func serveConnect(t *testing.T, handle func(ctx context.Context) error) (url string) {
	server := httptest.NewServer(connect.NewUnaryHandler("/slots.v1.Slots/Reserve",
		func(ctx context.Context, _ *connect.Request[emptypb.Empty]) (*empties, error) {
			return nil, handle(ctx)
		}))
	t.Cleanup(server.Close)
	return server.URL
}

func invokeConnect(t *testing.T, ctx context.Context, url string) error {
	client := connect.NewClient[emptypb.Empty, emptypb.Empty](newClient(t), url+"/slots.v1.Slots/Reserve")
	_, err := client.CallUnary(ctx, connect.NewRequest(&emptypb.Empty{}))
	return err
}

// s3Error is what a client of AWS makes of an answer.
func s3Error(res *http.Response, operation, code string) error {
	fault := smithy.FaultClient
	if res.StatusCode >= 500 {
		fault = smithy.FaultServer
	}
	return &smithy.OperationError{ServiceID: "S3", OperationName: operation, Err: &smithyhttp.ResponseError{
		Response: &smithyhttp.Response{Response: res},
		Err:      &smithy.GenericAPIError{Code: code, Message: "no", Fault: fault},
	}}
}

// openDB opens a database and limits it to one connection.
func openDB(t *testing.T, driver, source string) *sql.DB {
	db, err := sql.Open(driver, source)
	require.NoError(t, err)
	t.Cleanup(func() { _ = db.Close() })
	db.SetMaxOpenConns(1)
	return db
}

func mustExec(t *testing.T, db *sql.DB, statement string) {
	_, err := db.Exec(statement)
	require.NoError(t, err)
}

// dsn returns the address of a database for drivers of PostgreSQL.
func dsn(addr string) string { return "postgres://job@" + addr + "/orders?sslmode=disable" }

func execPgx(t *testing.T, addr, statement string) error {
	conn, err := pgx.Connect(t.Context(), dsn(addr))
	require.NoError(t, err)
	defer conn.Close(context.Background())
	_, err = conn.Exec(t.Context(), statement, pgx.QueryExecModeSimpleProtocol)
	return err
}
