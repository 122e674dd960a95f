package enrichersql_test

import (
	"bufio"
	"bytes"
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersql"
	"github.com/failure-enrichers/enricher/exceptions"
)

// ids returns the IDs of all failures of a store, the oldest first.
func ids(t *testing.T, s exceptions.Store) (ids []string) {
	q := exceptions.Query{Sort: exceptions.SortOldest}
	for {
		page, err := s.Failures(t.Context(), q)
		require.NoError(t, err)
		for _, e := range page.Items {
			ids = append(ids, e.ID)
		}
		if q.Cursor = page.Next; q.Cursor == "" {
			return ids
		}
	}
}

// historyOf returns a history on a store, which logs nothing.
func historyOf(s exceptions.Store, process string) *exceptions.History {
	return exceptions.NewHistory(exceptions.Options{Store: s, Process: process, Logger: slog.New(slog.DiscardHandler)})
}

// fail keeps n failures, and returns their IDs.
func fail(h *exceptions.History, prefix string, n int) (ids []string) {
	for i := range n {
		id := fmt.Sprintf("%s-%04d", prefix, i)
		at := time.Now().Truncate(time.Millisecond).Add(time.Duration(i) * time.Microsecond)
		h.Enrich(context.Background(), nil, errors.New("boom"), enricher.FailureContext{ID: id, JobID: prefix, Time: at})
		ids = append(ids, id)
	}
	return ids
}

// flush waits until everything is stored.
func flush(t *testing.T, h *exceptions.History) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	require.NoError(t, h.Flush(ctx))
}

func TestFaultsLoseNothing(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		const n = 600
		t.Run("a database that fails in the middle of anything", func(t *testing.T) {
			var statements, faults atomic.Int64
			db, plain := p.migrated(t, forever)
			defer db.Close()
			flaky := p.hooked(t, func(text string, _ []driver.NamedValue) error {
				i := statements.Add(1)
				if i%17 != 0 && (text != "COMMIT" || i%2 != 0) {
					return nil
				}
				if faults.Add(1) > 10 {
					return nil // so that it ends
				}
				return errors.New("connection lost")
			})
			h := historyOf(p.store(t, flaky, forever), "a")
			want := fail(h, "flaky", n)
			flush(t, h)
			assert.Equal(t, want, ids(t, plain))
			assert.Positive(t, faults.Load())
			page, err := plain.Jobs(t.Context(), exceptions.Query{})
			require.NoError(t, err)
			assert.EqualValues(t, n, page.Items[0].Failures)
		})
		t.Run("tables that are missing at the start", func(t *testing.T) {
			o := forever
			o.TablePrefix = "Late_"
			db := p.open(t)
			s := p.store(t, db, o)
			h := historyOf(s, "a")
			want := fail(h, "late", 20)
			_, err := s.Failures(t.Context(), exceptions.Query{})
			require.Error(t, err)
			var none context.Context
			require.NoError(t, enrichersql.Migrate(none, db, p.dialect, o))
			flush(t, h)
			assert.Equal(t, want, ids(t, s))
		})
		t.Run("a database that does not answer", func(t *testing.T) {
			var stuck atomic.Bool
			answers := make(chan struct{})
			db := p.hooked(t, func(string, []driver.NamedValue) error {
				if stuck.Load() {
					<-answers
				}
				return nil
			})
			o := forever
			o.TablePrefix = "slow_"
			require.NoError(t, enrichersql.Migrate(t.Context(), db, p.dialect, o))
			s := p.store(t, db, o)
			h := historyOf(s, "a")
			stuck.Store(true)
			want := fail(h, "slow", 20) // returns at once
			stuck.Store(false)
			close(answers)
			flush(t, h)
			assert.Equal(t, want, ids(t, s))
		})
	})
}

