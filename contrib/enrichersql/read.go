package enrichersql

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

const (
	maxItems      = 1000 // in an answer
	maxConcurrent = 16   // listed under a failure
)

// Failure returns one failure.
func (s *store) Failure(ctx context.Context, id string) (exceptions.Entry, error) {
	if !canBeKept(id) {
		return exceptions.Entry{}, exceptions.ErrNotFound
	}
	var no int64
	found, err := s.get(ctx, s.db, "SELECT no FROM enricher_failures WHERE id = ?", []any{id}, &no)
	if err != nil {
		return exceptions.Entry{}, failed(err)
	}
	if found {
		entries, err := s.entries(ctx, []int64{no}, false)
		if err != nil {
			return exceptions.Entry{}, failed(err)
		}
		if len(entries) > 0 {
			return *entries[no], nil
		}
	}
	return exceptions.Entry{}, exceptions.ErrNotFound
}

func failed(err error) error { return fmt.Errorf("enrichersql: %w", err) }

// Failures returns the failures that match, by time.
func (s *store) Failures(ctx context.Context, q exceptions.Query) (page exceptions.Page[exceptions.Entry], err error) {
	oldest := q.Sort == exceptions.SortOldest
	limit := limitOf(q.Limit)
	sel, err := s.selects(ctx, q)
	if err != nil {
		return page, failed(err)
	}
	after := row{at: math.MaxInt64, no: math.MaxInt64}
	if oldest {
		after = row{at: math.MinInt64}
	}
	last, ok, err := q.After("Failures")
	if err != nil {
		return page, err
	}
	if ok {
		no, err := strconv.ParseInt(last.Text, 10, 64)
		if err != nil {
			return page, exceptions.ErrCursor
		}
		after = row{at: last.Number, no: no}
		if oldest {
			sel.from = max(sel.from, after.at)
		} else {
			sel.to = min(sel.to, after.at)
		}
	}
	var found []row
	note := func(r *row) {
		if !r.under && len(found) <= limit && (oldest && compareRows(r, &after) > 0 || !oldest && compareRows(r, &after) < 0) {
			found = append(found, *r)
		}
	}
	page.Truncated, err = s.scan(ctx, sel, oldest, func(slots [][]row) bool {
		if oldest {
			for _, rows := range slots {
				for i := range rows {
					note(&rows[i])
				}
			}
		} else {
			for _, rows := range slices.Backward(slots) {
				for i := len(rows) - 1; i >= 0; i-- {
					note(&rows[i])
				}
			}
		}
		return len(found) <= limit
	})
	if err != nil {
		return page, failed(err)
	}
	if len(found) > limit {
		found = found[:limit]
		if limit > 0 {
			last := found[limit-1]
			page.Next = q.Next("Failures", exceptions.Cursor{Number: last.at, Text: strconv.FormatInt(last.no, 10)})
		} else {
			page.Truncated = true
		}
	}
	nos := make([]int64, len(found))
	for i, r := range found {
		nos[i] = r.no
	}
	entries, err := s.entries(ctx, nos, q.Wire)
	if err != nil {
		return page, failed(err)
	}
	page.Items = make([]exceptions.Entry, 0, len(nos))
	for _, no := range nos {
		if e := entries[no]; e != nil { // otherwise it was removed since
			page.Items = append(page.Items, *e)
		}
	}
	return page, nil
}

// compareRows orders rows from the oldest to the newest.
func compareRows(a, b *row) int {
	if c := cmp.Compare(a.at, b.at); c != 0 {
		return c
	}
	return cmp.Compare(a.no, b.no)
}

// limitOf returns how many items an answer has at most.
func limitOf(limit int) int {
	if limit == 0 {
		return maxItems
	}
	return min(max(0, limit), maxItems)
}

