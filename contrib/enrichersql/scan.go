package enrichersql

import (
	"context"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/exceptions"
)

const (
	slotLength = 15 * 60 * 1_000_000 // microseconds
	maxRows    = 2_000_000           // in memory
	maxSlots   = 96                  // read at once
)

// slotOf returns the slot of a time.
func slotOf(at int64) int64 { return floorDiv(at, slotLength) }

// floorDiv returns a/b, rounded down. b is positive.
func floorDiv(a, b int64) int64 {
	n := a / b
	if a < 0 && a%b != 0 {
		n--
	}
	return n
}

// A row is what is kept of a failure in memory.
type row struct {
	at, no         int64
	job, kind      uint32
	under, pending bool
}

// A slot is the failures of a quarter of an hour, the oldest first. It never changes.
type slot struct {
	no, change int64
	rows       []row
	used       uint64
}

// A selection is a query as it is compared with rows.
type selection struct {
	from, to int64               // microseconds, both included
	jobs     map[uint32]struct{} // nil: all
	kinds    []kindSet
	words    []string // in lower case
	nothing  bool     // matches
}

// A kindSet is the kinds that meet a condition, or do not.
type kindSet struct {
	kinds map[int64]struct{}
	not   bool
}

// selects returns the selection of a query.
func (s *store) selects(ctx context.Context, q exceptions.Query) (*selection, error) {
	sel := &selection{from: math.MinInt64, to: math.MaxInt64}
	const most = math.MaxInt64/1000 - 1
	if !q.From.IsZero() {
		sel.from = max(-most, min(most, q.From.UnixMilli())) * 1000
	}
	if !q.To.IsZero() {
		sel.to = max(-most, min(most, q.To.UnixMilli()))*1000 + 999
	}
	for _, word := range q.Words {
		sel.words = append(sel.words, strings.ToLower(word))
		sel.nothing = sel.nothing || strings.Contains(word, wordsBetween) || !canBeKept(word)
	}
	if len(q.JobIDs) > 0 {
		sel.jobs = map[uint32]struct{}{}
		kept := slices.DeleteFunc(slices.Clone(q.JobIDs), func(id string) bool { return !canBeKept(id) })
		for list, args := range lists(kept) {
			err := s.query(ctx, s.db, "SELECT no FROM enricher_jobs WHERE id IN ("+list+")", args, func(scan func(...any) error) error {
				var no uint32
				err := scan(&no)
				sel.jobs[no] = struct{}{}
				return err
			})
			if err != nil {
				return nil, err
			}
		}
		sel.nothing = sel.nothing || len(sel.jobs) == 0
	}
	values := map[string]map[int64]string{}
	for _, c := range q.Filter.Conditions() {
		if values[c.Key] == nil {
			var err error
			if values[c.Key], err = s.values(ctx, c.Key); err != nil {
				return nil, err
			}
		}
		set := kindSet{map[int64]struct{}{}, c.Not}
		for kind, value := range values[c.Key] {
			if c.Any || value == c.Value {
				set.kinds[kind] = struct{}{}
			}
		}
		sel.kinds = append(sel.kinds, set)
	}
	return sel, nil
}

// values returns the values of a label by the kinds that have it.
func (s *store) values(ctx context.Context, key string) (map[int64]string, error) {
	values := map[int64]string{}
	if !canBeKept(key) {
		return values, nil
	}
	return values, s.query(ctx, s.db, "SELECT kind, value FROM enricher_labels WHERE key = ?", []any{key}, func(scan func(...any) error) error {
		var kind int64
		var value string
		err := scan(&kind, &value)
		values[kind] = value
		return err
	})
}

// matches reports whether a row is selected, whatever its words.
func (sel *selection) matches(r *row) bool {
	if r.at < sel.from || r.at > sel.to {
		return false
	}
	if sel.jobs != nil {
		if _, ok := sel.jobs[r.job]; !ok {
			return false
		}
	}
	for i := range sel.kinds {
		if _, ok := sel.kinds[i].kinds[int64(r.kind)]; ok == sel.kinds[i].not {
			return false
		}
	}
	return true
}

// scan calls visit with the rows that match, some slots at a time, the newest first, or
// the oldest; within a call they are from the oldest to the newest. The rows may not be
// changed. It stops if visit returns false, or when its time is up: then truncated is true.
func (s *store) scan(ctx context.Context, sel *selection, oldest bool, visit func([][]row) bool) (truncated bool, err error) {
	if sel.nothing {
		return false, nil
	}
	parent := ctx
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	err = s.scanSlots(ctx, sel, oldest, visit)
	if err != nil && ctx.Err() != nil && parent.Err() == nil {
		return true, nil
	}
	return false, err
}

