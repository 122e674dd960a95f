//go:build linux

package corpustest

import (
	"archive/zip"
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
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"text/template"
	"time"

	goerrors "github.com/go-errors/errors"
	"github.com/jackc/pgx/v5/pgproto3"
	pkgerrors "github.com/pkg/errors"
	"github.com/stretchr/testify/require"
	"golang.org/x/net/dns/dnsmessage"
	"golang.org/x/sys/unix"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

	"github.com/failure-enrichers/enricher"
)

// unseen are failures of jobs in production, chosen by a person who knew what the
// labels mean and nothing about how they are found. What is expected of each, and
// why, is in testdata/unseen.json.
var unseen = []provocation{
	{"sqlite-order-duplicate", func(t *testing.T) error {
		db := openDB(t, "sqlite", ":memory:")
		mustExec(t, db, `create table orders (number text primary key)`)
		mustExec(t, db, `insert into orders values ('A-1')`)
		_, err := db.Exec(`insert into orders values ('A-1')`)
		return fmt.Errorf("import orders: %w", fmt.Errorf("line 2: %w", err))
	}},
	{"sqlite-database-locked", func(t *testing.T) error {
		path := filepath.Join(t.TempDir(), "state.db")
		writer, job := openDB(t, "sqlite", path), openDB(t, "sqlite", path)
		mustExec(t, writer, `begin immediate`)
		_, err := job.Exec(`create table checkpoints (id integer)`)
		return fmt.Errorf("save checkpoint: %w", err)
	}},
	{"sqlite-database-full", func(t *testing.T) error {
		db := openDB(t, "sqlite", filepath.Join(t.TempDir(), "cache.db"))
		mustExec(t, db, `pragma max_page_count = 8`)
		mustExec(t, db, `create table tiles (png blob)`)
		_, err := db.Exec(`insert into tiles values (zeroblob(100000))`)
		return &unseenStepError{"render-tiles", 3, err}
	}},
	{"pgx-serialization", func(t *testing.T) error {
		addr := servePostgres(t, refuse("40001", "could not serialize access due to concurrent update"))
		return fmt.Errorf("post bookings: %w", execPgx(t, addr, "update accounts set balance = balance - 1"))
	}},
	{"pgx-batch-out-of-range", func(t *testing.T) error {
		addr := servePostgres(t, refuse("22003", "integer out of range"))
		return fmt.Errorf("load meters: %w", errors.Join(
			fmt.Errorf("row 7: %w", execPgx(t, addr, "insert into readings values (99999999999)")),
			fmt.Errorf("row 9: %w", execPgx(t, addr, "insert into readings values (99999999998)")),
		))
	}},
	{"pq-backend-terminated", func(t *testing.T) error {
		addr := servePostgres(t, func(b *pgproto3.Backend) {
			b.Send(&pgproto3.ErrorResponse{
				Severity: "FATAL", SeverityUnlocalized: "FATAL", Code: "57P01",
				Message: "terminating connection due to administrator command",
			})
			_ = b.Flush()
		})
		_, err := openDB(t, "postgres", dsn(addr)).Exec("delete from sessions")
		return fmt.Errorf("purge sessions: %w", err)
	}},
	{"mysql-too-many-connections", func(t *testing.T) error {
		addr := serve(t, func(conn net.Conn) {
			_ = sendMySQL(conn, 0, []byte("\xff\x10\x04Too many connections")) // in place of a greeting
			silent(conn)
		})
		err := openDB(t, "mysql", "report@tcp("+addr+")/sales").Ping()
		return fmt.Errorf("nightly report: %w", fmt.Errorf("open sales: %w", err))
	}},
	{"redis-out-of-memory", func(t *testing.T) error {
		ctx, client := newRedis(t, "OOM command not allowed when used memory > 'maxmemory'.")
		return fmt.Errorf("enqueue children: %w", client.LPush(ctx, "queue", "job").Err())
	}},
	{"rollup-deadline", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Millisecond)
		defer cancel()
		<-ctx.Done()
		return fmt.Errorf("rollup 2024-05: %w", fmt.Errorf("day 17: %w", ctx.Err()))
	}},
	{"export-cancelled-in-flight", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		url := newServer(t, func(w http.ResponseWriter, r *http.Request) {
			cancel()
			hang(w, r)
		})
		_, err := newClient(t).Do(request(t, ctx, url+"/export"))
		return fmt.Errorf("export: %w", err)
	}},
	{"drain-with-cause", func(t *testing.T) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("node is being drained"))
		return fmt.Errorf("reindex: %w: %w", ctx.Err(), context.Cause(ctx))
	}},
	{"panic-nil-map", func(*testing.T) error {
		count := func(totals map[string]int) { totals["DE"]++ }
		return fmt.Errorf("aggregate: %w", recovered(func() { count(nil) }))
	}},
	{"panic-must-compile", func(*testing.T) error {
		filter := "(unclosed"
		return recovered(func() { regexp.MustCompile(filter) })
	}},
	{"ledger-sentinel", func(*testing.T) error {
		errMonthClosed := errors.New("ledger: month is closed")
		return fmt.Errorf("book receipt 3: %w", errMonthClosed)
	}},
	{"lease-lost-retryable", func(*testing.T) error {
		return fmt.Errorf("partition 6: %w", &unseenLeaseError{"worker-4"})
	}},
	{"grpc-inventory-unreachable", func(t *testing.T) error {
		return fmt.Errorf("reserve stock: %w", invoke(t, t.Context(), refusing(t)))
	}},
	{"grpc-label-invalid", func(t *testing.T) error {
		addr := serveGRPC(t, func(context.Context) error {
			return status.Error(codes.InvalidArgument, "parcel.weight: must be positive")
		})
		err := invoke(t, t.Context(), addr)
		return fmt.Errorf("order 5: %w", fmt.Errorf("print label: %w", err))
	}},
	{"grpc-call-abandoned", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		addr := serveGRPC(t, func(ctx context.Context) error {
			cancel() // the operator stops the job while the call is under way
			<-ctx.Done()
			return ctx.Err()
		})
		return fmt.Errorf("score customers: %w", invoke(t, ctx, addr))
	}},
	{"geocoder-503", func(t *testing.T) error {
		res := answer(t, http.StatusServiceUnavailable, "upstream connect error")
		body, err := io.ReadAll(res.Body)
		require.NoError(t, err)
		err = &unseenAPIError{Service: "geocoder", StatusCode: res.StatusCode, Body: string(body)}
		return fmt.Errorf("plan tours: %w", fmt.Errorf("address 3 of 90: %w", err))
	}},
	{"tax-service-422", func(t *testing.T) error {
		res := answer(t, http.StatusUnprocessableEntity,
			`{"type":"https://tax.example/vat-id","title":"VAT ID is malformed","status":422}`)
		var problem unseenProblem
		require.NoError(t, json.NewDecoder(res.Body).Decode(&problem))
		return fmt.Errorf("invoice 2024-118: %w", problem)
	}},
	{"crm-contact-404", func(t *testing.T) error {
		err := &unseenCRMError{answer(t, http.StatusNotFound, "no such contact")}
		return &unseenStepError{"merge-contacts", 4, fmt.Errorf("contact 88: %w", err)}
	}},
	{"billing-429-joined", func(t *testing.T) error {
		res := answer(t, http.StatusTooManyRequests, "slow down")
		return errors.Join(
			fmt.Errorf("usage upload: %w", &unseenThrottled{res.StatusCode, 30 * time.Second}),
			errors.New("usage upload: 412 records are left in the spool"),
		)
	}},
	{"upload-over-limit", func(*testing.T) error {
		body := io.NopCloser(strings.NewReader(strings.Repeat("x", 2048)))
		_, err := io.ReadAll(http.MaxBytesReader(httptest.NewRecorder(), body, 1024))
		return fmt.Errorf("store avatar: %w", err)
	}},
	{"callback-url-scheme", func(t *testing.T) error {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "ftp://customer.example/in", nil)
		require.NoError(t, err)
		_, err = new(http.Client).Do(req)
		return fmt.Errorf("notify: %w", err)
	}},
	{"s3-slow-down", func(t *testing.T) error {
		return fmt.Errorf("back up shard 12: %w", s3Error(answer(t, http.StatusServiceUnavailable, ""), "UploadPart", "SlowDown"))
	}},
	{"manifest-field-type", func(*testing.T) error {
		var manifest struct {
			Copies int `json:"copies"`
		}
		err := json.Unmarshal([]byte(`{"copies": "three"}`), &manifest)
		return goerrors.Wrap(fmt.Errorf("read manifest: %w", err), 0)
	}},
	{"csv-row-short", func(*testing.T) error {
		_, err := csv.NewReader(strings.NewReader("sku,price,stock\nA-1,9.99\n")).ReadAll()
		err = enricher.WithLabels(fmt.Errorf("price list: %w", err), enricher.Labels{"tenant": "acme"})
		return fmt.Errorf("nightly import: %w", fmt.Errorf("supplier 12: %w", err))
	}},
	{"bundle-no-zip", func(*testing.T) error {
		upload := strings.NewReader("<html>session expired</html>")
		_, err := zip.NewReader(upload, upload.Size())
		return fmt.Errorf("unpack bundle: %w", err)
	}},
	{"attachments-no-base64", func(*testing.T) error {
		var errs []error
		for i, attachment := range []string{"aGVsbG8=", "%PDF-1.7", "aGVs*G8="} {
			if _, err := base64.StdEncoding.DecodeString(attachment); err != nil {
				errs = append(errs, fmt.Errorf("attachment %d: %w", i, err))
			}
		}
		return errors.Join(errs...)
	}},
	{"report-template-field", func(t *testing.T) error {
		report, err := template.New("report").Parse("Dear {{.Customer.Salutation}}")
		require.NoError(t, err)
		var data struct{ Customer struct{ Name string } }
		return fmt.Errorf("render report: %w", report.Execute(io.Discard, data))
	}},
	{"parameters-joined", func(*testing.T) error {
		_, days := strconv.Atoi("a week")
		_, from := time.Parse(time.DateOnly, "31.05.2024")
		return fmt.Errorf("job parameters: %w", errors.Join(
			fmt.Errorf("days: %w", days), fmt.Errorf("from: %w", from)))
	}},
	{"archive-disk-full", func(t *testing.T) error {
		file, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
		require.NoError(t, err)
		defer file.Close()
		_, err = file.WriteString("segment")
		return pkgerrors.Wrap(fmt.Errorf("segment 4: %w", err), "write archive")
	}},
	{"input-file-missing", func(t *testing.T) error {
		_, err := os.ReadFile(filepath.Join(t.TempDir(), "customers-2024-05.csv"))
		return fmt.Errorf("import customers: %w", err)
	}},
	{"export-name-too-long", func(t *testing.T) error {
		title := strings.Repeat("Quarterly figures and ", 20)
		err := os.WriteFile(filepath.Join(t.TempDir(), title+".pdf"), nil, 0o600)
		return fmt.Errorf("export report: %w", err)
	}},
	{"publish-across-devices", func(t *testing.T) error {
		file := filepath.Join(t.TempDir(), "feed.xml")
		require.NoError(t, os.WriteFile(file, []byte("<feed/>"), 0o600))
		// /proc is a file system of its own everywhere; that is found out before
		// whether one may write to it.
		return &unseenStepError{"publish-feed", 5, os.Rename(file, "/proc/feed.xml")}
	}},
	{"index-no-memory", func(*testing.T) error {
		_, err := unix.Mmap(-1, 0, math.MaxInt&^0xffff, unix.PROT_READ, unix.MAP_ANON|unix.MAP_PRIVATE)
		return fmt.Errorf("build index: %w", fmt.Errorf("map postings: %w", err))
	}},
	{"transcoder-not-installed", func(*testing.T) error {
		err := exec.Command("ffmpeg-with-av2", "-i", "talk.mkv").Run()
		return fmt.Errorf("transcode talk.mkv: %w", err)
	}},
	{"renderer-killed", func(*testing.T) error {
		err := exec.Command("sh", "-c", "kill -KILL $$").Run() // as the kernel does for want of memory
		return fmt.Errorf("render page 300: %w", err)
	}},
	{"converter-exit-1", func(*testing.T) error {
		err := exec.Command("sh", "-c", "exit 1").Run()
		return fmt.Errorf("convert document: %w", err)
	}},
	{"smtp-mailbox-unknown", func(t *testing.T) error {
		err := sendMail(t, "550 5.1.1 <jo@customer.example>: Recipient address rejected: User unknown")
		return fmt.Errorf("dunning run: %w", fmt.Errorf("letter 17: %w", err))
	}},
	{"smtp-greylisted", func(t *testing.T) error {
		err := sendMail(t, "451 4.7.1 Greylisting in action, please come back later")
		return pkgerrors.Wrap(pkgerrors.WithMessage(err, "send statement"), "month end")
	}},
	{"daemon-socket-missing", func(t *testing.T) error {
		_, err := net.Dial("unix", filepath.Join(t.TempDir(), "containerd.sock"))
		return fmt.Errorf("start build container: %w", err)
	}},
	{"worker-port-taken", func(t *testing.T) error {
		addr := serve(t, func(net.Conn) {})
		_, err := net.Listen("tcp", addr)
		return fmt.Errorf("shuffle service: %w", err)
	}},
	{"ldap-answer-late", func(t *testing.T) error {
		conn := dial(t, serve(t, silent))
		require.NoError(t, conn.SetReadDeadline(time.Now().Add(short)))
		_, err := conn.Read(make([]byte, 1))
		return &unseenStepError{"sync-directory", 2, fmt.Errorf("bind: %w", err)}
	}},
	{"mx-lookup-servfail", func(t *testing.T) error {
		_, err := resolver(t, dnsmessage.RCodeServerFailure).LookupMX(t.Context(), "customer.example.")
		return fmt.Errorf("route newsletter: %w", err)
	}},
	{"webhook-host-unknown", func(t *testing.T) error {
		client := newClient(t)
		client.Transport.(*http.Transport).DialContext = (&net.Dialer{Resolver: resolver(t, dnsmessage.RCodeNameError)}).DialContext
		_, err := client.Get("http://hooks.customer.invalid/done")
		return fmt.Errorf("deliver webhook: %w", err)
	}},
	{"payment-api-timeout", func(t *testing.T) error {
		client := newClient(t)
		client.Timeout = short
		_, err := client.Get(newServer(t, hang) + "/v2/captures")
		return fmt.Errorf("settle: %w", fmt.Errorf("capture 9f3: %w", err))
	}},
	{"http2-stream-reset", func(t *testing.T) error {
		server := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		}))
		server.EnableHTTP2 = true
		server.StartTLS()
		t.Cleanup(server.Close)
		_, err := server.Client().Get(server.URL + "/blobs/7")
		return fmt.Errorf("mirror blob 7: %w", err)
	}},
	{"partner-certificate-expired", func(t *testing.T) error {
		cert, roots := certificate(t, "127.0.0.1", time.Now().AddDate(0, 0, -1))
		client := newClient(t)
		client.Transport.(*http.Transport).TLSClientConfig = &tls.Config{RootCAs: roots}
		_, err := client.Get(serveTLS(t, &tls.Config{Certificates: []tls.Certificate{cert}}) + "/rates")
		return fmt.Errorf("fetch exchange rates: %w", err)
	}},
	{"tls-to-plaintext-port", func(t *testing.T) error {
		addr := serve(t, func(conn net.Conn) {
			_, _ = io.WriteString(conn, "220 relay ESMTP\r\n")
			silent(conn)
		})
		_, err := tls.Dial("tcp", addr, &tls.Config{ServerName: "relay.example"})
		return fmt.Errorf("open relay: %w", err)
	}},
}

