package enrichersql

import (
	"context"
	"encoding/binary"
	"math"
	"time"
)

// readPacks reads those slots of which there is a pack that is up to date, of those with
// these indexes, and returns the indexes of the others.
func (s *store) readPacks(ctx context.Context, wanted []slot, stale []int, found [][]row) (others []int, err error) {
	if len(stale) == 0 {
		return nil, nil
	}
	at := map[int64]int{}
	for _, i := range stale {
		at[wanted[i].no] = i
	}
	first, last := wanted[stale[0]].no, wanted[stale[len(stale)-1]].no
	err = s.query(ctx, s.db, "SELECT slot, change, packed FROM enricher_packs WHERE slot >= ? AND slot <= ?", []any{first, last},
		func(scan func(...any) error) error {
			var no, change int64
			var packed []byte
			if err := scan(&no, &change, &packed); err != nil {
				return err
			}
			i, ok := at[no]
			if !ok || change != wanted[i].change {
				return nil
			}
			if rows, ok := unpack(packed, no*slotLength); ok {
				found[i] = rows
				s.keep(wanted[i:i+1], [][]row{rows})
				delete(at, no)
			}
			return nil
		})
	for _, i := range stale {
		if _, ok := at[wanted[i].no]; ok {
			others = append(others, i)
		}
	}
	return others, err
}

// pack packs the slots that are over and have changed since they were packed, the newest
// first.
func (s *store) pack(ctx context.Context, now time.Time) error {
	var changed []slot
	err := s.query(ctx, s.db, `SELECT s.slot, s.change FROM enricher_slots s LEFT JOIN enricher_packs p ON p.slot = s.slot AND p.change = s.change
		WHERE p.slot IS NULL AND s.slot < ? ORDER BY s.slot DESC`, []any{slotOf(now.UnixMicro())}, func(scan func(...any) error) error {
		var sl slot
		err := scan(&sl.no, &sl.change)
		changed = append(changed, sl)
		return err
	})
	for i := 0; i < len(changed) && err == nil; i++ {
		err = s.packSlot(ctx, changed[i])
	}
	return err
}

// packSlot packs a slot, unless it changes meanwhile.
func (s *store) packSlot(ctx context.Context, sl slot) error {
	read, err := s.load(ctx, []slot{sl})
	if err != nil {
		return err
	}
	var change int64
	found, err := s.get(ctx, s.db, "SELECT change FROM enricher_slots WHERE slot = ?", []any{sl.no}, &change)
	if err != nil || !found || change != sl.change {
		return err
	}
	return s.exec(ctx, s.db, `INSERT INTO enricher_packs (slot, change, packed) VALUES (?, ?, ?)
		ON CONFLICT (slot) DO UPDATE SET change = excluded.change, packed = excluded.packed`, sl.no, sl.change, packed(read[0], sl.no*slotLength))
}

// packed returns rows in the form of a pack: a version, then numbers, which are small as
// they are differences to those of the row before.
func packed(rows []row, from int64) []byte {
	b := []byte{1}
	last := row{at: from}
	for _, r := range rows {
		flags := int64(0)
		if r.under {
			flags = 2
		}
		if r.pending {
			flags++
		}
		b = binary.AppendVarint(b, r.at-last.at)
		b = binary.AppendVarint(b, r.no-last.no)
		b = binary.AppendVarint(b, int64(r.job)-int64(last.job))
		b = binary.AppendVarint(b, int64(r.kind)<<2|flags)
		last = r
	}
	return b
}

// unpack is the reverse of packed. It reports whether b is a pack.
func unpack(b []byte, from int64) (rows []row, ok bool) {
	if len(b) == 0 || b[0] != 1 {
		return nil, false
	}
	b = b[1:]
	rows = make([]row, 0, len(b)/6)
	last := row{at: from}
	for len(b) > 0 {
		var n [4]int64
		for i := range n {
			v, size := binary.Varint(b)
			if size <= 0 {
				return nil, false
			}
			n[i], b = v, b[size:]
		}
		job, kind := int64(last.job)+n[2], n[3]>>2
		if job < 0 || job > math.MaxUint32 || kind < 0 || kind > math.MaxUint32 {
			return nil, false
		}
		last = row{last.at + n[0], last.no + n[1], uint32(job), uint32(kind), n[3]&2 != 0, n[3]&1 != 0}
		rows = append(rows, last)
	}
	return rows, true
}