// Changes returns what has changed. A failure that was removed is not among it.
func (s *store) Changes(ctx context.Context, after string, limit int) (page exceptions.Page[exceptions.Change], err error) {
	var last int64
	if _, err := s.get(ctx, s.db, "SELECT change FROM enricher_state", nil, &last); err != nil {
		return page, failed(err)
	}
	page.Next = exceptions.Cursor{Number: last}.String()
	if after == "" {
		return page, nil
	}
	from, err := exceptions.ParseCursor(after)
	if err != nil {
		return page, err
	}
	if from.Number > last { // the database is an older one
		return page, exceptions.ErrCursor
	}
	limit = limitOf(limit)
	var nos, changes []int64
	err = s.query(ctx, s.db, "SELECT no, change FROM enricher_failures WHERE change > ? AND change <= ? ORDER BY change LIMIT ?",
		[]any{from.Number, last, limit}, func(scan func(...any) error) error {
			var no, change int64
			err := scan(&no, &change)
			nos, changes = append(nos, no), append(changes, change)
			return err
		})
	if err != nil {
		return page, failed(err)
	}
	if len(nos) == limit {
		page.Next = after
		if limit > 0 {
			page.Next = exceptions.Cursor{Number: changes[limit-1]}.String()
		}
	}
	entries, err := s.entries(ctx, nos, false)
	if err != nil {
		return page, failed(err)
	}
	for i, no := range nos {
		if e := entries[no]; e != nil {
			kind := exceptions.EventFailure
			if changes[i] != no {
				kind = exceptions.EventLabels
			}
			page.Items = append(page.Items, exceptions.Change{Kind: kind, Entry: *e})
		}
	}
	return page, nil
}

// entries returns failures by their numbers, with those under them. Those that are not
// there are missing.
func (s *store) entries(ctx context.Context, nos []int64, wire bool) (map[int64]*exceptions.Entry, error) {
	entries, err := s.bodies(ctx, nos, wire)
	if err != nil || len(entries) == 0 {
		return entries, err
	}
	under := map[int64][]int64{}
	for list, args := range lists(slices.Sorted(maps.Keys(entries))) {
		err := s.query(ctx, s.db, "SELECT no, root FROM enricher_failures WHERE root IN ("+list+") ORDER BY no", args,
			func(scan func(...any) error) error {
				var no, root int64
				err := scan(&no, &root)
				under[root] = append(under[root], no)
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	var listed []int64
	for root, nos := range under {
		dropped := max(0, len(nos)-maxConcurrent)
		under[root] = nos[dropped:]
		entries[root].ConcurrentDropped = dropped
		listed = append(listed, under[root]...)
	}
	concurrent, err := s.bodies(ctx, listed, wire)
	if err != nil {
		return nil, err
	}
	for no, e := range entries {
		if e.RootID != "" {
			continue
		}
		e.Concurrent = make([]exceptions.Entry, 0, len(under[no]))
		for _, c := range under[no] {
			if c := concurrent[c]; c != nil {
				e.Concurrent = append(e.Concurrent, *c)
			}
		}
	}
	return entries, nil
}

// bodies returns failures by their numbers, without those under them.
func (s *store) bodies(ctx context.Context, nos []int64, wire bool) (map[int64]*exceptions.Entry, error) {
	column := "NULL"
	if wire {
		column = "b.wire"
	}
	entries := make(map[int64]*exceptions.Entry, len(nos))
	for list, args := range lists(nos) {
		err := s.query(ctx, s.db, "SELECT f.no, f.id, f.at, j.id, coalesce(r.id, ''), b.entry, "+column+` FROM enricher_failures f
			JOIN enricher_bodies b ON b.no = f.no JOIN enricher_jobs j ON j.no = f.job LEFT JOIN enricher_failures r ON r.no = f.root
			WHERE f.no IN (`+list+")", args, func(scan func(...any) error) error {
			var no, at int64
			var id, jobID, rootID string
			var text []byte
			var wire sql.NullString
			if err := scan(&no, &id, &at, &jobID, &rootID, &text, &wire); err != nil {
				return err
			}
			e := decode(text)
			e.ID, e.RootID, e.JobID, e.Time = id, rootID, jobID, time.UnixMicro(at)
			if wire.Valid {
				e.Wire = []byte(wire.String)
			}
			entries[no] = e
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	return entries, nil
}

// decode reads an entry. If that is not possible, its message says so.
func decode(text []byte) *exceptions.Entry {
	e := &exceptions.Entry{}
	if err := json.Unmarshal(text, e); err != nil {
		return &exceptions.Entry{
			Message:    "The stored failure cannot be read: " + err.Error(),
			Attributes: map[string]string{},
			Labels:     enricher.Labels{},
		}
	}
	if len(e.FailedEnrichers) == 0 {
		e.FailedEnrichers = nil
	}
	return e
}