// unseenLeaseError tells that a restart helps, but not who is at fault.
type unseenLeaseError struct{ holder string }

func (e *unseenLeaseError) Error() string   { return "lease taken over by " + e.holder }
func (e *unseenLeaseError) Retryable() bool { return true }

// unseenAPIError is a service's own error with its facts in fields.
type unseenAPIError struct {
	Service    string
	StatusCode int
	Body       string
}

func (e *unseenAPIError) Error() string {
	return fmt.Sprintf("%s answered %d: %s", e.Service, e.StatusCode, e.Body)
}

// unseenProblem is an RFC 9457 problem, returned by value.
type unseenProblem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
}

func (p unseenProblem) Error() string { return p.Title }

// unseenCRMError is a client library's error with nothing but methods.
type unseenCRMError struct{ res *http.Response }

func (e *unseenCRMError) Error() string   { return "crm: " + e.res.Status }
func (e *unseenCRMError) StatusCode() int { return e.res.StatusCode }

type unseenThrottled struct {
	status int
	after  time.Duration
}

func (e *unseenThrottled) Error() string             { return fmt.Sprintf("throttled for %v", e.after) }
func (e *unseenThrottled) HTTPStatusCode() int       { return e.status }
func (e *unseenThrottled) RetryAfter() time.Duration { return e.after }

// unseenStepError is how a workflow engine says which step it was.
type unseenStepError struct {
	Workflow string
	Step     int
	Err      error
}

func (e *unseenStepError) Error() string {
	return fmt.Sprintf("%s: step %d: %v", e.Workflow, e.Step, e.Err)
}

func (e *unseenStepError) Unwrap() error { return e.Err }
