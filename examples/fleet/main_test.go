package main

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/contrib/enricherriver"
)

// asChild is the environment variable that makes the test binary the program.
const asChild = "FLEET_AS_CHILD"

func TestMain(m *testing.M) {
	os.Unsetenv(passwordVariable)
	if os.Getenv(asChild) != "" {
		main()
	}
	os.Exit(m.Run())
}

// An output is what a process prints.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) read(r io.Reader) {
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		o.mu.Lock()
		fmt.Fprintln(&o.text, lines.Text())
		o.mu.Unlock()
	}
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

// find waits for the text, and returns its first submatch.
func (o *output) find(t *testing.T, text string) string {
	re := regexp.MustCompile(text)
	require.Eventually(t, func() bool { return re.MatchString(o.String()) }, time.Minute, 20*time.Millisecond, "%s in %s", text, o)
	return re.FindStringSubmatch(o.String())[1]
}

// attempts returns the lines about attempts in a text, sorted.
func attempts(text string) []string {
	return slices.Sorted(slices.Values(regexp.MustCompile(`(?m)^ *\d+ .*attempt .*$`).FindAllString(text, -1)))
}

// start starts the program within the test. stop interrupts it.
func start(t *testing.T, args ...string) (out *output, stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	r, w := io.Pipe()
	out = &output{}
	done := make(chan int)
	go func() {
		done <- run(ctx, append([]string{"-listen", "127.0.0.1:0"}, args...), w, io.Discard)
		w.Close()
	}()
	go out.read(r)
	stop = sync.OnceFunc(func() {
		cancel()
		assert.Equal(t, exitDone, <-done)
	})
	t.Cleanup(stop)
	return out, stop
}

// A process is the program in a process of its own.
type process struct {
	*output
	cmd *exec.Cmd
}

// spawn starts the program. It is interrupted after the test.
func spawn(t *testing.T, args ...string) process {
	self, err := os.Executable()
	require.NoError(t, err)
	p := process{output: &output{}, cmd: exec.Command(self, args...)}
	p.cmd.Env = append(os.Environ(), asChild+"=1")
	p.cmd.Stderr = t.Output()
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	read := make(chan struct{})
	go func() {
		defer close(read)
		p.read(stdout)
	}()
	t.Cleanup(func() {
		if p.cmd.ProcessState != nil {
			return // it was killed
		}
		assert.NoError(t, p.cmd.Process.Signal(os.Interrupt))
		<-read
		assert.NoError(t, p.cmd.Wait(), "an interrupt ends %s in order", args)
	})
	return p
}

// status returns the status of the answer to GET, and its body.
func status(t *testing.T, url, name, password string) (code int, body string) {
	req, err := http.NewRequest(http.MethodGet, url, nil)
	require.NoError(t, err)
	if name != "" {
		req.SetBasicAuth(name, password)
	}
	resp, err := client.Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	return resp.StatusCode, string(text)
}

// counted returns how many failures a process has counted, by type and retry.
func counted(t *testing.T, out *output) map[string]int {
	_, text := status(t, out.find(t, `Metrics are at (\S+)\.\n`), "", "")
	counts := map[string]int{}
	for _, m := range regexp.MustCompile(`(?m)^enricher_failures_total\{retry="(\w*)",type="(\w*)"\} (\d+)$`).FindAllStringSubmatch(text, -1) {
		n, err := strconv.Atoi(m[3])
		require.NoError(t, err)
		counts[m[2]+" "+m[1]] = n
	}
	return counts
}

func openFile(t *testing.T, file string) *sql.DB {
	db, err := sql.Open("sqlite", "file:"+file+"?_pragma=busy_timeout(10000)")
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// ended returns the jobs of a database: kind, state, and the types of the failures of
// the first attempts.
func ended(t *testing.T, db *sql.DB) []string {
	rows, err := db.Query("SELECT kind, state, json(metadata) FROM river_job ORDER BY id")
	require.NoError(t, err)
	defer rows.Close()
	var all []string
	for rows.Next() {
		var kind, state string
		var data []byte
		require.NoError(t, rows.Scan(&kind, &state, &data))
		var metadata struct{ Failure enricherriver.Failure }
		require.NoError(t, json.Unmarshal(data, &metadata))
		text := kind + " " + state
		f := metadata.Failure
		for n := 1; n < f.Attempt; n++ {
			text += " " + f.Earlier[n]["type"]
		}
		all = append(all, strings.TrimSpace(text+" "+f.Labels["type"]))
	}
	require.NoError(t, rows.Err())
	return all
}

func TestSQLite(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "river.db")
	out, stop := start(t, "-database", file)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	want := attempts(string(readme))
	require.Eventually(t, func() bool { return len(attempts(out.String())) >= len(want) }, time.Minute, 20*time.Millisecond)
	assert.Equal(t, want, attempts(out.String()), "as in the README")

	assert.Equal(t, []string{
		"import cancelled USER", "book cancelled USER", "report cancelled SYSTEM",
		"fetch discarded DEPENDENCY DEPENDENCY", "push discarded DEPENDENCY DEPENDENCY",
		"fetch completed DEPENDENCY DEPENDENCY", "archive completed",
	}, ended(t, openFile(t, file)))
	assert.Equal(t, map[string]int{"USER terminal": 2, "SYSTEM terminal": 1, "DEPENDENCY retryable": 6}, counted(t, out))

	page := out.find(t, `Failures are at (\S+),`)
	password := out.find(t, `password (\w{26})\.`)
	for _, tt := range []struct {
		name, password string
		want           int
	}{
		{"", "", http.StatusUnauthorized},
		{userName, "", http.StatusUnauthorized},
		{"other", password, http.StatusUnauthorized},
		{userName, password + "x", http.StatusUnauthorized},
		{userName, password, http.StatusOK},
	} {
		for _, path := range []string{"", "jobs", "jobs/1/exceptions"} {
			code, body := status(t, page+path, tt.name, tt.password)
			assert.Equal(t, tt.want, code, "%s %s %s", path, tt.name, tt.password)
			assert.Equal(t, tt.want != http.StatusOK, body == "password required\n")
		}
	}
	_, body := status(t, page+"jobs/1/exceptions", userName, password)
	assert.Contains(t, body, "april.csv")
	stop()
}

