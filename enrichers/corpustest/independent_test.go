//go:build linux

package corpustest

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"encoding/base64"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"text/template"
	"time"

	"connectrpc.com/connect"
	"github.com/jackc/pgx/v5"
	pkgerrors "github.com/pkg/errors"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/failure-enrichers/enricher"
)

// independent are failures of jobs as they happen in production. They were chosen,
// and their labels in testdata/independent.json were written down, without a look
// at the code that is judged by them.
var independent = []provocation{
	{"sqlite-unique-constraint", func(t *testing.T) error {
		db := openDB(t, "sqlite", ":memory:")
		mustExec(t, db, "CREATE TABLE customers (email TEXT UNIQUE); INSERT INTO customers VALUES ('a@example.com')")
		_, err := db.Exec("INSERT INTO customers VALUES (?)", "a@example.com")
		return fmt.Errorf("import: %w", fmt.Errorf("row 2: %w", err))
	}},
	{"sqlite-busy", func(t *testing.T) error {
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
	}},
	{"sqlite-syntax-of-query-parameter", func(t *testing.T) error {
		query := "SELEC * FROM sales"
		_, err := openDB(t, "sqlite", ":memory:").Query(query)
		return fmt.Errorf("parameter %q: %w", "query", err)
	}},
	{"sql-no-rows", func(t *testing.T) error {
		db := openDB(t, "sqlite", ":memory:")
		mustExec(t, db, "CREATE TABLE customers (id INTEGER, name TEXT)")
		var name string
		err := db.QueryRow("SELECT name FROM customers WHERE id = ?", 4711).Scan(&name)
		return fmt.Errorf("load customer 4711: %w", err)
	}},
	{"pq-too-many-connections", func(t *testing.T) error {
		addr := serve(t, refuseStartup("53300", "sorry, too many clients already"))
		return pkgerrors.WithMessage(pkgerrors.WithStack(openDB(t, "postgres", dsn(addr)).Ping()), "open the warehouse")
	}},
	{"pgx-serialization-failure", func(t *testing.T) error {
		addr := servePostgres(t, refuse("40001", "could not serialize access due to concurrent update"))
		return fmt.Errorf("book order 7: %w", execPgx(t, addr, "UPDATE accounts SET balance = balance - 1"))
	}},
	{"pgx-invalid-text-representation", func(t *testing.T) error {
		addr := servePostgres(t, refuse("22P02", `invalid input syntax for type integer: "abc"`))
		return fmt.Errorf("load row 12 of customers.csv: %w", execPgx(t, addr, "INSERT INTO customers (age) VALUES ('abc')"))
	}},
	{"pgx-password-refused", func(t *testing.T) error {
		_, err := pgx.Connect(t.Context(), dsn(serve(t, refuseStartup("28P01", `password authentication failed for user "job"`))))
		return fmt.Errorf("open the warehouse: %w", err)
	}},
	{"mysql-deadlock", func(t *testing.T) error {
		addr := serveMySQL(t, refuseMySQL(1213, "40001", "Deadlock found when trying to get lock; try restarting transaction"))
		_, err := openDB(t, "mysql", "job@tcp("+addr+")/shop").Exec("UPDATE accounts SET balance = 0")
		return &jobStepError{Step: "settle", Attempt: 1, Err: err}
	}},
	{"mysql-server-hangs-up", func(t *testing.T) error {
		err := openDB(t, "mysql", "job@tcp("+serve(t, func(net.Conn) {})+")/shop").Ping()
		return fmt.Errorf("settle accounts: %w", fmt.Errorf("open the ledger: %w", err))
	}},
	{"redis-out-of-memory", func(t *testing.T) error {
		ctx, client := newRedis(t, "OOM command not allowed when used memory > 'maxmemory'.")
		return fmt.Errorf("save the checkpoint: %w", client.Set(ctx, "checkpoint:7", 42, 0).Err())
	}},
	{"job-deadline-exceeded", func(t *testing.T) error {
		job, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		<-job.Done()
		return fmt.Errorf("reindex stopped after 300 of 1000 documents: %w", job.Err())
	}},
	{"worker-shut-down", func(t *testing.T) error {
		job, stop := context.WithCancelCause(t.Context())
		stop(errShutdown)
		<-job.Done()
		return fmt.Errorf("import stopped: %w: %w", job.Err(), context.Cause(job))
	}},
	// One of two shards cannot reach its server, so the other, which comes first, is
	// stopped.
	{"sibling-cancelled-first-in-join", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		addr := refusing(t)
		errs := make([]error, 2)
		var shards sync.WaitGroup
		shards.Go(func() {
			<-ctx.Done()
			errs[0] = fmt.Errorf("shard 0: %w", ctx.Err())
		})
		shards.Go(func() {
			defer cancel()
			_, err := net.Dial("tcp", addr)
			errs[1] = fmt.Errorf("shard 1: %w", err)
		})
		shards.Wait()
		return fmt.Errorf("copy all shards: %w", errors.Join(errs...))
	}},
	{"panic-nil-map", func(*testing.T) error {
		return recovered(func() {
			var stats struct{ rows map[string]int }
			stats.rows["orders"]++
		})
	}},
	{"panic-index-out-of-range", func(*testing.T) error {
		err := recovered(func() {
			var batch []string
			_ = batch[len(batch)-1]
		})
		return fmt.Errorf("job 12: %w", err)
	}},
	{"panic-with-error-of-dependency", func(t *testing.T) error {
		_, err := net.Dial("tcp", refusing(t))
		return recovered(func() { panic(fmt.Errorf("connect to the broker: %w", err)) })
	}},
	{"sentinel-only", func(*testing.T) error { return fmt.Errorf("job 12: %w", errImportFailed) }},
	{"pkgerrors-without-a-cause", func(*testing.T) error {
		return pkgerrors.WithMessage(pkgerrors.New("step 3 of 5 did not succeed"), "job 12")
	}},
	{"http-connection-refused", func(t *testing.T) error {
		_, err := newClient(t).Get("http://" + refusing(t) + "/stock/4711")
		return pkgerrors.Wrap(fmt.Errorf("ask for the stock of 4711: %w", err), "reserve order 99")
	}},
	{"http-client-timeout", func(t *testing.T) error {
		client := newClient(t)
		client.Timeout = 20 * time.Millisecond
		_, err := client.Get(newServer(t, hang) + "/prices")
		return fmt.Errorf("update prices: %w", err)
	}},
	{"http-call-timeout-in-live-job", func(t *testing.T) error {
		job := t.Context()
		call, cancel := context.WithTimeout(job, 20*time.Millisecond)
		defer cancel()
		_, err := newClient(t).Do(request(t, call, newServer(t, hang)+"/prices"))
		return fmt.Errorf("import: %w", fmt.Errorf("price service did not answer within 20ms: %w", err))
	}},
	{"job-cancelled-during-http-call", func(t *testing.T) error {
		job, cancel := context.WithCancel(t.Context())
		url := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			cancel() // the job is stopped while it waits for the answer
			hang(w, r)
		})
		_, err := newClient(t).Do(request(t, job, url+"/export"))
		return fmt.Errorf("nightly export: %w", fmt.Errorf("fetch customers: %w", err))
	}},
	{"http-reset-while-reading-body", func(t *testing.T) error {
		halfway := make(chan struct{})
		addr := serve(t, func(conn net.Conn) {
			http.ReadRequest(bufio.NewReader(conn))
			io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nid,amount\n")
			<-halfway
			conn.(*net.TCPConn).SetLinger(0) // closing sends a reset
		})
		resp, err := newClient(t).Get("http://" + addr + "/orders.csv")
		close(halfway) // the header has been read: what the reset hits is the body
		require.NoError(t, err)
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return fmt.Errorf("download orders.csv: %w", err)
	}},
	{"http-body-cut-short", func(t *testing.T) error {
		url := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "id,amount\n")
		})
		resp, err := newClient(t).Get(url + "/orders.csv")
		require.NoError(t, err)
		defer resp.Body.Close()
		_, err = io.ReadAll(resp.Body)
		return fmt.Errorf("download %s/orders.csv: %w", url, err)
	}},
	{"http-html-instead-of-json", func(t *testing.T) error {
		url := newServer(t, func(w http.ResponseWriter, _ *http.Request) {
			io.WriteString(w, "<html><body>We will be back soon</body></html>")
		})
		resp, err := newClient(t).Get(url)
		require.NoError(t, err)
		defer resp.Body.Close()
		var stock struct{ Pieces int }
		err = json.NewDecoder(resp.Body).Decode(&stock)
		return fmt.Errorf("decode the answer of the stock service at %s: %w", url, err)
	}},
	{"http-status-401", func(t *testing.T) error {
		return fmt.Errorf("list invoices: %w", getAnswer(t, http.StatusUnauthorized))
	}},
	{"http-status-429", func(t *testing.T) error {
		err := getAnswer(t, http.StatusTooManyRequests)
		return enricher.WithLabels(fmt.Errorf("geocode address 17: %w", err), enricher.Labels{"team": "maps"})
	}},
	{"http-status-503", func(t *testing.T) error {
		return &jobStepError{Step: "charge", Attempt: 2, Err: fmt.Errorf("payment provider: %w", getAnswer(t, http.StatusServiceUnavailable))}
	}},
	{"http-unsupported-scheme", func(t *testing.T) error {
		_, err := newClient(t).Get("htp://files.example.com/in.csv")
		return fmt.Errorf("parameter %q: %w", "source", err)
	}},
	{"json-syntax-of-parameters", func(*testing.T) error {
		var params struct{ Source string }
		err := json.Unmarshal([]byte(`{"source": "in.csv",}`), &params)
		return fmt.Errorf("job 12: %w", fmt.Errorf("parameters: %w", err))
	}},
	{"csv-row-too-short", func(*testing.T) error {
		_, err := csv.NewReader(strings.NewReader("id,amount\n1,10\n2\n")).ReadAll()
		return pkgerrors.Wrap(err, "import orders.csv")
	}},
	{"number-in-input-malformed", func(*testing.T) error {
		_, err := strconv.ParseFloat("12,50", 64)
		err = &jobStepError{Step: "parse", Attempt: 1, Err: fmt.Errorf("row 3, column %q: %w", "amount", err)}
		return fmt.Errorf("import orders.csv: %w", err)
	}},
	{"base64-corrupt-attachment", func(*testing.T) error {
		_, err := base64.StdEncoding.DecodeString("aGVsbG8*")
		return fmt.Errorf("message 5: %w", fmt.Errorf("attachment 1: %w", err))
	}},
	{"gzip-header-missing", func(*testing.T) error {
		_, err := gzip.NewReader(strings.NewReader("id,amount\n1,10\n"))
		return fmt.Errorf("import orders.csv.gz: %w", err)
	}},
	{"template-of-user-fails", func(*testing.T) error {
		letter := template.Must(template.New("letter").Parse("Dear {{index .Names 3}},"))
		err := letter.Execute(io.Discard, struct{ Names []string }{[]string{"Ada"}})
		return fmt.Errorf("parameter %q: %w", "letter", err)
	}},
	{"validation-of-one-field", func(*testing.T) error {
		return fmt.Errorf("submit: %w", fmt.Errorf("job 12: %w",
			enricher.WithLabels(checkRegion("eu-narnia-1"), enricher.Labels{"team": "billing"})))
	}},
	{"validation-errors-joined", func(*testing.T) error {
		return fmt.Errorf("parameters: %w", errors.Join(checkLimit(-1), checkRegion("eu-narnia-1")))
	}},
	{"input-file-missing", func(t *testing.T) error {
		_, err := os.Open(filepath.Join(t.TempDir(), "orders-2025-02-30.csv"))
		return fmt.Errorf("import: %w", fmt.Errorf("input: %w", err))
	}},
	{"input-file-not-readable", func(t *testing.T) error {
		file := filepath.Join(t.TempDir(), "salaries.csv")
		require.NoError(t, os.WriteFile(file, nil, 0))
		f, err := os.Open(file)
		if err == nil {
			f.Close()
			t.Skip("this user may read every file")
		}
		return fmt.Errorf("input: %w", err)
	}},
	{"disk-full", func(t *testing.T) error {
		f, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		if err != nil {
			t.Skip("there is no full device: ", err)
		}
		defer f.Close()
		_, err = f.WriteString("id,amount\n")
		return pkgerrors.Wrap(fmt.Errorf("spill to disk: %w", err), "sort 10 GB")
	}},
	{"memory-map-refused", func(*testing.T) error {
		length := math.MaxInt - (1<<16 - 1)
		_, err := syscall.Mmap(-1, 0, length, syscall.PROT_READ|syscall.PROT_WRITE, syscall.MAP_ANON|syscall.MAP_PRIVATE)
		return fmt.Errorf("reserve the sort buffer: %w", os.NewSyscallError("mmap", err))
	}},
	{"command-not-installed", func(t *testing.T) error {
		err := exec.CommandContext(t.Context(), "ffmpeg-of-the-render-image", "-i", "in.mov").Run()
		return &jobStepError{Step: "transcode", Attempt: 3, Err: err}
	}},
	{"command-exits-with-1", func(t *testing.T) error {
		return fmt.Errorf("run the job's script: %w", exec.Command("sh", "-c", "exit 1").Run())
	}},
	{"command-killed", func(t *testing.T) error {
		return fmt.Errorf("transcode: %w", fmt.Errorf("ffmpeg: %w", exec.Command("sh", "-c", "kill -KILL $$").Run()))
	}},
	{"command-out-of-file-descriptors", func(t *testing.T) error {
		cmd := exec.Command("sh", "-c", `ulimit -n 8; exec tee -- "$@"`, "tee")
		cmd.Dir, cmd.Env = t.TempDir(), append(os.Environ(), "LC_ALL=C")
		for i := range 16 {
			cmd.Args = append(cmd.Args, fmt.Sprint("part", i))
		}
		out, err := cmd.CombinedOutput()
		return fmt.Errorf("split the export: %w: %s", err, out)
	}},
	{"command-killed-as-job-was-cancelled", func(t *testing.T) error {
		job, cancel := context.WithCancel(t.Context())
		cmd := exec.CommandContext(job, "sleep", "60")
		require.NoError(t, cmd.Start())
		cancel()
		err := cmd.Wait()
		return fmt.Errorf("transcode: %w (%w)", job.Err(), err)
	}},
	{"dns-no-such-host", func(t *testing.T) error {
		client := newClient(t)
		client.Transport.(*http.Transport).DialContext = (&net.Dialer{Resolver: resolver(t, dnsmessage.RCodeNameError)}).DialContext
		_, err := client.Get("http://stock.shop.internal./4711")
		return fmt.Errorf("ask for the stock of 4711: %w", err)
	}},
	{"tls-unknown-authority", func(t *testing.T) error {
		cert, _ := certificate(t, "127.0.0.1", time.Now().Add(time.Hour))
		_, err := newClient(t).Get(serveTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}}))
		return fmt.Errorf("push the report to the archive: %w", err)
	}},
	{"tls-certificate-expired", func(t *testing.T) error {
		cert, roots := certificate(t, "127.0.0.1", time.Now().Add(-24*time.Hour))
		addr := serve(t, func(conn net.Conn) {
			tls.Server(conn, &tls.Config{Certificates: []tls.Certificate{cert}}).Handshake()
		})
		_, err := tls.Dial("tcp", addr, &tls.Config{RootCAs: roots})
		return &jobStepError{Step: "upload", Attempt: 1, Err: fmt.Errorf("connect to the archive: %w", err)}
	}},
	{"unix-socket-of-daemon-missing", func(t *testing.T) error {
		_, err := net.Dial("unix", filepath.Join(t.TempDir(), "containerd.sock"))
		return fmt.Errorf("start the container of step 2: %w", err)
	}},
	{"listen-port-in-use", func(t *testing.T) error {
		_, err := net.Listen("tcp", refusing(t))
		return fmt.Errorf("open the port for the workers' results: %w", err)
	}},
	{"socket-read-timeout", func(t *testing.T) error {
		conn, err := net.Dial("tcp", serve(t, silent))
		require.NoError(t, err)
		defer conn.Close()
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(10*time.Millisecond)))
		_, err = conn.Read(make([]byte, 1))
		return fmt.Errorf("mainframe: %w", fmt.Errorf("wait for the acknowledgement of batch 8: %w", err))
	}},
	{"smtp-try-again-later", func(t *testing.T) error {
		return fmt.Errorf("mail the report: %w", sendMail(t, "451 4.7.1 Greylisted, try again later"))
	}},
	{"grpc-nobody-listens", func(t *testing.T) error {
		err := invoke(t, t.Context(), refusing(t))
		return fmt.Errorf("job 12: %w", fmt.Errorf("reserve: %w", err))
	}},
	{"grpc-invalid-argument", func(t *testing.T) error {
		err := invoke(t, t.Context(), serveGRPC(t, func(context.Context) error {
			return status.Error(codes.InvalidArgument, `order id "abc" is not a number`)
		}))
		return fmt.Errorf("reserve: %w", err)
	}},
	{"grpc-timeout-of-call", func(t *testing.T) error {
		call, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		err := invoke(t, call, serveGRPC(t, func(ctx context.Context) error {
			<-ctx.Done()
			return ctx.Err()
		}))
		return fmt.Errorf("stock service did not answer within 50ms: %w", err)
	}},
	{"grpc-cancelled-with-job", func(t *testing.T) error {
		job, cancel := context.WithCancel(t.Context())
		err := invoke(t, job, serveGRPC(t, func(ctx context.Context) error {
			cancel() // the job is stopped while it waits for the answer
			<-ctx.Done()
			return nil
		}))
		return fmt.Errorf("job 12: %w", fmt.Errorf("reserve: %w", err))
	}},
	{"connect-resource-exhausted", func(t *testing.T) error {
		url := serveConnect(t, func(context.Context) error {
			return connect.NewError(connect.CodeResourceExhausted, errors.New("100 requests per second are allowed"))
		})
		return fmt.Errorf("reserve: %w", invokeConnect(t, t.Context(), url))
	}},
	{"smithy-no-such-key", func(t *testing.T) error {
		return fmt.Errorf("parameter %q: %w", "input", s3Error(answer(t, http.StatusNotFound, ""), "GetObject", "NoSuchKey"))
	}},
}

