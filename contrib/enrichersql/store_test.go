package enrichersql_test

import (
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersql"
	"github.com/failure-enrichers/enricher/exceptions"
	"github.com/failure-enrichers/enricher/exceptions/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		open := sqlite
		if p.driver == "pgx" {
			open = postgres
		}
		storetest.Run(t, func(t *testing.T) exceptions.Store {
			_, s := open(t).migrated(t, forever)
			return s
		})
	})
}

func TestQueriesOfTheReadme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, queries, _ := strings.Cut(string(readme), "```sql\n")
	dialects(t, func(t *testing.T, p place) {
		db, s := p.migrated(t, forever)
		now := time.Now()
		require.NoError(t, s.Append(t.Context(), []exceptions.Record{
			record("old", "a", now.Add(-25*time.Hour), enricher.Labels{"type": "USER"}),
			record("new", "a", now.Add(-23*time.Hour), enricher.Labels{"type": "DEPENDENCY"}),
			record("newer", "b", now, enricher.Labels{"type": "DEPENDENCY"}),
			record("other", "b", now, enricher.Labels{"type": "SYSTEM"}),
		}))
		query := strings.SplitN(queries, ";", 3)[p.dialect-enrichersql.SQLite]
		rows, err := db.Query(query)
		require.NoError(t, err)
		defer rows.Close()
		var got []string
		for rows.Next() {
			var (
				kind  string
				count int
			)
			require.NoError(t, rows.Scan(&kind, &count))
			got = append(got, fmt.Sprint(kind, " ", count))
		}
		require.NoError(t, rows.Err())
		assert.Equal(t, []string{"DEPENDENCY 2", "SYSTEM 1"}, got)
	})
}

func TestPacks(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		db, s := p.migrated(t, forever)
		now := time.Now().Truncate(time.Second)
		var batch []exceptions.Record
		for i := range 300 {
			r := record(fmt.Sprintf("%03d", i), fmt.Sprint("job ", i%7), now.Add(time.Duration(i-400)*time.Minute), enricher.Labels{"k": fmt.Sprint(i % 5)})
			if i%10 == 9 {
				r.Entry.RootID = fmt.Sprintf("%03d", i-7)
			}
			if i%11 == 0 {
				r.Entry.Labels, r.Entry.LabelState = enricher.Labels{}, exceptions.StatePending
			}
			batch = append(batch, r)
		}
		require.NoError(t, s.Append(t.Context(), batch)) // and packs all
		var packs, slots int
		count := "SELECT (SELECT count(*) FROM enricher_packs), (SELECT count(*) FROM enricher_slots)"
		require.NoError(t, db.QueryRow(count).Scan(&packs, &slots))
		assert.Equal(t, slots, packs)
		q := exceptions.Query{By: "k", Buckets: 7}
		ask := func() (answers []any) {
			s := p.store(t, db, forever)
			groups, err := s.Groups(t.Context(), q)
			require.NoError(t, err)
			jobs, err := s.Jobs(t.Context(), q)
			require.NoError(t, err)
			h, err := s.Histogram(t.Context(), q)
			require.NoError(t, err)
			return append(answers, groups, jobs, h)
		}
		fromPacks := ask()
		_, err := db.Exec("UPDATE enricher_packs SET packed = substr(packed, 1, length(packed) - 1)")
		require.NoError(t, err)
		assert.Equal(t, ask(), fromPacks, "and from broken packs")
		_, err = db.Exec("DELETE FROM enricher_packs")
		require.NoError(t, err)
		assert.Equal(t, ask(), fromPacks, "and without packs")

		require.NoError(t, p.store(t, db, forever).Append(t.Context(), nil))
		require.NoError(t, s.Append(t.Context(), []exceptions.Record{record("late", "job 1", now.Add(-200*time.Minute), enricher.Labels{"k": "1"})}))
		groups, err := p.store(t, db, forever).Groups(t.Context(), exceptions.Query{By: "k"})
		require.NoError(t, err)
		total := 0
		for _, g := range groups.Items {
			total += g.Count
		}
		assert.Equal(t, 301, total, "a pack that is out of date is not used")
	})
}
