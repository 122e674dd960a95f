package enrichersql

import (
	"context"
	"database/sql"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/exceptions"
)

// insert inserts new items.
func (w *writing) insert(ctx context.Context, items []*item) error {
	var failures, bodies []any
	for _, it := range items {
		text, err := json.Marshal(it.entry)
		if err != nil {
			return err
		}
		wanted := sql.NullString{String: it.entry.RootID, Valid: it.wants() != ""}
		failures = append(failures, it.no, it.no, it.key, it.entry.ID, it.given, wanted, it.job, it.kind,
			number(it.entry.LabelState == exceptions.StatePending), it.at, words(&it.entry))
		bodies = append(bodies, it.no, string(text), it.wire)
	}
	err := w.insertRows(ctx, "INSERT INTO enricher_failures (no, change, key, id, given, wanted, job, kind, pending, at, words) VALUES ", 11, failures, "")
	if err != nil {
		return err
	}
	return w.insertRows(ctx, "INSERT INTO enricher_bodies (no, entry, wire) VALUES ", 3, bodies, "")
}

// wants returns the ID of the root that an item has, as given, or "".
func (it *item) wants() string {
	if it.entry.RootID == it.given {
		return ""
	}
	return it.entry.RootID
}

func number(b bool) int {
	if b {
		return 1
	}
	return 0
}

// wordsBetween separates the texts in which words are searched. No text has it.
const wordsBetween = "\x1f"

// words returns what is searched for words.
func words(e *exceptions.Entry) string {
	return strings.ToLower(e.Message + wordsBetween + e.JobID + wordsBetween + e.JobName)
}

// update writes the labels of known items.
func (w *writing) update(ctx context.Context, items []*item) error {
	if len(items) == 0 {
		return nil
	}
	if err := w.take(ctx, len(items)); err != nil {
		return err
	}
	var failures, bodies []any
	for i, it := range items {
		text, err := json.Marshal(it.entry)
		if err != nil {
			return err
		}
		failures = append(failures, it.no, w.last-int64(len(items)-1-i), it.kind, number(it.entry.LabelState == exceptions.StatePending))
		bodies = append(bodies, it.no, string(text))
	}
	err := w.updateRows(ctx, "UPDATE enricher_failures SET change = column2, kind = column3, pending = column4", 4, failures,
		"enricher_failures.no = column1")
	if err != nil {
		return err
	}
	return w.updateRows(ctx, "UPDATE enricher_bodies SET entry = column2", 2, bodies, "enricher_bodies.no = column1")
}

// A job is a row of the jobs, as far as writing needs it, as it is afterwards.
type job struct {
	no   int64
	kept int64
}

// join finds or makes the jobs of new items, and counts them there.
func (w *writing) join(ctx context.Context, items []*item) error {
	type count struct {
		n    int64
		name string
		last int64
	}
	counts, byID := map[string]*count{}, map[string]*job{}
	for _, it := range items {
		c, at := counts[it.entry.JobID], it.entry.Time.UnixMilli()
		if c == nil {
			c = &count{last: at}
			counts[it.entry.JobID] = c
		}
		c.n++
		c.last = max(c.last, at)
		if it.entry.JobName != "" {
			c.name = it.entry.JobName
		}
	}
	note := func(scan func(...any) error) error {
		var id string
		j := &job{}
		err := scan(&id, &j.no, &j.kept)
		byID[id], w.joined[j.no] = j, j
		return err
	}
	ids := slices.Sorted(maps.Keys(counts))
	for list, args := range lists(ids) {
		if err := w.query(ctx, w.tx, "SELECT id, no, kept FROM enricher_jobs WHERE id IN ("+list+")", args, note); err != nil {
			return err
		}
	}
	var added, known []any
	for _, id := range ids {
		c := counts[id]
		if j := byID[id]; j != nil {
			known = append(known, j.no, c.n, c.last, c.name)
			j.kept += c.n
		} else {
			added = append(added, id, c.name, c.n, c.n, c.last)
		}
	}
	for rows := range slices.Chunk(added, 5*maxList) {
		err := w.query(ctx, w.tx, "INSERT INTO enricher_jobs (id, name, failures, kept, last) VALUES "+placeholders(5, len(rows)/5)+
			" RETURNING id, no, kept", rows, note)
		if err != nil {
			return err
		}
	}
	for _, it := range items {
		it.job = byID[it.entry.JobID].no
	}
	return w.updateRows(ctx, `UPDATE enricher_jobs SET failures = failures + column2, kept = kept + column2,
		last = CASE WHEN last < column3 THEN column3 ELSE last END, name = CASE WHEN column4 = '' THEN name ELSE column4 END`,
		4, known, "enricher_jobs.no = column1")
}

// insertRows inserts rows with several values each.
func (w *writing) insertRows(ctx context.Context, text string, columns int, values []any, end string) error {
	for rows := range slices.Chunk(values, columns*maxList) {
		if err := w.exec(ctx, w.tx, text+placeholders(columns, len(rows)/columns)+end, rows...); err != nil {
			return err
		}
	}
	return nil
}

// updateRows updates rows from several values each: numbers, and a text if the last one is
// not a number.
func (w *writing) updateRows(ctx context.Context, text string, columns int, values []any, where string) error {
	for rows := range slices.Chunk(values, columns*maxList) {
		// Postgres has to be told the types.
		one := strings.Repeat(", CAST(? AS BIGINT)", columns)
		if _, ok := rows[columns-1].(string); ok {
			one = strings.Repeat(", CAST(? AS BIGINT)", columns-1) + ", CAST(? AS TEXT)"
		}
		list := strings.Repeat(", ("+one[2:]+")", len(rows)/columns)
		if err := w.exec(ctx, w.tx, text+" FROM (VALUES "+list[2:]+") v WHERE "+where, rows...); err != nil {
			return err
		}
	}
	return nil
}
