package fingerprint_test

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
)

var update = flag.Bool("update", false, "add new entries to the golden file of this version")

type golden struct {
	name string
	err  error
}

// goldens returns the errors of the golden file. All are made here of fixed
// texts: those of the standard library change with the release and the system.
func goldens() []golden {
	cause := errors.New("disk 3 is full")
	lost := errors.New("connection to 10.1.2.3:5432 lost")
	gs := []golden{
		{"wrapped", fmt.Errorf("job 7: %w", cause)},
		{"wrapped five times", wrap(cause, 5)},
		{"labelled", enricher.WithLabels(cause, enricher.Labels{"team": "a"})},
		{"path error", &fs.PathError{Op: "open", Path: "/var/lib/jobs/17.csv", Err: errors.New("no such file or directory")}},
		{"link error", &os.LinkError{Op: "rename", Old: "/a", New: "/b", Err: errors.New("file exists")}},
		{"syscall error", os.NewSyscallError("connect", errors.New("connection refused"))},
		{"op error", &net.OpError{Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 1, 2, 3), Port: 5432}, Err: os.NewSyscallError("connect", errors.New("connection refused"))}},
		{"DNS error", &net.DNSError{Err: "no such host", Name: "payments.internal", Server: "10.0.0.2:53", IsNotFound: true}},
		{"URL error", &url.Error{Op: "Get", URL: "https://api.example.com/v1/users/17", Err: errors.New("EOF")}},
		{"number error", &strconv.NumError{Func: "Atoi", Num: "x", Err: errors.New("invalid syntax")}},
		{"command error", &exec.Error{Name: "pg_dump", Err: errors.New("executable file not found in $PATH")}},
		{"constraint", &PgError{"duplicate key value", "orders_pkey"}},
		{"file with spaces", &fs.PathError{Op: "open", Path: "My Report.csv", Err: errors.New("no such file or directory")}},
		{"exported type", &RowError{"row 7 is bad"}},
		{"wrapped exported type", fmt.Errorf("load: %w", &RowError{"row 7 is bad"})},
		{"unexported type without words", number(7)},
		{"hidden cause", &HidingError{cause}},
		{"hidden chain", &HidingError{fmt.Errorf("load: %w", &HidingError{&RowError{"row 7 is bad"}})}},
		{"joined", errors.Join(cause, lost)},
		{"joined, the other way round", errors.Join(lost, cause)},
		{"joined twice the same", errors.Join(cause, cause)},
		{"joined and wrapped", fmt.Errorf("job 7: %w (attempt 3)", errors.Join(cause, lost))},
		{"joined, nested", errors.Join(errors.Join(cause, lost), &RowError{"row 7 is bad"})},
		{"list", list{cause, lost, cause}},
		{"two verbs", fmt.Errorf("%w: %w", io.ErrUnexpectedEOF, cause)},
		{"hidden join", &HidingError{errors.Join(cause, lost)}},
		{"status 404 that the text does not call one", &answered{404}},
		{"status 503 that the text does not call one", fmt.Errorf("fetch: %w", &answered{503})},
		{"SQLSTATE that the text does not call one", stated("40001")},
		{"joined statuses", errors.Join(&answered{503}, &answered{404}, &answered{503})},
		{"panic", panicked("index out of range [5] with length 3", "example.com/shop/cart.(*Cart).Total")},
		{"panic in a closure", panicked("oops", "example.com/shop/cart.Run.func1.2")},
		{"panic with an error", panicked(cause, "main.load")},
		{"panic without a stack", enricher.NewPanicError("oops", nil)},
		{"wrapped panic", fmt.Errorf("task 3: %w", panicked("oops", "main.load[...]"))},
		{"joined panics", errors.Join(panicked("oops", "main.b"), panicked("oops", "main.a"))},
		{"panicking Error", panicky{}},
		{"panicking Unwrap", unwrapping{}},
		{"circle", cycle{}},
		{"tree", tree{}},
		{"not UTF-8", errors.New("a\xff\xfeb")},
		{"control characters", errors.New("a\x00b\r\n\tc\x1b[31m")},
		{"long", errors.New(strings.Repeat("row 17 is bad and ", 1000))},
		{"cancelled", context.Canceled},
	}
	for i, text := range different {
		gs = append(gs, golden{fmt.Sprintf("message %02d", i), errors.New(text)})
	}
	return gs
}

func TestOfMatchesTheGoldenFile(t *testing.T) {
	e, err := fingerprint.New(fingerprint.Options{})
	require.NoError(t, err)
	path := fmt.Sprintf("testdata/fingerprints.v%d.golden", fingerprint.Version)
	want := readGolden(t, path)
	var file strings.Builder
	for _, g := range goldens() {
		labels, err := e.ProcessFailure(t.Context(), g.err, enricher.FailureContext{})
		require.NoError(t, err)
		line := g.name + "\t" + labels[fingerprint.KeyFingerprint] + "\t" + labels[fingerprint.KeyMessage]
		switch old, ok := want[g.name]; {
		case ok:
			assert.Equal(t, old, line, "Stored fingerprints would change. "+
				"That needs a new Version, and a golden file of its own made with -update.")
			line = old
		case !*update:
			t.Errorf("%q is not in %s: run the test with -update", g.name, path)
		}
		file.WriteString(line + "\n")
		delete(want, g.name)
	}
	assert.Empty(t, want, "entries of %s that are not tested any more", path)
	if *update && !t.Failed() {
		require.NoError(t, os.WriteFile(path, []byte(file.String()), 0o644))
	}
}

// readGolden returns the lines of a golden file by their names. One that does not
// exist is empty.
func readGolden(t *testing.T, path string) map[string]string {
	lines := map[string]string{}
	data, err := os.ReadFile(path)
	if !errors.Is(err, fs.ErrNotExist) {
		require.NoError(t, err)
	}
	for line := range strings.Lines(string(data)) {
		name, _, _ := strings.Cut(line, "\t")
		lines[name] = strings.TrimSuffix(line, "\n")
	}
	return lines
}
