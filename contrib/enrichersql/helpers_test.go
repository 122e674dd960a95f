package enrichersql_test

import (
	"database/sql"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersql"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestMain(m *testing.M) {
	if os.Getenv(asChild) != "" {
		child()
	}
	code := m.Run()
	stopPostgres()
	os.Exit(code)
}

// forever keeps everything.
var forever = enrichersql.Options{MaxAge: -1, MaxPerJob: -1, MaxPerGroup: -1}

// A place is where a test keeps failures: a driver and its data source.
type place struct {
	dialect        enrichersql.Dialect
	driver, source string
}

func (p place) open(t testing.TB) *sql.DB {
	db, err := sql.Open(p.driver, p.source)
	require.NoError(t, err)
	t.Cleanup(func() { db.Close() })
	return db
}

// store returns a store on tables that are there already.
func (p place) store(t testing.TB, db *sql.DB, o enrichersql.Options) exceptions.Store {
	s, err := enrichersql.New(db, p.dialect, o)
	require.NoError(t, err)
	enrichersql.SetLimit(s, 5*time.Minute) // also on a machine that is busy
	return s
}

// migrated returns a database with tables, and a store on it.
func (p place) migrated(t testing.TB, o enrichersql.Options) (*sql.DB, exceptions.Store) {
	db := p.open(t)
	require.NoError(t, enrichersql.Migrate(t.Context(), db, p.dialect, o))
	return db, p.store(t, db, o)
}

// dialects runs a test for each dialect, with an empty database.
func dialects(t *testing.T, test func(t *testing.T, p place)) {
	t.Run("SQLite", func(t *testing.T) {
		t.Parallel()
		test(t, sqlite(t))
	})
	t.Run("Postgres", func(t *testing.T) {
		t.Parallel()
		test(t, postgres(t))
	})
}

func sqlite(t testing.TB) place {
	file := filepath.Join(t.TempDir(), "failures.db")
	return place{enrichersql.SQLite, "sqlite", "file:" + file + "?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=synchronous(NORMAL)"}
}

// postgres returns an empty database on a server: that in DATABASE_URL, or else one that
// runs for the tests.
func postgres(t testing.TB) place {
	server := os.Getenv("DATABASE_URL")
	if server == "" {
		server = startPostgres(t)
	}
	admin := place{enrichersql.Postgres, "pgx", server}.open(t)
	name := fmt.Sprintf("enrichersql_%d", time.Now().UnixNano())
	_, err := admin.Exec("CREATE DATABASE " + name)
	require.NoError(t, err)
	t.Cleanup(func() { _, _ = admin.Exec("DROP DATABASE " + name + " WITH (FORCE)") })
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/" + name
	return place{enrichersql.Postgres, "pgx", u.String()}
}

var server struct {
	mu      sync.Mutex
	address string
	cmd     *exec.Cmd
	dir     string
}

// startPostgres returns the URL of the server that runs for the tests.
func startPostgres(t testing.TB) string {
	server.mu.Lock()
	defer server.mu.Unlock()
	if server.address != "" {
		return server.address
	}
	bin := programs()
	if bin == "" {
		const missing = "there is no PostgreSQL: install it (Debian: postgresql), or set DATABASE_URL"
		if os.Getenv("CI") != "" {
			require.FailNow(t, missing)
		}
		t.Skip(missing)
	}
	dir, err := os.MkdirTemp("", "enrichersql") // not t.TempDir, which only this user can enter
	require.NoError(t, err)
	server.dir = dir
	var as []string
	if os.Getuid() == 0 { // as whom PostgreSQL does not run
		account, err := user.Lookup("postgres")
		if err != nil {
			account, err = user.Lookup("nobody")
		}
		require.NoError(t, err)
		uid, err := strconv.Atoi(account.Uid)
		require.NoError(t, err)
		gid, err := strconv.Atoi(account.Gid)
		require.NoError(t, err)
		require.NoError(t, os.Chown(dir, uid, gid))
		as = []string{"setpriv", "--reuid", account.Uid, "--regid", account.Gid, "--clear-groups"}
	}
	command := func(name string, args ...string) *exec.Cmd {
		line := append(append(as[:len(as):len(as)], filepath.Join(bin, name)), args...)
		cmd := exec.Command(line[0], line[1:]...)
		cmd.Dir = dir
		return cmd
	}
	text, err := command("initdb", "-D", dir+"/data", "-U", "postgres", "-A", "trust", "-N", "-E", "UTF8", "--locale", "C").CombinedOutput()
	require.NoError(t, err, string(text))
	cmd := command("postgres", "-D", dir+"/data", "-k", dir, "-c", "listen_addresses=", "-F")
	require.NoError(t, cmd.Start())
	server.cmd = cmd
	address := "postgres://postgres@/postgres?host=" + url.QueryEscape(dir)
	db := place{enrichersql.Postgres, "pgx", address}.open(t)
	require.Eventually(t, func() bool { return db.Ping() == nil }, time.Minute, 50*time.Millisecond)
	server.address = address
	return address
}

func stopPostgres() {
	if server.cmd != nil {
		_ = server.cmd.Process.Signal(os.Interrupt) // which does not wait for connections
		_ = server.cmd.Wait()
	}
	if server.dir != "" {
		_ = os.RemoveAll(server.dir)
	}
}

// programs returns the folder of PostgreSQL's programs, or "".
func programs() string {
	if path, err := exec.LookPath("initdb"); err == nil {
		return filepath.Dir(path)
	}
	if all, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb"); len(all) > 0 {
		return filepath.Dir(all[len(all)-1])
	}
	return ""
}

// record returns a failure with labels.
func record(key, job string, at time.Time, labels enricher.Labels) exceptions.Record {
	return exceptions.Record{Key: key, Entry: exceptions.Entry{
		ID: key, JobID: job, Time: at, Message: "boom " + key, Labels: labels, LabelState: exceptions.StateComplete,
		Attributes: map[string]string{},
	}}
}
