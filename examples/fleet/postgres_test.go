package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/contrib/enricherriver"
)

func TestPostgres(t *testing.T) {
	t.Parallel()
	server := postgres(t)

	t.Run("each failure is labeled once, whichever process ran the job", func(t *testing.T) {
		t.Parallel()
		db, address := newDatabase(t, server)
		const times = 10
		a := child(t, address, "a", "-jobs", strconv.Itoa(times))
		b := child(t, address, "b", "-jobs", strconv.Itoa(times))
		jobs := whenAllEnded(t, db, 2*times)

		labeled, unlabeled := byProcess(jobs)
		assert.Empty(t, unlabeled)
		assert.Equal(t, labeled["a"], counted(t, a.output))
		assert.Equal(t, labeled["b"], counted(t, b.output))
		total := map[string]int{}
		for _, process := range []string{"a", "b"} {
			assert.NotEmpty(t, labeled[process], "failures of process %s", process)
			for kind, n := range labeled[process] {
				total[kind] += n
			}
		}
		assert.Equal(t, map[string]int{"USER terminal": 2 * 2 * times, "SYSTEM terminal": 2 * times, "DEPENDENCY retryable": 6 * 2 * times}, total)
	})

	t.Run("a killed process loses only its running attempts", func(t *testing.T) {
		t.Parallel()
		db, address := newDatabase(t, server)
		const times = 10
		a := child(t, address, "a", "-jobs", strconv.Itoa(times), "-rescue-after", "6s")
		b := child(t, address, "b", "-jobs", "0", "-rescue-after", "6s")
		require.Eventually(t, func() bool {
			return len(query(t, db, "WHERE state = 'cancelled' AND attempted_by[attempt] = 'a'")) > 0 &&
				len(query(t, db, "WHERE state = 'running' AND kind = 'archive' AND attempted_by[attempt] = 'a'")) > 0
		}, time.Minute, 5*time.Millisecond)
		require.NoError(t, a.cmd.Process.Kill())
		_ = a.cmd.Wait() // which says that it was killed
		require.Eventually(t, func() bool {
			var connections int
			err := db.QueryRow(t.Context(), "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'a'").Scan(&connections)
			return err == nil && connections == 0
		}, time.Minute, 5*time.Millisecond)
		var lost []int64
		for _, job := range query(t, db, "WHERE state = 'running' AND attempted_by[attempt] = 'a'") {
			lost = append(lost, job.ID)
		}
		require.NotEmpty(t, lost)

		jobs := whenAllEnded(t, db, times)
		labeled, unlabeled := byProcess(jobs)
		assert.Equal(t, lost, unlabeled)
		assert.Equal(t, labeled["b"], counted(t, b.output))
		assert.NotEmpty(t, labeled["a"], "what the killed process had labeled")
	})
}

// A job is what the database says about one.
type job struct {
	ID          int64
	Kind, State string
	AttemptedBy []string
	Errors      []rivertype.AttemptError
	Failure     enricherriver.Failure
}

// query returns jobs in the order of their IDs.
func query(t *testing.T, db *pgxpool.Pool, where string) []job {
	rows, err := db.Query(t.Context(), `SELECT id, kind, state::text, coalesce(attempted_by, '{}'), array_to_json(errors)::text,
		coalesce(metadata->'failure', '{}')::text FROM river_job `+where+" ORDER BY id")
	if err != nil {
		return nil // there is no such table yet
	}
	defer rows.Close()
	var jobs []job
	for rows.Next() {
		var j job
		var errors *string
		var failure string
		require.NoError(t, rows.Scan(&j.ID, &j.Kind, &j.State, &j.AttemptedBy, &errors, &failure))
		if errors != nil {
			require.NoError(t, json.Unmarshal([]byte(*errors), &j.Errors))
		}
		require.NoError(t, json.Unmarshal([]byte(failure), &j.Failure))
		jobs = append(jobs, j)
	}
	return jobs
}

