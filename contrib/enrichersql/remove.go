package enrichersql

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher/redact"
)

// Resolve says that a job works again since a time. There is no job whose ID the database
// rejects.
func (s *store) Resolve(ctx context.Context, jobID string, at time.Time) error {
	ms := at.UnixMilli()
	err := s.exec(ctx, s.db, "UPDATE enricher_jobs SET resolved = ? WHERE id = ? AND last <= ? AND (resolved IS NULL OR resolved < ?)",
		ms, jobID, ms, ms)
	if err != nil && !isAboutData(err) {
		return fmt.Errorf("enrichersql: %w", err)
	}
	return nil
}

// Delete removes all failures of a job.
func (s *store) Delete(ctx context.Context, jobID string) error {
	var no int64
	found, err := s.get(ctx, s.db, "SELECT no FROM enricher_jobs WHERE id = ?", []any{jobID}, &no)
	for found && err == nil {
		found, err = s.removeSome(ctx, "SELECT no FROM enricher_failures WHERE job = ? LIMIT ?", no, maxRemoved)
	}
	if err == nil {
		err = s.exec(ctx, s.db, "DELETE FROM enricher_jobs WHERE id = ? AND kept = 0", jobID)
	}
	if err != nil && !isAboutData(err) {
		return fmt.Errorf("enrichersql: %w", err)
	}
	return nil
}

const (
	sweepEvery = time.Minute
	maxRemoved = 500 // failures in one transaction, besides those under others
	groupAge   = 365 * 24 * time.Hour
)

// sweep removes the oldest failures of jobs that have too many, and, once a minute, what
// is too old, and the oldest of groups that have too many, and packs slots. What it does
// not get done, or what fails, is left to the next call.
func (s *store) sweep(ctx context.Context, full []int64) {
	if !s.sweeping.TryLock() {
		return
	}
	defer s.sweeping.Unlock()
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	err := s.sweepAll(ctx, full)
	if err != nil && ctx.Err() == nil {
		s.opts.Logger.Warn("Old failures were not removed", "error", redact.Text(err.Error()))
	}
}

func (s *store) sweepAll(ctx context.Context, full []int64) error {
	for _, job := range full {
		if err := s.trimJob(ctx, job); err != nil {
			return err
		}
	}
	now := time.Now()
	if now.Sub(s.swept) < sweepEvery {
		return nil
	}
	if err := s.sweepAge(ctx, now); err != nil {
		return err
	}
	if err := s.sweepGroups(ctx); err != nil {
		return err
	}
	if err := s.pack(ctx, now); err != nil {
		return err
	}
	s.swept = now
	return nil
}

// trimJob removes the oldest failures of a job, with those under them, until as many
// are gone as are too many, but not the latest that is not under another.
func (s *store) trimJob(ctx context.Context, job int64) error {
	for {
		var kept int64
		if _, err := s.get(ctx, s.db, "SELECT kept FROM enricher_jobs WHERE no = ?", []any{job}, &kept); err != nil {
			return err
		}
		excess := min(kept-int64(s.opts.MaxPerJob), maxRemoved)
		if excess <= 0 {
			return nil
		}
		more, err := s.removeSome(ctx, `SELECT no FROM (
			SELECT no, sum(n) OVER (ORDER BY at, no) - n AS before FROM (
				SELECT f.no, f.at, 1 + (SELECT count(*) FROM enricher_failures u WHERE u.root = f.no) AS n
				FROM enricher_failures f WHERE f.job = ? AND f.root IS NULL AND f.no <>
					(SELECT no FROM enricher_failures WHERE job = ? AND root IS NULL ORDER BY at DESC, no DESC LIMIT 1)
				ORDER BY f.at, f.no LIMIT ?) AS oldest) AS counted
			WHERE before < ?`, job, job, excess, excess)
		if err != nil || !more {
			return err
		}
	}
}

func (s *store) sweepAge(ctx context.Context, now time.Time) error {
	if s.opts.MaxAge > 0 {
		oldest := now.Add(-s.opts.MaxAge).UnixMicro()
		for more := true; more; {
			var err error
			more, err = s.removeSome(ctx, "SELECT no FROM enricher_failures WHERE at < ? AND root IS NULL ORDER BY at, no LIMIT ?", oldest, maxRemoved)
			if err != nil {
				return err
			}
		}
	}
	return s.exec(ctx, s.db, "DELETE FROM enricher_groups WHERE last < ?", now.Add(-groupAge).UnixMilli())
}

// touch notes the groups that have new failures.
func (s *store) touch(items []*item) {
	if s.opts.MaxPerGroup <= 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, it := range items {
		if value := it.entry.Labels[s.opts.GroupBy]; value != "" {
			s.touched[value] = struct{}{}
		}
	}
}