func (s *store) scanSlots(ctx context.Context, sel *selection, oldest bool, visit func([][]row) bool) error {
	var wanted []slot
	err := s.query(ctx, s.db, "SELECT slot, change FROM enricher_slots WHERE slot >= ? AND slot <= ? ORDER BY slot",
		[]any{slotOf(sel.from), slotOf(sel.to)}, func(scan func(...any) error) error {
			var sl slot
			err := scan(&sl.no, &sl.change)
			wanted = append(wanted, sl)
			return err
		})
	if err != nil {
		return err
	}
	for n := 1; len(wanted) > 0; n = min(2*n, maxSlots) {
		n = min(n, len(wanted))
		part := wanted[len(wanted)-n:]
		if oldest {
			part, wanted = wanted[:n], wanted[n:]
		} else {
			wanted = wanted[:len(wanted)-n]
		}
		slots, err := s.read(ctx, part)
		if err != nil {
			return err
		}
		rows, err := s.choose(ctx, sel, slots)
		if err != nil {
			return err
		}
		if !visit(rows) {
			return nil
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// read returns the rows of slots that follow each other.
func (s *store) read(ctx context.Context, wanted []slot) ([][]row, error) {
	found := make([][]row, len(wanted))
	s.mu.Lock()
	s.uses++
	var stale []int
	for i, w := range wanted {
		if have := s.slots[w.no]; have != nil && have.change == w.change { // a greater one may be from before a backup was restored
			have.used = s.uses
			found[i] = have.rows
		} else {
			stale = append(stale, i)
		}
	}
	s.mu.Unlock()
	stale, err := s.readPacks(ctx, wanted, stale, found)
	if err != nil {
		return nil, err
	}
	for len(stale) > 0 {
		n := 1
		for n < len(stale) && stale[n] == stale[n-1]+1 {
			n++
		}
		part := wanted[stale[0] : stale[0]+n]
		read, err := s.load(ctx, part)
		if err != nil {
			return nil, err
		}
		for i, rows := range read {
			found[stale[i]] = rows
		}
		s.keep(part, read)
		stale = stale[n:]
	}
	return found, nil
}

// load reads slots from the database.
func (s *store) load(ctx context.Context, wanted []slot) ([][]row, error) {
	read := make([][]row, len(wanted))
	i := 0
	from, to := wanted[0].no*slotLength, (wanted[len(wanted)-1].no+1)*slotLength
	var at, no, job, kind, flags int64
	into := []any{&at, &no, &job, &kind, &flags} // of this type, because others take long to convert to
	return read, s.query(ctx, s.db, `SELECT at, no, job, kind, pending + CASE WHEN root IS NULL THEN 0 ELSE 2 END
		FROM enricher_failures WHERE at >= ? AND at < ? ORDER BY at, no`, []any{from, to}, func(scan func(...any) error) error {
		if err := scan(into...); err != nil {
			return err
		}
		slot := slotOf(at)
		for i < len(wanted) && wanted[i].no < slot {
			i++
		}
		if i < len(wanted) && wanted[i].no == slot { // otherwise the slot is new
			read[i] = append(read[i], row{at, no, uint32(job), uint32(kind), flags&2 != 0, flags&1 != 0})
		}
		return nil
	})
}

// keep keeps slots in memory, and forgets those that were not used for the longest time.
func (s *store) keep(wanted []slot, read [][]row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, w := range wanted {
		have := s.slots[w.no]
		if have != nil && have.change > w.change {
			continue
		}
		if have != nil {
			s.rows -= len(have.rows)
		}
		s.slots[w.no] = &slot{w.no, w.change, slices.Clip(read[i]), s.uses}
		s.rows += len(read[i])
	}
	if s.rows <= maxRows {
		return
	}
	all := slices.SortedFunc(maps.Values(s.slots), func(a, b *slot) int { return int(int64(a.used) - int64(b.used)) })
	for _, sl := range all {
		if s.rows <= maxRows*3/4 {
			break
		}
		s.rows -= len(sl.rows)
		delete(s.slots, sl.no)
	}
}

// choose returns the rows that match.
func (s *store) choose(ctx context.Context, sel *selection, slots [][]row) (chosen [][]row, err error) {
	for _, rows := range slots {
		if len(rows) == 0 {
			continue
		}
		if sel.jobs != nil || len(sel.kinds) > 0 || rows[0].at < sel.from || rows[len(rows)-1].at > sel.to {
			rows = filtered(rows, sel.matches)
		}
		if len(rows) > 0 {
			chosen = append(chosen, rows)
		}
	}
	if len(sel.words) == 0 || len(chosen) == 0 {
		return chosen, nil
	}
	last := chosen[len(chosen)-1]
	found, err := s.search(ctx, sel.words, chosen[0][0].at, last[len(last)-1].at)
	if err != nil {
		return nil, err
	}
	for i, rows := range chosen {
		chosen[i] = filtered(rows, func(r *row) bool {
			_, ok := slices.BinarySearch(found, r.no)
			return ok
		})
	}
	return chosen, nil
}

func filtered(rows []row, matches func(*row) bool) (some []row) {
	for i := range rows {
		if matches(&rows[i]) {
			some = append(some, rows[i])
		}
	}
	return some
}

// search returns the failures of a time with all words.
func (s *store) search(ctx context.Context, words []string, from, to int64) ([]int64, error) {
	function := "instr(words, ?)"
	if s.dialect == Postgres {
		function = "strpos(words, ?)"
	}
	args := []any{from, to}
	text := "SELECT no FROM enricher_failures WHERE at >= ? AND at <= ?"
	for _, word := range words {
		args = append(args, word)
		text += " AND " + function + " > 0"
	}
	var found []int64
	err := s.query(ctx, s.db, text, args, func(scan func(...any) error) error {
		var no int64
		err := scan(&no)
		found = append(found, no)
		return err
	})
	slices.Sort(found)
	return found, err
}