func TestSQLiteThatCannotBeWritten(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ name, parameters, begin, end, want string }{
		{"locked", "_pragma=busy_timeout(1)", "", "", "locked"},
		{"read-only", "_pragma=query_only(true)", "", "PRAGMA query_only = false", "readonly"},
		{"full", "_pragma=max_page_count(40)", "", "PRAGMA max_page_count = 100000", "full"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p := sqlite(t)
			other, plain := p.migrated(t, forever)
			limited := place{p.dialect, p.driver, strings.Replace(p.source, "_pragma=busy_timeout(10000)", tt.parameters, 1)}
			db := limited.open(t)
			db.SetMaxOpenConns(1)
			s := limited.store(t, db, forever)
			h := historyOf(s, "a")
			var lock *sql.Conn
			if tt.name == "locked" {
				var err error
				lock, err = other.Conn(t.Context())
				require.NoError(t, err)
				_, err = lock.ExecContext(t.Context(), "BEGIN IMMEDIATE")
				require.NoError(t, err)
			}
			want := fail(h, "x", 300)
			require.Eventually(t, func() bool {
				ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
				defer cancel()
				err := h.Flush(ctx)
				return err != nil && strings.Contains(err.Error(), tt.want)
			}, time.Minute, time.Millisecond)
			if lock != nil {
				_, err := lock.ExecContext(t.Context(), "ROLLBACK")
				require.NoError(t, err)
				require.NoError(t, lock.Close())
			} else {
				_, err := db.Exec(tt.end)
				require.NoError(t, err)
			}
			flush(t, h)
			assert.Equal(t, want, ids(t, plain))
		})
	}
}

func TestUnreadableRow(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		db, s := p.migrated(t, forever)
		now := time.Now().Truncate(time.Microsecond)
		require.NoError(t, s.Append(t.Context(), []exceptions.Record{
			record("a", "j", now, enricher.Labels{"k": "v"}), record("b", "j", now.Add(time.Second), enricher.Labels{"k": "v"}),
		}))
		_, err := db.Exec("UPDATE enricher_bodies SET entry = '{' WHERE no = (SELECT no FROM enricher_failures WHERE id = 'a')")
		require.NoError(t, err)
		_, err = db.Exec("UPDATE enricher_groups SET back = 'x'")
		require.NoError(t, err)
		page, err := s.Failures(t.Context(), exceptions.Query{})
		require.NoError(t, err)
		require.Len(t, page.Items, 2)
		assert.Equal(t, "boom b", page.Items[0].Message)
		broken := page.Items[1]
		assert.Contains(t, broken.Message, "cannot be read")
		assert.Equal(t, "a j "+now.String(), fmt.Sprint(broken.ID, " ", broken.JobID, " ", broken.Time.In(now.Location())))
		groups, err := s.Groups(t.Context(), exceptions.Query{By: "k"})
		require.NoError(t, err)
		assert.Equal(t, 2, groups.Items[0].Count)
	})
}

func TestRecordThatIsRejected(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	o := forever
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	_, s := p.migrated(t, o)
	h := historyOf(s, "a")
	bad := record("bad", "j", time.Now(), nil)
	bad.Entry.Message = "\x00" // which Postgres does not accept
	require.NoError(t, s.Append(t.Context(), []exceptions.Record{record("a", "j", time.Now(), nil), bad, record("b", "j", time.Now(), nil)}))
	assert.Equal(t, []string{"a", "b"}, ids(t, s))
	require.NoError(t, s.Append(t.Context(), slices.Repeat([]exceptions.Record{bad}, 3)))
	require.NoError(t, s.Append(t.Context(), []exceptions.Record{bad}))
	assert.EqualValues(t, 5, s.(interface{ Skipped() uint64 }).Skipped())
	assert.EqualValues(t, 5, h.Status().Dropped)
	assert.Equal(t, 1, strings.Count(log.String(), "\n"), "one line a minute")
}