var errShutdown = errors.New("worker is shutting down")

var errImportFailed = errors.New("import failed")

// getAnswer returns what a job makes of an answer with this status.
func getAnswer(t *testing.T, status int) error {
	res := answer(t, status, "")
	return &answerError{Method: http.MethodGet, URL: res.Request.URL.String(), StatusCode: res.StatusCode}
}

func checkRegion(region string) error {
	if region != "eu-west-1" {
		return &parameterError{Field: "region", Problem: fmt.Sprintf("is %q, want eu-west-1", region)}
	}
	return nil
}

func checkLimit(limit int) error {
	if limit < 1 {
		return &parameterError{Field: "limit", Problem: fmt.Sprintf("is %d, want at least 1", limit)}
	}
	return nil
}

// jobStepError is how a service tells which step of a job failed.
type jobStepError struct {
	Step    string
	Attempt int
	Err     error
}

func (e *jobStepError) Error() string {
	return fmt.Sprintf("step %q, attempt %d: %v", e.Step, e.Attempt, e.Err)
}

func (e *jobStepError) Unwrap() error { return e.Err }

// answerError is how a service reports an answer that it cannot use.
type answerError struct {
	Method, URL string
	StatusCode  int
}

func (e *answerError) Error() string {
	return fmt.Sprintf("%s %s: %d %s", e.Method, e.URL, e.StatusCode, http.StatusText(e.StatusCode))
}

// parameterError is how a service refuses a parameter.
type parameterError struct {
	Field, Problem string
}

func (e *parameterError) Error() string { return fmt.Sprintf("field %q %s", e.Field, e.Problem) }
