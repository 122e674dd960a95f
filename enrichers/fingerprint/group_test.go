package fingerprint_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os/exec"
	"strconv"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
)

func TestOfIsEqualForTheSameFailure(t *testing.T) {
	t.Parallel()
	a, b, c := errors.New("disk full"), errors.New("connection lost"), &RowError{"row 7 is bad"}
	path := func(p string) error { return &fs.PathError{Op: "open", Path: p, Err: fs.ErrNotExist} }
	dial := func(ip string, port int) error {
		return &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.ParseIP(ip), Port: port}, Err: errors.New("connection refused")}
	}
	get := func(u string) error { return &url.Error{Op: "Get", URL: u, Err: context.DeadlineExceeded} }
	for name, same := range map[string][]error{
		"numbers":         {errors.New("row 7 of 100 is bad"), errors.New("row 12,345 of 1e6 is bad")},
		"lists":           {errors.New("rows [1 2 3] are bad"), errors.New("rows [17] are bad")},
		"paths":           {path("/var/lib/a.csv"), path("/tmp/x/y/z.csv"), path("../b.csv"), path(`C:\data\c.csv`)},
		"addresses":       {dial("10.0.0.1", 5432), dial("192.168.7.7", 80), dial("::1", 5432), dial("fe80::1", 1)},
		"URLs":            {get("https://api.example.com/v1/users/17?x=1"), get("https://api.example.com/health")},
		"user names":      {errors.New("postgres://bob:secret@db:5432/a is down"), errors.New("postgres://alice@db:6432/b is down")},
		"UUIDs":           {errors.New("job 123e4567-e89b-12d3-a456-426614174000 lost"), errors.New("job 00000000-0000-0000-0000-000000000000 lost")},
		"times":           {errors.New("no data since 2006-01-02T15:04:05Z"), errors.New("no data since 2024-12-31 23:59:59.999 +0100 CET m=+3.5"), errors.New("no data since Mon, 02 Jan 2006 15:04:05 GMT")},
		"durations":       {errors.New("timeout after 30s"), errors.New("timeout after 1m30.5s"), errors.New("timeout after 250µs")},
		"quoted":          {fmt.Errorf("bad value %q", "a"), fmt.Errorf("bad value %q", `b "c" d`), errors.New("bad value 'x y'")},
		"quantities":      {errors.New("7"), errors.New("7s"), errors.New("10MB"), errors.New("5 minutes"), errors.New("0x1f"), errors.New("9f86d081")},
		"paths in fields": {path("/a/b.csv"), path("My Report.csv"), path("/data/a: b (c)/d"), path("x")},
		"parsing":         {numError("17a"), numError("x")},
		"lines of code":   {panicked("out of range [5] with length 3", "example.com/shop.(*Cart).Total"), panicked("out of range [9] with length 2", "example.com/shop.(*Cart).Total")},
		"closures":        {panicked("oops", "main.run.func1"), panicked("oops", "main.run.func3.2"), panicked("oops", "main.run.gowrap1"), panicked("oops", "main.run")},
		"labels":          {a, enricher.WithLabels(a, enricher.Labels{"x": "y"}), enricher.WithLabels(enricher.WithLabels(a, nil), nil)},
		"errors.New":      {a, fmt.Errorf("disk full"), fmt.Errorf("%w", a)},
		"join of one":     {a, errors.Join(a), errors.Join(a, a, errors.New("disk full")), errors.Join(errors.Join(a), a)},
		"join":            {errors.Join(a, b, c), errors.Join(c, b, a), errors.Join(errors.Join(b, a), c, b), errors.Join(a, errors.Join(c, b))},
		"wrapped join":    {fmt.Errorf("job 7: %w (of 3)", errors.Join(a, b)), fmt.Errorf("job 8: %w (of 4)", errors.Join(b, a, b))},
		"wrapped one":     {fmt.Errorf("job 7: %w", a), fmt.Errorf("job 8: %w", errors.Join(a)), fmt.Errorf("job 8: %w", errors.Join(a, a))},
		"deep join":       {errors.Join(wrap(errors.Join(a, b), 3), c), errors.Join(c, wrap(errors.Join(b, a), 3))},
		"format of join":  {fmt.Errorf("%w: %w", io.EOF, errors.Join(a, b)), fmt.Errorf("%w: %w", io.EOF, errors.Join(b, a))},
		"other lists":     {list{a, b, c}, list{c, a, b}, list{a, a, b, c}},
		"hidden join":     {&HidingError{errors.Join(a, b)}, &HidingError{errors.Join(b, a)}},
		"joined panics":   {errors.Join(panicked("x", "main.a"), panicked("x", "main.b")), errors.Join(panicked("x", "main.b"), panicked("x", "main.a"))},
		"statuses":        {errors.Join(&answered{404}, &answered{503}), errors.Join(&answered{503}, &answered{404})},
		"panicked join":   {panicked(errors.Join(a, b), "main.a"), panicked(errors.Join(b, a), "main.a")},
	} {
		want := fingerprint.Of(same[0])
		assert.Regexp(t, "^[0-9a-f]{16}$", want)
		for _, err := range same[1:] {
			assert.Equal(t, want, fingerprint.Of(err), "%s: %v, %v", name, same[0], err)
		}
	}
}

