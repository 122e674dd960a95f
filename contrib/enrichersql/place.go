package enrichersql

import (
	"context"
	"database/sql"
)

// place puts new items under their roots, and under them those whose roots they are,
// as if they arrived one by one.
func (w *writing) place(ctx context.Context, items []*item) error {
	given := make([]string, 0, len(items))
	any := false
	for _, it := range items {
		given = append(given, it.given)
		any = any || it.wants() != ""
	}
	for list, args := range lists(given) {
		var orphans int
		_, err := w.get(ctx, w.tx, "SELECT count(*) FROM enricher_failures WHERE root IS NULL AND wanted IN ("+list+")", args, &orphans)
		if err != nil {
			return err
		}
		any = any || orphans > 0
	}
	if !any {
		return nil
	}
	for _, it := range items {
		top, err := w.putUnder(ctx, it)
		if err != nil {
			return err
		}
		if err := w.adopt(ctx, it, top); err != nil {
			return err
		}
	}
	return nil
}

// putUnder puts an item under its root, if that is there, and returns the failure at
// the top: the root or the item.
func (w *writing) putUnder(ctx context.Context, it *item) (top int64, err error) {
	wanted := it.wants()
	if wanted == "" {
		return it.no, nil
	}
	var root sql.NullInt64
	// Between these are the IDs that are made of it by a suffix.
	found, err := w.get(ctx, w.tx, `SELECT no, root FROM enricher_failures
		WHERE (id = ? OR (id > ? AND id < ?)) AND given = ? AND job = ? AND no < ? ORDER BY no DESC LIMIT 1`,
		[]any{wanted, wanted + "~", wanted + "\x7f", wanted, it.job, it.no}, &top, &root)
	if err != nil || !found {
		return it.no, err
	}
	if root.Valid {
		top = root.Int64
	}
	return top, w.exec(ctx, w.tx, "UPDATE enricher_failures SET root = ? WHERE no = ?", top, it.no)
}

// adopt puts those whose root an item is under the failure at the top.
func (w *writing) adopt(ctx context.Context, it *item, top int64) error {
	var orphans []int64
	err := w.query(ctx, w.tx, `SELECT no FROM enricher_failures
		WHERE root IS NULL AND wanted = ? AND job = ? AND no < ? AND no <> ?`, []any{it.given, it.job, it.no, top},
		func(scan func(...any) error) error {
			var no int64
			err := scan(&no)
			orphans = append(orphans, no)
			return err
		})
	if err != nil {
		return err
	}
	for list, args := range lists(orphans) {
		twice := append(args, args...)
		err := w.query(ctx, w.tx, "SELECT at FROM enricher_failures WHERE no IN ("+list+") OR root IN ("+list+")", twice,
			func(scan func(...any) error) error {
				var at int64
				err := scan(&at)
				w.slots[slotOf(at)] = struct{}{}
				return err
			})
		if err != nil {
			return err
		}
		twice = append([]any{top}, twice...)
		if err := w.exec(ctx, w.tx, "UPDATE enricher_failures SET root = ? WHERE no IN ("+list+") OR root IN ("+list+")", twice...); err != nil {
			return err
		}
	}
	return nil
}
