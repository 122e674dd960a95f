package enrichersql_test

import (
	"database/sql/driver"
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersql"
	"github.com/failure-enrichers/enricher/exceptions"
)

func TestMigrate(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		db := p.open(t)
		var wg sync.WaitGroup
		for range 4 { // processes
			wg.Go(func() {
				for range 3 {
					assert.NoError(t, enrichersql.Migrate(t.Context(), p.open(t), p.dialect, forever))
				}
			})
		}
		wg.Wait()
		other := forever
		other.TablePrefix = "Other_"
		require.NoError(t, enrichersql.Migrate(t.Context(), db, p.dialect, other))
		for _, statement := range []string{ // as the next version might
			"UPDATE enricher_schema SET version = 2",
			"ALTER TABLE enricher_failures ADD COLUMN severity INTEGER NOT NULL DEFAULT 0",
			"CREATE TABLE enricher_new (no INTEGER)",
		} {
			_, err := db.Exec(statement)
			require.NoError(t, err)
		}
		require.NoError(t, enrichersql.Migrate(t.Context(), db, p.dialect, forever))
		require.NoError(t, p.store(t, db, forever).Append(t.Context(), []exceptions.Record{record("a", "j", time.Now(), nil)}))
		assert.Equal(t, []string{"a"}, ids(t, p.store(t, db, forever)))
		assert.Empty(t, ids(t, p.store(t, db, other)))
		_, err := db.Exec("UPDATE enricher_schema SET oldest = 2")
		require.NoError(t, err)
		assert.ErrorContains(t, enrichersql.Migrate(t.Context(), db, p.dialect, forever), "works with version 2 and later: this binary has 1")
	})
}

func TestOptionsThatAreWrong(t *testing.T) {
	t.Parallel()
	db := sqlite(t).open(t)
	for _, tt := range []struct {
		dialect enrichersql.Dialect
		prefix  string
		want    string
	}{
		{0, "", "must be SQLite or Postgres"},
		{3, "", "must be SQLite or Postgres"},
		{enrichersql.SQLite, "a-b", "TablePrefix \"a-b\": must be"},
		{enrichersql.SQLite, "1a", "TablePrefix"},
		{enrichersql.Postgres, strings.Repeat("a", 33), "TablePrefix"},
	} {
		o := enrichersql.Options{TablePrefix: tt.prefix}
		_, err := enrichersql.New(db, tt.dialect, o)
		assert.ErrorContains(t, err, tt.want)
		assert.ErrorContains(t, enrichersql.Migrate(t.Context(), db, tt.dialect, o), tt.want)
	}
	_, err := enrichersql.New(nil, enrichersql.SQLite, enrichersql.Options{})
	assert.ErrorContains(t, err, "nil")
}

func TestRetention(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		now := time.Now().Truncate(time.Second)
		for _, tt := range []struct {
			name    string
			options enrichersql.Options
			want    string
		}{
			{"by age", enrichersql.Options{MaxAge: 5*time.Hour + time.Minute, MaxPerJob: -1, MaxPerGroup: -1}, "5 4 3 2 1 0"},
			{"by count of a job", enrichersql.Options{MaxAge: -1, MaxPerJob: 3, MaxPerGroup: -1}, "5 4 3 2 1 0"},
			{"by count of a group", enrichersql.Options{MaxAge: -1, MaxPerJob: -1, MaxPerGroup: 2, GroupBy: "k"}, "9 8 7 4 3 2 1 0"},
			{"not at all", forever, "9 8 7 6 5 4 3 2 1 0"},
		} {
			t.Run(tt.name, func(t *testing.T) {
				tt.options.TablePrefix = fmt.Sprintf("r%d_", len(tt.name))
				db, s := p.migrated(t, tt.options)
				var batch []exceptions.Record
				for i := 9; i >= 0; i-- { // hours ago
					r := record(fmt.Sprint(i), fmt.Sprint("job ", i%2), now.Add(-time.Duration(i)*time.Hour), enricher.Labels{"own": fmt.Sprint(i)})
					if i < 7 {
						r.Entry.Labels["k"] = []string{"zero", "odd", "even", "odd", "even", "odd", "even"}[i]
					}
					batch = append(batch, r)
				}
				require.NoError(t, s.Append(t.Context(), batch))
				got := ids(t, s)
				assert.Equal(t, strings.Fields(tt.want), got)
				jobs, err := s.Jobs(t.Context(), exceptions.Query{})
				require.NoError(t, err)
				assert.EqualValues(t, 5, jobs.Items[0].Failures, "with those that were removed")
				for _, table := range []string{"failures", "bodies", "slots", "kinds"} {
					var n int
					require.NoError(t, db.QueryRow("SELECT count(*) FROM "+tt.options.TablePrefix+table).Scan(&n))
					assert.Len(t, got, n, table)
				}
			})
		}
	})
}