func TestJobsGoOnAfterAStop(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "river.db")
	out, stop := start(t, "-database", file, "-jobs", "2")
	out.find(t, `(attempt 1)`)
	stop()
	db := openFile(t, file)
	var running int
	require.NoError(t, db.QueryRow("SELECT count(*) FROM river_job WHERE state = 'running'").Scan(&running))
	assert.Zero(t, running)

	start(t, "-database", file, "-jobs", "0")
	assert.Eventually(t, func() bool {
		var left int
		err := db.QueryRow("SELECT count(*) FROM river_job WHERE finalized_at IS NULL").Scan(&left)
		return err == nil && left == 0
	}, time.Minute, 50*time.Millisecond)
	assert.Len(t, ended(t, db), 2*len(fleetJobs()))
}

func TestKilledProcessForgetsNoFailure(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "river.db")
	const password = "open-sesame"
	first := spawn(t, "-listen", "127.0.0.1:0", "-database", file, "-password", password, "-name", "first")
	page := first.find(t, `Failures are at (\S+),`)
	first.find(t, `1 import   (attempt 1): cancelled`)
	require.Eventually(t, func() bool { // it is stored about a tenth of a second later
		_, body := status(t, page+"jobs/1/exceptions", userName, password)
		return strings.Contains(body, "april.csv") && strings.Contains(body, "USER") // its text, and its labels
	}, time.Minute, 20*time.Millisecond)
	require.NoError(t, first.cmd.Process.Kill())
	_ = first.cmd.Wait() // which says that it was killed

	second, stop := start(t, "-database", file, "-password", password, "-name", "second", "-jobs", "0")
	page = second.find(t, `Failures are at (\S+),`)
	code, body := status(t, page+"jobs/1/exceptions", userName, password)
	assert.Equal(t, http.StatusOK, code)
	assert.Contains(t, body, "april.csv")
	assert.Contains(t, body, `"first"`, "the process that kept it")
	stop()
}

func TestPasswordThatIsGivenIsNotPrinted(t *testing.T) {
	t.Parallel()
	out, stop := start(t, "-password", "open-sesame", "-jobs", "0")
	page := out.find(t, `Failures are at (\S+),`)
	code, _ := status(t, page, userName, "open-sesame")
	assert.Equal(t, http.StatusOK, code)
	stop()
	assert.NotContains(t, out.String(), "open-sesame")
}

func TestInterruptDuringTheStartIsNoTrouble(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var log bytes.Buffer
	assert.Equal(t, exitDone, run(ctx, []string{"-listen", "127.0.0.1:0"}, io.Discard, &log))
	assert.Empty(t, log.String())
}

func TestPlugins(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	code, err := os.ReadFile("../plugin/plugins/resource.wasm")
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(folder, "resource.wasm"), code, 0o600))
	for _, tt := range []struct{ enrichers, want string }{
		{"type,restart", `push +attempt 1: retryable (retry=retryable, type=DEPENDENCY)`},
		{"type,restart,resource", `push +attempt 1: retryable (resource=service, retry=retryable, type=DEPENDENCY)`},
	} {
		out, stop := start(t, "-plugins", folder, "-enrichers", tt.enrichers)
		out.find(t, tt.want)
		stop()
	}
}

func TestTroubleEndsTheProgram(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		args string
		code int
		want string
	}{
		{"-h", exitDone, "-database-url"},
		{"-jobs -1", exitUsage, "fleet: -jobs -1: must not be negative\n"},
		{"-rescue-after 1s", exitUsage, "fleet: -rescue-after 1s: must be at least 2s\n"},
		{"more", exitUsage, "fleet: unexpected argument \"more\": there are only flags\n"},
		{"-serve-owner", exitUsage, "fleet: -serve-owner: needs -nats\n"},
		{"-database a -database-url b", exitUsage, "fleet: -database and -database-url: only one of them is accepted\n"},
		{"-database /no/such/folder/river.db", exitTrouble, "fleet: -database /no/such/folder/river.db: "},
		{"-database-url postgres://u:s3cr3t@127.0.0.1:1/db", exitTrouble, "fleet: -database-url: "},
		{"-nats nats://u:s3cr3t@127.0.0.1:1", exitTrouble, "fleet: -nats: "},
		{"-plugins /no/such/folder", exitTrouble, "fleet: -plugins: enricherwasm: open /no/such/folder: "},
		{"-enrichers type,acme", exitTrouble, "acme"},
		{"-listen nowhere", exitTrouble, "fleet: -listen nowhere: "},
	} {
		var out, log bytes.Buffer
		assert.Equal(t, tt.code, run(t.Context(), strings.Fields(tt.args), &out, &log), tt.args)
		assert.Contains(t, log.String(), tt.want)
		assert.NotContains(t, log.String(), "s3cr3t")
	}
}