// sweepGroups removes the oldest failures of groups that have too many.
func (s *store) sweepGroups(ctx context.Context) error {
	s.mu.Lock()
	touched := s.touched
	s.touched = map[string]struct{}{}
	s.mu.Unlock()
	kinds, err := s.values(ctx, s.opts.GroupBy)
	if err != nil {
		return err
	}
	of := map[string][]int64{}
	for kind, value := range kinds {
		if _, ok := touched[value]; ok {
			of[value] = append(of[value], kind)
		}
	}
	for value, kinds := range of {
		if err := s.trimGroup(ctx, kinds); err != nil {
			s.mu.Lock()
			s.touched[value] = struct{}{}
			s.mu.Unlock()
			return err
		}
	}
	return nil
}

// trimGroup removes the oldest of the failures of some kinds. It counts what it
// removes: those that are not under others.
func (s *store) trimGroup(ctx context.Context, kinds []int64) error {
	for {
		total := int64(0)
		for list, args := range lists(kinds) {
			var n int64
			if _, err := s.get(ctx, s.db, "SELECT count(*) FROM enricher_failures WHERE kind IN ("+list+") AND root IS NULL", args, &n); err != nil {
				return err
			}
			total += n
		}
		excess := min(total-int64(s.opts.MaxPerGroup), maxRemoved)
		if excess <= 0 {
			return nil
		}
		more := false
		for list, args := range lists(kinds) {
			removed, err := s.removeSome(ctx, "SELECT no FROM enricher_failures WHERE kind IN ("+list+`) AND root IS NULL
				ORDER BY at, no LIMIT ?`, append(args, excess)...)
			if err != nil {
				return err
			}
			if more = more || removed; removed {
				break
			}
		}
		if !more {
			return nil
		}
	}
}

// removeSome removes the failures that a statement selects, with those under them, in
// one transaction, and reports whether there were any.
func (s *store) removeSome(ctx context.Context, text string, args ...any) (some bool, err error) {
	w, err := s.begin(ctx)
	if err != nil {
		return false, err
	}
	defer w.tx.Rollback()
	var nos []int64
	err = w.query(ctx, w.tx, text, args, func(scan func(...any) error) error {
		var no int64
		err := scan(&no)
		nos = append(nos, no)
		return err
	})
	if err != nil || len(nos) == 0 {
		return false, err
	}
	if err := w.remove(ctx, nos); err != nil {
		return false, err
	}
	return true, w.commit(ctx)
}

// remove removes failures with those under them, and what only they used.
func (w *writing) remove(ctx context.Context, tops []int64) error {
	var nos []int64
	jobs, kinds := map[int64]int64{}, map[int64]struct{}{}
	for list, args := range lists(tops) {
		err := w.query(ctx, w.tx, "SELECT no, job, kind, at FROM enricher_failures WHERE no IN ("+list+") OR root IN ("+list+")",
			append(args, args...), func(scan func(...any) error) error {
				var no, job, kind, at int64
				err := scan(&no, &job, &kind, &at)
				nos = append(nos, no)
				jobs[job]++
				kinds[kind] = struct{}{}
				w.slots[slotOf(at)] = struct{}{}
				return err
			})
		if err != nil {
			return err
		}
	}
	for list, args := range lists(nos) {
		for _, table := range []string{"failures", "bodies"} {
			if err := w.exec(ctx, w.tx, "DELETE FROM enricher_"+table+" WHERE no IN ("+list+")", args...); err != nil {
				return err
			}
		}
	}
	for _, no := range slices.Sorted(maps.Keys(jobs)) {
		if err := w.exec(ctx, w.tx, "UPDATE enricher_jobs SET kept = kept - ? WHERE no = ?", jobs[no], no); err != nil {
			return err
		}
	}
	for list, args := range lists(slices.Sorted(maps.Keys(jobs))) {
		if err := w.exec(ctx, w.tx, "DELETE FROM enricher_jobs WHERE kept <= 0 AND no IN ("+list+")", args...); err != nil {
			return err
		}
	}
	for list, args := range lists(slices.Sorted(maps.Keys(kinds))) {
		const unused = ") AND NOT EXISTS (SELECT 1 FROM enricher_failures f WHERE f.kind = "
		if err := w.exec(ctx, w.tx, "DELETE FROM enricher_labels WHERE kind IN ("+list+unused+"enricher_labels.kind)", args...); err != nil {
			return err
		}
		if err := w.exec(ctx, w.tx, "DELETE FROM enricher_kinds WHERE no IN ("+list+unused+"enricher_kinds.no)", args...); err != nil {
			return err
		}
	}
	return w.dropSlots(ctx)
}

// dropSlots removes those that have no failures any more.
func (w *writing) dropSlots(ctx context.Context) error {
	for slot := range w.slots {
		var left int
		from := slot * slotLength
		_, err := w.get(ctx, w.tx, "SELECT count(*) FROM (SELECT 1 FROM enricher_failures WHERE at >= ? AND at < ? LIMIT 1) x",
			[]any{from, from + slotLength}, &left)
		if err != nil {
			return err
		}
		if left == 0 {
			for _, table := range []string{"slots", "packs"} {
				if err := w.exec(ctx, w.tx, "DELETE FROM enricher_"+table+" WHERE slot = ?", slot); err != nil {
					return err
				}
			}
			delete(w.slots, slot)
		}
	}
	return nil
}