func TestRetentionKeepsTheLatestOfAJobAndWhatIsUnderIt(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		o := forever
		o.MaxPerJob = 2
		_, s := p.migrated(t, o)
		now := time.Now()
		batch := []exceptions.Record{record("old", "j", now.Add(-time.Hour), nil), record("root", "j", now, nil)}
		for i := range 20 {
			r := record(fmt.Sprint(i), "j", now, nil)
			r.Entry.RootID = "root"
			batch = append(batch, r)
		}
		require.NoError(t, s.Append(t.Context(), batch))
		page, err := s.Failures(t.Context(), exceptions.Query{})
		require.NoError(t, err)
		require.Len(t, page.Items, 1)
		assert.Equal(t, "root 16 4", fmt.Sprint(page.Items[0].ID, " ", len(page.Items[0].Concurrent), " ", page.Items[0].ConcurrentDropped))
	})
}

func TestRetentionRemovesNoMoreThanItMust(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		for _, tt := range []struct {
			name    string
			options enrichersql.Options
			want    string // the failures that are not under others
		}{
			{"job", enrichersql.Options{MaxAge: -1, MaxPerJob: 9, MaxPerGroup: -1}, "2 1 0"},
			{"group", enrichersql.Options{MaxAge: -1, MaxPerJob: -1, MaxPerGroup: 8, GroupBy: "k"}, "7 6 5 4 3 2 1 0"},
		} {
			tt.options.TablePrefix = tt.name + "_"
			_, s := p.migrated(t, tt.options)
			now := time.Now()
			var batch []exceptions.Record
			for i := 29; i >= 0; i-- { // minutes ago
				at, labels := now.Add(-time.Duration(i)*time.Minute), enricher.Labels{"k": "v"}
				batch = append(batch, record(fmt.Sprint(i), "j", at, labels))
				for j := range 2 {
					under := record(fmt.Sprint(i, "-", j), "j", at, labels)
					under.Entry.RootID = fmt.Sprint(i)
					batch = append(batch, under)
				}
			}
			require.NoError(t, s.Append(t.Context(), batch))
			assert.Equal(t, strings.Fields(tt.want), ids(t, s), tt.name)
		}
	})
}

// whole is what a plan says about a table of failures that is read as a whole.
var whole = regexp.MustCompile(`SCAN (enricher_failures|enricher_bodies|f|b|r)$|Seq Scan on enricher_(failures|bodies)`)

func TestStatementsUseIndexes(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		type statement struct {
			text string
			args []any
		}
		var mu sync.Mutex
		seen := map[string]statement{}
		db, _ := p.migrated(t, forever)
		hooked := p.hooked(t, func(text string, args []driver.NamedValue) error {
			mu.Lock()
			defer mu.Unlock()
			s := statement{text: text}
			for _, a := range args {
				s.args = append(s.args, a.Value)
			}
			seen[text] = s
			return nil
		})
		now := time.Now().Truncate(time.Second)
		fill(t, db, p.dialect, 20_000, now)
		o := forever
		o.MaxAge, o.MaxPerJob, o.MaxPerGroup = 200*time.Hour, 2, 1000
		s := p.store(t, hooked, o)
		ctx := t.Context()
		r, under := record("a", "job 1", now, enricher.Labels{"fingerprint": "F1"}), record("b", "job 1", now, nil)
		under.Entry.RootID = "a"
		require.NoError(t, s.Append(ctx, []exceptions.Record{r, under}))
		r.Update = true
		require.NoError(t, s.Append(ctx, []exceptions.Record{r}))
		q := exceptions.Query{From: now.Add(-time.Hour), To: now, JobIDs: []string{"job 1"}, Words: []string{"boom"}, By: "fingerprint"}
		for _, err := range []error{
			second(s.Failures(ctx, q)), second(s.Groups(ctx, q)), second(s.Histogram(ctx, q)), second(s.Labels(ctx, q)), second(s.Jobs(ctx, q)),
			second(s.Failure(ctx, "a")), second(s.Changes(ctx, exceptions.Cursor{}.String(), 10)), s.Resolve(ctx, "job 1", now), s.Delete(ctx, "job 2"),
		} {
			require.NoError(t, err)
		}
		explain := "EXPLAIN QUERY PLAN "
		if p.driver == "pgx" {
			explain = "EXPLAIN "
		}
		explained := 0
		for text, s := range seen {
			if !strings.Contains(text, "enricher_failures") && !strings.Contains(text, "enricher_bodies") || strings.HasPrefix(text, "INSERT") {
				continue
			}
			explained++
			rows, err := db.Query(explain+text, s.args...)
			require.NoError(t, err, text)
			var plan []string
			for rows.Next() {
				var line string
				into := []any{&line}
				if p.driver == "sqlite" {
					into = []any{new(int), new(int), new(int), &line}
				}
				require.NoError(t, rows.Scan(into...))
				plan = append(plan, line)
			}
			require.NoError(t, rows.Close())
			for _, line := range plan {
				if whole.MatchString(line) {
					t.Errorf("%s\n%s", text, strings.Join(plan, "\n"))
				}
			}
		}
		assert.Greater(t, explained, 15)
	})
}

func second[T any](_ T, err error) error { return err }
