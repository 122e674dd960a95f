package enrichersql_test

import (
	"context"
	"flag"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

var failures = flag.Int("failures", 2000, "how many failures the benchmarks have in the database")

var benchPlaces = map[string]func(testing.TB) place{"SQLite": sqlite, "Postgres": postgres}

// BenchmarkAppend writes batches of 256 failures, each of a job of its own.
func BenchmarkAppend(b *testing.B) {
	for _, name := range []string{"SQLite", "Postgres"} {
		b.Run(name, func(b *testing.B) {
			db, s := benchPlaces[name](b).migrated(b, forever)
			defer db.Close()
			now := time.Now()
			total := 0
			for b.Loop() {
				var batch []exceptions.Record
				for range 256 {
					total++
					labels := enricher.Labels{"type": "USER", "retry": "terminal", "fingerprint": fmt.Sprint(total % 500), "owner": "team", "hint": "h"}
					batch = append(batch, record(fmt.Sprintf("key-%d", total), fmt.Sprint("job ", total), now.Add(time.Duration(total)*time.Millisecond), labels))
				}
				require.NoError(b, s.Append(b.Context(), batch))
			}
			b.ReportMetric(float64(total)/b.Elapsed().Seconds(), "failures/s")
		})
	}
}

// BenchmarkRead asks for each answer, first of a new store and then again, and reports the
// time of the first answer and the 99th percentile of the others.
func BenchmarkRead(b *testing.B) {
	for _, name := range []string{"SQLite", "Postgres"} {
		b.Run(name, func(b *testing.B) {
			p := benchPlaces[name](b)
			db, _ := p.migrated(b, forever)
			now := time.Now().Truncate(time.Second)
			fill(b, db, p.dialect, *failures, now)
			for left := 1; left > 0; { // as the writing process does each minute
				require.NoError(b, p.store(b, db, forever).Append(b.Context(), nil))
				require.NoError(b, db.QueryRow("SELECT (SELECT count(*) FROM enricher_slots WHERE slot < $1) - (SELECT count(*) FROM enricher_packs)",
					now.Unix()/900).Scan(&left))
			}
			day := now.Add(-24 * time.Hour)
			filter, err := exceptions.ParseFilter("type:type 1,!owner:owner 3")
			require.NoError(b, err)
			for _, span := range []struct {
				name  string
				query exceptions.Query
			}{
				{"day", exceptions.Query{From: day, To: now}},
				{"day, filter", exceptions.Query{From: day, To: now, Filter: filter}},
				{"day, words", exceptions.Query{From: day, To: now, Words: []string{"customer 77"}}},
				{"week", exceptions.Query{}},
				{"week, filter", exceptions.Query{Filter: filter}},
				{"week, words", exceptions.Query{Words: []string{"customer 77"}}},
			} {
				for _, call := range []struct {
					name string
					ask  func(ctx context.Context, s exceptions.Store, q exceptions.Query) (bool, error)
				}{
					{"failures", func(ctx context.Context, s exceptions.Store, q exceptions.Query) (bool, error) {
						q.Limit = 100
						page, err := s.Failures(ctx, q)
						return page.Truncated, err
					}},
					{"groups", func(ctx context.Context, s exceptions.Store, q exceptions.Query) (bool, error) {
						q.Limit, q.By, q.Buckets = 100, "fingerprint", 48
						page, err := s.Groups(ctx, q)
						return page.Truncated, err
					}},
					{"histogram", func(ctx context.Context, s exceptions.Store, q exceptions.Query) (bool, error) {
						q.By, q.Buckets = "type", 96
						h, err := s.Histogram(ctx, q)
						return h.Truncated, err
					}},
					{"labels", func(ctx context.Context, s exceptions.Store, q exceptions.Query) (bool, error) {
						page, err := s.Labels(ctx, q)
						return page.Truncated, err
					}},
					{"jobs", func(ctx context.Context, s exceptions.Store, q exceptions.Query) (bool, error) {
						q.Limit = 100
						page, err := s.Jobs(ctx, q)
						return page.Truncated, err
					}},
				} {
					b.Run(call.name+", "+span.name, func(b *testing.B) {
						s := p.store(b, db, forever)
						var times []time.Duration
						cut := false
						for b.Loop() {
							begin := time.Now()
							truncated, err := call.ask(b.Context(), s, span.query)
							times = append(times, time.Since(begin))
							require.NoError(b, err)
							cut = cut || truncated
						}
						first, times := times[0], times[1:]
						slices.Sort(times)
						b.ReportMetric(float64(first.Microseconds())/1000, "first-ms")
						b.ReportMetric(float64(times[len(times)*99/100].Microseconds())/1000, "p99-ms")
						b.ReportMetric(0, "ns/op")
						if cut {
							b.ReportMetric(1, "truncated")
						}
					})
				}
			}
		})
	}
}