func numError(text string) error {
	_, err := strconv.Atoi(text)
	return err
}

// Real messages, of which no two are the same failure.
var different = []string{
	"EOF", "unexpected EOF", "context canceled", "context deadline exceeded", "i/o timeout", "broken pipe", "connection reset by peer",
	"connection refused", "no such host", "no such file or directory", "permission denied", "no space left on device", "too many open files",
	"open /x: no such file or directory", "stat /x: no such file or directory", "open /x: permission denied",
	"dial tcp 10.0.0.1:80: connect: connection refused", "dial udp 10.0.0.1:80: connect: connection refused", "read tcp 10.0.0.1:80: connection refused",
	"dial tcp: lookup users.svc: no such host", "dial tcp: lookup orders.svc: no such host",
	`Get "https://a.example.com/x": EOF`, `Get "https://b.example.com/x": EOF`, `Post "https://a.example.com/x": EOF`, `Get "http://a.example.com/x": EOF`,
	"exit status 1", "exit status 2", "exit status 137", "signal: killed", "signal: segmentation fault", "exit status 0xc0000005",
	"status code: 404", "status code: 503", "HTTP 500", "HTTP 502", "HTTP/1.1 404", "HTTP/1.1 410", "unexpected status 400", "unexpected status 401",
	"ERROR: duplicate key value violates unique constraint \"a\" (SQLSTATE 23505)", "ERROR: deadlock detected (SQLSTATE 40P01)",
	"ERROR: x (SQLSTATE 40001)", "ERROR: x (SQLSTATE 42P01)", "Error 1045 (28000): x", "Error 1146 (42S02): x", "ORA-00942: x", "ORA-12541: x",
	"errno 2", "errno 13", "rpc error: code = Unavailable desc = x", "rpc error: code = NotFound desc = x", "rpc error: code = Code(17)", "code: -32601", "code: -32700",
	"json: cannot unmarshal string into Go value of type int64", "json: cannot unmarshal string into Go value of type int32",
	"x509: certificate signed by unknown authority", "tls: handshake failure", "s3://orders/17: denied", "s3://users/17: denied",
	"runtime error: index out of range [5] with length 3", "runtime error: slice bounds out of range [:7] with capacity 3",
	"runtime error: invalid memory address or nil pointer dereference", "runtime error: integer divide by zero",
	"Datei nicht gefunden", "файл не найден", "文件不存在", "文件已存在", "", "7", "/x", `"x"`, "a@example.com", "10.0.0.1",
}

func TestOfDiffersForDifferentFailures(t *testing.T) {
	t.Parallel()
	a, b := errors.New("disk full"), errors.New("connection lost")
	var errs []error
	for _, text := range different {
		errs = append(errs, errors.New(text))
	}
	errs = append(
		errs,
		&RowError{"bad amount"}, &ColumnError{"bad amount"}, errors.New("bad amount"), fmt.Errorf("load: %w", errors.New("bad amount")),
		fmt.Errorf("load: %w", &RowError{"bad amount"}), fmt.Errorf("store: %w", &RowError{"bad amount"}),
		number(70), amount(70), &answered{404}, &answered{503}, fmt.Errorf("fetch: %w", &answered{404}), fmt.Errorf("fetch: %w", &answered{503}), stated("40001"), stated("23505"),
		a, b, errors.Join(a, b), list{a, b, errors.New("x")}, fmt.Errorf("job: %w", errors.Join(a, b)), fmt.Errorf("%w: %w", a, b), fmt.Errorf("%w: %w", b, a),
		&HidingError{a}, &HidingError{b}, &HidingError{&RowError{"disk full"}}, &HidingError{errors.Join(a, b)},
		panicked("disk full", "main.a"), panicked("disk full", "main.b"), panicked("disk full", "main.(*a).b"), enricher.NewPanicError("disk full", nil),
		&PgError{"duplicate", "orders_pkey"}, &PgError{"duplicate", "users_email_key"}, fmt.Errorf("load: %w", &PgError{"duplicate", "orders_pkey"}),
		&exec.Error{Name: "/usr/bin/pg_dump", Err: exec.ErrNotFound}, &exec.Error{Name: "/usr/bin/ffmpeg", Err: exec.ErrNotFound},
		panicked(a, "main.a"), panicked(&RowError{"disk full"}, "main.a"), errors.Join(panicked("disk full", "main.a"), a),
	)
	seen := map[string]error{}
	for _, err := range errs {
		key := fingerprint.Of(err)
		if other, ok := seen[key]; ok {
			// A panic with an error and one with its text are the same to people.
			if err.Error() == "panic: disk full" && other.Error() == err.Error() {
				continue
			}
			t.Errorf("%#v (%v) and %#v (%v) have the fingerprint %s", other, other, err, err, key)
		}
		seen[key] = err
	}
	assert.Greater(t, len(seen), 90)
}
