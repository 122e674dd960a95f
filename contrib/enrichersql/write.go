package enrichersql

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

// maxBatch is how many records a transaction has at most.
const maxBatch = 256

// Append keeps failures, or replaces their labels.
func (s *store) Append(ctx context.Context, batch []exceptions.Record) error {
	var full []int64
	for chunk := range slices.Chunk(batch, maxBatch) {
		over, err := s.append(ctx, chunk)
		if isAboutData(err) {
			over, err = s.appendEach(ctx, chunk)
		}
		if err != nil {
			return fmt.Errorf("enrichersql: %w", err)
		}
		full = append(full, over...)
	}
	s.sweep(ctx, full)
	return nil
}

// appendEach keeps those records of a batch that the database does not reject.
func (s *store) appendEach(ctx context.Context, batch []exceptions.Record) (full []int64, err error) {
	for i := range batch {
		over, err := s.append(ctx, batch[i:i+1])
		switch {
		case isAboutData(err):
			s.skip(&batch[i], err)
		case err != nil:
			return full, err
		}
		full = append(full, over...)
	}
	return full, nil
}

// A writing is a transaction that changes failures.
type writing struct {
	*store
	tx     *sql.Tx
	last   int64              // the last number that was taken
	slots  map[int64]struct{} // that have changed
	joined map[int64]*job     // those of the failures
}

// begin begins a writing. The first statement makes other writers wait.
func (s *store) begin(ctx context.Context) (*writing, error) {
	tx, err := s.db.BeginTx(ctx, s.isolation())
	if err != nil {
		return nil, err
	}
	w := &writing{store: s, tx: tx, slots: map[int64]struct{}{}, joined: map[int64]*job{}}
	if err := w.take(ctx, 1); err != nil {
		tx.Rollback()
		return nil, err
	}
	return w, nil
}

// take takes n numbers: w.last is the last of them.
func (w *writing) take(ctx context.Context, n int) error {
	found, err := w.get(ctx, w.tx, "UPDATE enricher_state SET change = change + ? RETURNING change", []any{n}, &w.last)
	if err == nil && !found {
		err = fmt.Errorf("table %sstate is empty", w.prefix)
	}
	return err
}

// commit ends w. What was read of the slots before is out of date then.
func (w *writing) commit(ctx context.Context) error {
	for slot := range w.slots {
		err := w.exec(ctx, w.tx, "INSERT INTO enricher_slots (slot, change) VALUES (?, ?) ON CONFLICT (slot) DO UPDATE SET change = excluded.change",
			slot, w.last)
		if err != nil {
			return err
		}
	}
	return w.tx.Commit()
}

// An item is a record on its way.
type item struct {
	key     string
	given   string           // the ID that the service gave
	entry   exceptions.Entry // with the labels that it gets
	wire    sql.NullString
	no, at  int64
	job     int64
	kind    int64
	known   bool // it is in the database
	pending bool // it was, so far, or had no labels
}

// append keeps a batch in one transaction, and returns the jobs that have too many
// failures then.
func (s *store) append(ctx context.Context, batch []exceptions.Record) (full []int64, err error) {
	w, err := s.begin(ctx)
	if err != nil {
		return nil, err
	}
	defer w.tx.Rollback()
	items, err := w.items(ctx, batch)
	if err != nil || len(items) == 0 {
		return nil, err
	}
	var added, known []*item
	for _, it := range items {
		if it.known {
			known = append(known, it)
		} else {
			added = append(added, it)
		}
	}
	for _, step := range []func() error{
		func() error { return w.take(ctx, len(items)) },
		func() error { return w.number(items) },
		func() error { return w.settle(ctx, known) },
		func() error { return w.setKinds(ctx, items) },
		func() error { return w.join(ctx, added) },
		func() error { return w.identify(ctx, added) },
		func() error { return w.insert(ctx, added) },
		func() error { return w.update(ctx, known) },
		func() error { return w.place(ctx, added) },
		func() error { return w.observe(ctx, items) },
		func() error { return w.commit(ctx) },
	} {
		if err := step(); err != nil {
			return nil, err
		}
	}
	s.touch(items)
	if s.opts.MaxPerJob > 0 {
		for _, j := range w.joined {
			if j.kept > int64(s.opts.MaxPerJob) {
				full = append(full, j.no)
			}
		}
	}
	return full, nil
}

// items returns what is to be written: one item for each key.
func (w *writing) items(ctx context.Context, batch []exceptions.Record) ([]*item, error) {
	byKey := map[string]*item{}
	var keys []string
	for i := range batch {
		r := &batch[i]
		if it := byKey[r.Key]; it != nil {
			it.entry.SetLabels(&r.Entry)
			it.known = it.known && r.Update
			continue
		}
		it := &item{key: r.Key, given: r.Entry.ID, entry: r.Entry, at: r.Entry.Time.UnixMicro(), known: r.Update}
		if r.Entry.Wire != nil {
			it.wire = sql.NullString{String: string(r.Entry.Wire), Valid: true}
		}
		byKey[r.Key] = it
		keys = append(keys, r.Key)
	}
	for list, args := range lists(keys) {
		err := w.query(ctx, w.tx, "SELECT key, no, at, job, pending FROM enricher_failures WHERE key IN ("+list+")", args,
			func(scan func(...any) error) error {
				var key string
				var it item
				if err := scan(&key, &it.no, &it.at, &it.job, &it.pending); err != nil {
					return err
				}
				old := byKey[key]
				old.no, old.at, old.job, old.pending, old.known = it.no, it.at, it.job, it.pending, true
				return nil
			})
		if err != nil {
			return nil, err
		}
	}
	items := make([]*item, 0, len(keys))
	for _, key := range keys {
		if it := byKey[key]; !it.known || it.no != 0 {
			items = append(items, it) // others were removed
		}
	}
	return items, nil
}