func TestLogHasNoSecretOfTheDatabase(t *testing.T) {
	t.Parallel()
	o := forever
	var log bytes.Buffer
	o.Logger = slog.New(slog.NewTextHandler(&log, nil))
	db, s := sqlite(t).migrated(t, o)
	_, err := db.Exec("CREATE TRIGGER t BEFORE INSERT ON enricher_bodies BEGIN SELECT RAISE(ABORT, 'audit: password=hunter2'); END")
	require.NoError(t, err)
	require.NoError(t, s.Append(t.Context(), []exceptions.Record{record("a", "j", time.Now(), nil)}))
	assert.Contains(t, log.String(), "audit: password=***")
}

func TestTextsThatCannotBeKept(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		_, s := p.migrated(t, forever)
		ctx := t.Context()
		require.NoError(t, s.Append(ctx, []exceptions.Record{record("a", "j", time.Now(), enricher.Labels{"k": "v"})}))
		for _, odd := range []string{"\x00", "a\x00b", "\xff", "\xed\xa0\x80"} {
			require.NoError(t, s.Resolve(ctx, odd, time.Now()))
			require.NoError(t, s.Delete(ctx, odd))
			_, err := s.Failure(ctx, odd)
			require.ErrorIs(t, err, exceptions.ErrNotFound)
			is, isNot := exceptions.MatchLabels(enricher.Labels{odd: odd}), exceptions.MatchLabels(enricher.Labels{"k": odd})
			for _, q := range []exceptions.Query{{JobIDs: []string{odd}}, {Words: []string{odd}}, {Filter: is}, {Filter: isNot}} {
				page, err := s.Failures(ctx, q)
				require.NoError(t, err)
				assert.Empty(t, page.Items)
			}
			page, err := s.Jobs(ctx, exceptions.Query{JobIDs: []string{odd, "j"}})
			require.NoError(t, err)
			assert.Len(t, page.Items, 1)
			groups, err := s.Groups(ctx, exceptions.Query{By: odd})
			require.NoError(t, err)
			assert.Empty(t, groups.Items[0].Value)
			_, err = s.Histogram(ctx, exceptions.Query{By: odd})
			require.NoError(t, err)
		}
	})
}

func TestAnswerThatTakesTooLong(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		_, s := p.migrated(t, forever)
		now := time.Now()
		var batch []exceptions.Record
		for i := range 100 {
			batch = append(batch, record(fmt.Sprint(i), "j", now.Add(-time.Duration(i)*time.Hour), nil))
		}
		require.NoError(t, s.Append(t.Context(), batch))
		enrichersql.SetLimit(s, time.Nanosecond)
		h, err := s.Histogram(t.Context(), exceptions.Query{Words: []string{"boom"}})
		require.NoError(t, err)
		assert.True(t, h.Truncated)
		enrichersql.SetLimit(s, time.Minute)
		h, err = s.Histogram(t.Context(), exceptions.Query{Words: []string{"boom"}})
		require.NoError(t, err)
		assert.False(t, h.Truncated)
		assert.Equal(t, []int{100}, h.Series[0].Counts)
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err = s.Histogram(ctx, exceptions.Query{})
		assert.ErrorIs(t, err, context.Canceled)
	})
}

func TestTwoProcessesSeeEachOther(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		_, sa := p.migrated(t, forever)
		a, b := historyOf(sa, "a"), historyOf(p.store(t, p.open(t), forever), "b")
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		events := b.Follow(ctx, exceptions.FollowOptions{})
		fail(a, "from-a", 1)
		for event := range events {
			if event.Kind != exceptions.EventLost {
				assert.Equal(t, "from-a-0000 a", event.Entry.ID+" "+event.Entry.Process)
				break
			}
		}
		require.NoError(t, ctx.Err(), "no event")
		fail(b, "from-b", 1)
		flush(t, b)
		assert.Equal(t, []string{"from-a-0000", "from-b-0000"}, ids(t, sa))
	})
}

