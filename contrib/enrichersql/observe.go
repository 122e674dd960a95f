package enrichersql

import (
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/exceptions"
)

// A label is a value of one, and when it was seen. It was not if there is no Occurrence.
type label struct {
	key, value string
	*exceptions.Occurrence
}

// observe notes the values of the labels of items, which have just got them.
func (w *writing) observe(ctx context.Context, items []*item) error {
	all := map[string]*label{}
	var jobs []int64
	for _, it := range items {
		if it.known && !it.pending {
			continue
		}
		for key, value := range it.entry.Labels {
			if value != "" {
				all[hash(key, value)] = &label{key: key, value: value}
			}
		}
		jobs = append(jobs, it.job)
	}
	resolved, err := w.resolved(ctx, jobs)
	if err != nil {
		return err
	}
	for list, args := range lists(slices.Sorted(maps.Keys(all))) {
		err := w.query(ctx, w.tx, "SELECT hash, first, last, back FROM enricher_groups WHERE hash IN ("+list+")", args,
			func(scan func(...any) error) error {
				var hash, back string
				var o exceptions.Occurrence
				if err := scan(&hash, &o.First, &o.Last, &back); err != nil {
					return err
				}
				o.Back = parseBack(back)
				all[hash].Occurrence = &o
				return nil
			})
		if err != nil {
			return err
		}
	}
	for _, it := range items {
		if it.known && !it.pending {
			continue
		}
		back, err := w.cameBack(ctx, it, resolved)
		if err != nil {
			return err
		}
		at := it.entry.Time.UnixMilli()
		for key, value := range it.entry.Labels {
			if value != "" {
				l := all[hash(key, value)]
				l.Occurrence = l.Add(at, back[[2]string{key, value}])
			}
		}
	}
	var rows []any
	for _, hash := range slices.Sorted(maps.Keys(all)) {
		l := all[hash]
		rows = append(rows, hash, l.key, l.value, l.First, l.Last, backText(l.Back))
	}
	return w.insertRows(ctx, "INSERT INTO enricher_groups (hash, key, value, first, last, back) VALUES ", 6, rows,
		" ON CONFLICT (hash) DO UPDATE SET first = excluded.first, last = excluded.last, back = excluded.back")
}

func backText(back []int64) string {
	texts := make([]string, len(back))
	for i, at := range back {
		texts[i] = strconv.FormatInt(at, 10)
	}
	return strings.Join(texts, " ")
}

// parseBack is the reverse of backText. It skips what is no number.
func parseBack(text string) (back []int64) {
	for word := range strings.FieldsSeq(text) {
		if at, err := strconv.ParseInt(word, 10, 64); err == nil {
			back = append(back, at)
		}
	}
	return back
}

// resolved returns since when jobs work again, of those of which the service said so.
func (w *writing) resolved(ctx context.Context, jobs []int64) (map[int64]int64, error) {
	since := map[int64]int64{}
	for list, args := range lists(jobs) {
		err := w.query(ctx, w.tx, "SELECT no, resolved FROM enricher_jobs WHERE resolved IS NOT NULL AND no IN ("+list+")", args,
			func(scan func(...any) error) error {
				var no, at int64
				err := scan(&no, &at)
				since[no] = at
				return err
			})
		if err != nil {
			return nil, err
		}
	}
	return since, nil
}

// cameBack returns the labels with which the job of an item had failed before it was
// resolved, and not since then.
func (w *writing) cameBack(ctx context.Context, it *item, resolved map[int64]int64) (map[[2]string]bool, error) {
	since, ok := resolved[it.job]
	if !ok || it.entry.Time.UnixMilli() < since {
		return nil, nil
	}
	back := map[[2]string]bool{}
	return back, w.query(ctx, w.tx, `SELECT l.key, l.value, max(CASE WHEN f.at < ? THEN 0 ELSE 1 END)
		FROM enricher_failures f JOIN enricher_labels l ON l.kind = f.kind
		WHERE f.job = ? AND f.no < ? GROUP BY l.key, l.value`, []any{since * 1000, it.job, it.no}, func(scan func(...any) error) error {
		var key, value string
		var after bool
		err := scan(&key, &value, &after)
		back[[2]string{key, value}] = !after
		return err
	})
}