// number gives new items their numbers, and notes the slots.
func (w *writing) number(items []*item) error {
	for i, it := range items {
		if !it.known {
			it.no = w.last - int64(len(items)-1-i)
		}
		w.slots[slotOf(it.at)] = struct{}{}
	}
	return nil
}

// settle gives known items the entries that they have, with the new labels.
func (w *writing) settle(ctx context.Context, items []*item) error {
	byNo := map[int64]*item{}
	for _, it := range items {
		byNo[it.no] = it
	}
	for list, args := range lists(slices.Collect(maps.Keys(byNo))) {
		err := w.query(ctx, w.tx, "SELECT no, entry FROM enricher_bodies WHERE no IN ("+list+")", args, func(scan func(...any) error) error {
			var no int64
			var text []byte
			if err := scan(&no, &text); err != nil {
				return err
			}
			var e exceptions.Entry
			if json.Unmarshal(text, &e) != nil {
				return nil // the entry of the record replaces what cannot be read
			}
			it := byNo[no]
			it.pending = it.pending || len(e.Labels) == 0
			e.SetLabels(&it.entry)
			it.entry = e
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// setKinds finds or makes the kinds of items.
func (w *writing) setKinds(ctx context.Context, items []*item) error {
	sets := map[string]enricher.Labels{}
	hashes := make([]string, len(items))
	for i, it := range items {
		hashes[i] = hashLabels(it.entry.Labels)
		sets[hashes[i]] = it.entry.Labels
	}
	kinds := map[string]int64{}
	note := func(scan func(...any) error) error {
		var no int64
		var hash string
		err := scan(&no, &hash)
		kinds[hash] = no
		return err
	}
	for list, args := range lists(slices.Sorted(maps.Keys(sets))) {
		if err := w.query(ctx, w.tx, "SELECT no, hash FROM enricher_kinds WHERE hash IN ("+list+")", args, note); err != nil {
			return err
		}
	}
	var missing, labels []any
	for _, hash := range slices.Sorted(maps.Keys(sets)) {
		if _, ok := kinds[hash]; !ok {
			missing = append(missing, hash)
		}
	}
	for rows := range slices.Chunk(missing, maxList) {
		text := "INSERT INTO enricher_kinds (hash) VALUES " + strings.Repeat("(?),", len(rows)-1) + "(?) RETURNING no, hash"
		if err := w.query(ctx, w.tx, text, rows, note); err != nil {
			return err
		}
	}
	for _, hash := range missing {
		set := sets[hash.(string)]
		for _, key := range set.Keys() {
			labels = append(labels, key, kinds[hash.(string)], set[key])
		}
	}
	for i, it := range items {
		it.kind = kinds[hashes[i]]
	}
	return w.insertRows(ctx, "INSERT INTO enricher_labels (key, kind, value) VALUES ", 3, labels, "")
}

func hashLabels(labels enricher.Labels) string {
	texts := make([]string, 0, 2*len(labels))
	for _, key := range labels.Keys() {
		texts = append(texts, key, labels[key])
	}
	return hash(texts...)
}

// identify makes the IDs of new items unique.
func (w *writing) identify(ctx context.Context, items []*item) error {
	ids := make([]string, len(items))
	for i, it := range items {
		ids[i] = it.entry.ID
	}
	taken, err := w.taken(ctx, ids)
	if err != nil {
		return err
	}
	for _, it := range items {
		for n := it.no; it.entry.ID == "" || taken[it.entry.ID]; n++ {
			it.entry.ID = strings.TrimPrefix(it.given+"~"+strconv.FormatInt(n, 36), "~")
			if _, checked := taken[it.entry.ID]; !checked {
				more, err := w.taken(ctx, []string{it.entry.ID})
				if err != nil {
					return err
				}
				taken[it.entry.ID] = more[it.entry.ID]
			}
		}
		taken[it.entry.ID] = true
	}
	return nil
}

// taken returns which IDs are in use.
func (w *writing) taken(ctx context.Context, ids []string) (map[string]bool, error) {
	taken := map[string]bool{}
	for list, args := range lists(ids) {
		err := w.query(ctx, w.tx, "SELECT id FROM enricher_failures WHERE id IN ("+list+")", args, func(scan func(...any) error) error {
			var id string
			err := scan(&id)
			taken[id] = true
			return err
		})
		if err != nil {
			return nil, err
		}
	}
	return taken, nil
}