func TestBackupIsRestored(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		db, s := p.migrated(t, forever)
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		add := func(key string) {
			require.NoError(t, s.Append(ctx, []exceptions.Record{record(key, "job", time.Now(), nil)}))
		}
		add("before")
		var change int
		require.NoError(t, db.QueryRow("SELECT change FROM enricher_state").Scan(&change))
		next, stop := iter.Pull(historyOf(s, "a").Follow(ctx, exceptions.FollowOptions{}))
		defer stop()
		for _, key := range []string{"lost 1", "lost 2", "lost 3"} {
			add(key)
			event, ok := next()
			require.True(t, ok)
			require.Equal(t, key, event.Entry.ID)
		}
		assert.Len(t, ids(t, s), 4)
		for _, statement := range []string{
			"DELETE FROM enricher_failures WHERE no > %d", "DELETE FROM enricher_bodies WHERE no > %d",
			"UPDATE enricher_state SET change = %d", "UPDATE enricher_slots SET change = %d",
		} {
			_, err := db.Exec(fmt.Sprintf(statement, change))
			require.NoError(t, err)
		}
		page, err := s.Groups(ctx, exceptions.Query{})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		assert.Equal(t, 1, page.Items[0].Count)
		for event, ok := next(); event.Kind != exceptions.EventLost; event, ok = next() {
			require.True(t, ok, "no event says that some are lost")
		}
		add("after")
		event, ok := next()
		require.True(t, ok)
		assert.Equal(t, "after", event.Entry.ID)
	})
}

// The default of a database may be that a writer which has waited for another fails.
func TestIsolationIsThatOfTheStore(t *testing.T) {
	t.Parallel()
	p := postgres(t)
	p.source += "&default_transaction_isolation=serializable"
	db, s := p.migrated(t, forever)
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	_, err = tx.Exec("UPDATE enricher_state SET change = change + 1")
	require.NoError(t, err)
	done := make(chan error)
	go func() { done <- s.Append(t.Context(), []exceptions.Record{record("a", "job", time.Now(), nil)}) }()
	require.Eventually(t, func() bool {
		var waits int
		err := db.QueryRow("SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'").Scan(&waits)
		return err == nil && waits > 0
	}, time.Minute, 10*time.Millisecond)
	require.NoError(t, tx.Commit())
	assert.NoError(t, <-done)
}

// asChild is the environment variable that makes the test binary a process that fails.
// It holds the driver and the data source.
const asChild = "ENRICHERSQL_AS_CHILD"

// child keeps failures until it is killed, and prints how many are stored.
func child() {
	driver, source, _ := strings.Cut(os.Getenv(asChild), " ")
	d := enrichersql.SQLite
	if driver == "pgx" {
		d = enrichersql.Postgres
	}
	db, err := sql.Open(driver, source)
	if err != nil {
		panic(err)
	}
	s, err := enrichersql.New(db, d, forever)
	if err != nil {
		panic(err)
	}
	h := historyOf(s, "child")
	for i := 1; ; i++ {
		fail(h, fmt.Sprintf("round-%04d", i), 50)
		if err := h.Flush(context.Background()); err != nil {
			panic(err)
		}
		fmt.Println(i)
	}
}

func TestKilledProcessForgetsNothing(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		_, s := p.migrated(t, forever)
		self, err := os.Executable()
		require.NoError(t, err)
		cmd := exec.Command(self)
		cmd.Env = append(os.Environ(), asChild+"="+p.driver+" "+p.source)
		cmd.Stderr = t.Output()
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		rounds := 0
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if rounds++; rounds == 5 {
				require.NoError(t, cmd.Process.Kill())
			}
		}
		_ = cmd.Wait() // which says that it was killed
		require.GreaterOrEqual(t, rounds, 5)
		count := map[string]int{}
		for _, id := range ids(t, s) {
			count[id[:len("round-0000")]]++
		}
		for i := 1; i <= rounds; i++ {
			assert.Equal(t, 50, count[fmt.Sprintf("round-%04d", i)], "failures of round %d, which were flushed", i)
		}
		h := historyOf(s, "after")
		fail(h, "after", 1)
		flush(t, h)
	})
}