// whenAllEnded waits until the jobs, inserted this many times, have ended as they
// should, and returns them.
func whenAllEnded(t *testing.T, db *pgxpool.Pool, times int) []job {
	require.Eventually(t, func() bool {
		return len(query(t, db, "WHERE finalized_at IS NOT NULL")) == times*len(fleetJobs())
	}, 2*time.Minute, 100*time.Millisecond)
	jobs := query(t, db, "")
	states := map[string]int{}
	for _, j := range jobs {
		states[j.Kind+" "+j.State]++
	}
	assert.Equal(t, map[string]int{
		"import cancelled": times, "book cancelled": times, "report cancelled": times,
		"fetch discarded": times, "push discarded": times, "fetch completed": times, "archive completed": times,
	}, states)
	return jobs
}

// byProcess counts the labeled failures of each process by type and retry, and returns
// the jobs with a failed attempt that has no labels.
func byProcess(jobs []job) (labeled map[string]map[string]int, unlabeled []int64) {
	labeled = map[string]map[string]int{}
	for _, j := range jobs {
		for _, failed := range j.Errors {
			labels := j.Failure.Earlier[failed.Attempt]
			if failed.Attempt == j.Failure.Attempt {
				labels = j.Failure.Labels
			}
			if labels == nil {
				unlabeled = append(unlabeled, j.ID)
				continue
			}
			process := j.AttemptedBy[failed.Attempt-1]
			if labeled[process] == nil {
				labeled[process] = map[string]int{}
			}
			labeled[process][labels["type"]+" "+labels["retry"]]++
		}
	}
	return labeled, unlabeled
}

// A process is the program in a process of its own.
type process struct {
	*output
	cmd *exec.Cmd
}

// child starts the program on a database. It is interrupted after the test.
func child(t *testing.T, database, name string, args ...string) process {
	return program(t, append([]string{"-database-url", database + "&application_name=" + name, "-name", name}, args...)...)
}

// program starts the program. It is interrupted after the test.
func program(t *testing.T, args ...string) process {
	self, err := os.Executable()
	require.NoError(t, err)
	args = append([]string{"-listen", "127.0.0.1:0"}, args...)
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
		assert.NoError(t, p.cmd.Wait(), "an interrupt ends the process in order: %q", args)
	})
	return p
}

// newDatabase makes an empty database on a server, for one test.
func newDatabase(t *testing.T, server string) (db *pgxpool.Pool, address string) {
	admin, err := pgx.Connect(t.Context(), server)
	require.NoError(t, err)
	name := fmt.Sprintf("fleet_%d", time.Now().UnixNano())
	_, err = admin.Exec(t.Context(), "CREATE DATABASE "+name)
	require.NoError(t, err)
	u, err := url.Parse(server)
	require.NoError(t, err)
	u.Path = "/" + name
	values := u.Query()
	values.Set("connect_timeout", "10")
	u.RawQuery = values.Encode()
	db, err = pgxpool.New(t.Context(), u.String())
	require.NoError(t, err)
	t.Cleanup(func() {
		db.Close()
		_, err := admin.Exec(context.Background(), "DROP DATABASE "+name+" WITH (FORCE)")
		assert.NoError(t, err)
		assert.NoError(t, admin.Close(context.Background()))
	})
	return db, u.String()
}

// postgres returns the URL of a server: that in DATABASE_URL, or else of one that it
// starts for the test.
func postgres(t *testing.T) string {
	if given := os.Getenv("DATABASE_URL"); given != "" {
		return given
	}
	bin := programs()
	if bin == "" {
		const missing = "there is no PostgreSQL: install it (Debian: postgresql), or set DATABASE_URL"
		if os.Getenv("CI") != "" {
			require.FailNow(t, missing)
		}
		t.Skip(missing)
	}
	dir, err := os.MkdirTemp("", "fleet-postgres") // not t.TempDir, which only this user can enter
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, os.RemoveAll(dir)) })
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
	log, err := os.Create(filepath.Join(dir, "log"))
	require.NoError(t, err)
	defer log.Close()
	server := command("postgres", "-D", dir+"/data", "-k", dir, "-c", "listen_addresses=", "-F")
	server.Stdout, server.Stderr = log, log
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		assert.NoError(t, server.Process.Signal(os.Interrupt)) // which does not wait for connections
		assert.NoError(t, server.Wait())
	})
	address := "postgres://postgres@/postgres?host=" + url.QueryEscape(dir)
	require.Eventually(t, func() bool {
		conn, err := pgx.Connect(t.Context(), address)
		return err == nil && conn.Close(t.Context()) == nil
	}, time.Minute, 50*time.Millisecond)
	return address
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
