package enrichersql_test

import (
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/contrib/enrichersql"
)

// fill makes n failures over the week before end, with few statements, as if they had
// been appended: of jobs that fail up to three times each, with 2,000 sets of seven labels,
// some of which are far more frequent than others.
func fill(t testing.TB, db *sql.DB, d enrichersql.Dialect, n int, end time.Time) {
	series := func(n int) string {
		if d == enrichersql.Postgres {
			return fmt.Sprintf("(SELECT CAST(i AS BIGINT) AS i FROM generate_series(1, %d) i)", n)
		}
		return fmt.Sprintf("(WITH RECURSIVE s(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM s WHERE i < %d) SELECT i FROM s)", n)
	}
	overriding := ""
	if d == enrichersql.Postgres {
		overriding = "OVERRIDING SYSTEM VALUE"
	}
	const kinds = 2000
	step := 7 * 24 * time.Hour.Microseconds() / int64(n)
	begin := end.Add(-7 * 24 * time.Hour).UnixMicro()
	// The share of the kinds falls with the cube of their number.
	share := "CAST((i / 3 * 7919 % 1009) * (i / 3 * 104729 % 1013) AS BIGINT) * (i / 3 * 1299709 % 1019)"
	kind := fmt.Sprintf("%s * %d / (1009 * 1013 * CAST(1019 AS BIGINT)) + 1", share, kinds)
	message := "'dial tcp 10.0.0.' || (i % 250) || ':5432: connect: connection refused while importing order ' || i || ' of customer ' || (i % 9973)"
	entry := fmt.Sprintf(`'{"exceptionName":"*net.OpError","stacktrace":"' || m || '\n' || m || '\n' || m || '","timestamp":0,"jobId":"j","jobName":"import",` +
		`"message":"' || m || '","failureType":"","labelState":"complete","failedEnrichers":[],"failureLabels":{"type":"T","fingerprint":"F' || k || '"}}'`)
	for _, statement := range []string{
		fmt.Sprintf("INSERT INTO enricher_kinds (no, hash) %s SELECT i, 'kind ' || i FROM %s s", overriding, series(kinds)),
		"INSERT INTO enricher_labels SELECT 'type', no, 'type ' || (no % 5) FROM enricher_kinds",
		"INSERT INTO enricher_labels SELECT 'retry', no, 'retry ' || (no % 3) FROM enricher_kinds",
		"INSERT INTO enricher_labels SELECT 'owner', no, 'owner ' || (no % 17) FROM enricher_kinds",
		"INSERT INTO enricher_labels SELECT 'fingerprint', no, 'F' || (no / 2) FROM enricher_kinds",
		"INSERT INTO enricher_labels SELECT 'error_type', no, 'error ' || (no % 41) FROM enricher_kinds",
		"INSERT INTO enricher_labels SELECT 'runbook', no, 'https://example.com/' || (no % 17) FROM enricher_kinds WHERE no % 2 = 0",
		"INSERT INTO enricher_labels SELECT 'hint', no, 'hint ' || (no % 97) FROM enricher_kinds",
		fmt.Sprintf(`INSERT INTO enricher_jobs (no, id, name, failures, kept, last) %s
			SELECT i, 'job ' || i, 'import', 3, 3, 0 FROM %s s`, overriding, series(n/3+1)),
		fmt.Sprintf(`INSERT INTO enricher_failures (no, change, key, id, given, job, kind, pending, at, words)
			SELECT i, i, 'key ' || i, 'id ' || i, 'id ' || i, i / 3 + 1, %s, 0, %d + i * CAST(%d AS BIGINT), %s || ' job import' FROM %s s`,
			kind, begin, step, message, series(n)),
		fmt.Sprintf(`INSERT INTO enricher_bodies (no, entry, wire)
			SELECT i, %s, '{"v":1}' FROM (SELECT i, %s AS m, %s AS k FROM %s s) s`, entry, message, kind, series(n)),
		fmt.Sprintf("INSERT INTO enricher_slots SELECT at / %d, max(change) FROM enricher_failures GROUP BY 1", 15*time.Minute.Microseconds()),
		fmt.Sprintf("UPDATE enricher_state SET change = %d", n),
		"ANALYZE",
	} {
		_, err := db.Exec(statement)
		require.NoError(t, err, statement)
	}
	if d == enrichersql.Postgres { // continue the numbers
		for _, table := range []string{"enricher_kinds", "enricher_jobs"} {
			_, err := db.Exec(fmt.Sprintf("SELECT setval(pg_get_serial_sequence('%s', 'no'), (SELECT max(no) FROM %[1]s))", table))
			require.NoError(t, err)
		}
	}
	rows, err := db.Query("SELECT DISTINCT key, value FROM enricher_labels")
	require.NoError(t, err)
	var labels [][2]string
	for rows.Next() {
		var l [2]string
		require.NoError(t, rows.Scan(&l[0], &l[1]))
		labels = append(labels, l)
	}
	require.NoError(t, rows.Close())
	values := make([]string, 0, len(labels))
	for _, l := range labels {
		values = append(values, fmt.Sprintf("('%s', '%s', '%s', %d, %d, '')",
			enrichersql.Hash(l[0], l[1]), l[0], l[1], begin/1000, end.UnixMilli()))
	}
	_, err = db.Exec("INSERT INTO enricher_groups VALUES " + strings.Join(values, ","))
	require.NoError(t, err)
}
