package exceptions_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
	"weak"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
	"github.com/failure-enrichers/enricher/wire"
)

// A shared is a store that is not known to be in memory, and can fail.
type shared struct {
	exceptions.Store
	fail    atomic.Bool // with an error
	hang    atomic.Bool // until the context ends
	panics  atomic.Bool
	exits   atomic.Bool // the goroutine
	mu      sync.Mutex
	batches []int // sizes
}

func newShared() *shared {
	return &shared{Store: exceptions.NewMemory(exceptions.Options{MaxExceptions: 100_000})}
}

var errDown = errors.New("connect: password=hunter2 refused\nby peer")

func (s *shared) trouble(ctx context.Context) error {
	if s.hang.Load() {
		<-ctx.Done()
		return ctx.Err()
	}
	if s.panics.Load() {
		panic(errDown)
	}
	if s.exits.Load() {
		runtime.Goexit()
	}
	if s.fail.Load() {
		return errDown
	}
	return nil
}

func (s *shared) Append(ctx context.Context, batch []exceptions.Record) error {
	if err := s.trouble(ctx); err != nil {
		return err
	}
	s.mu.Lock()
	s.batches = append(s.batches, len(batch))
	s.mu.Unlock()
	return s.Store.Append(ctx, batch)
}

func (s *shared) Failures(ctx context.Context, q exceptions.Query) (page exceptions.Page[exceptions.Entry], err error) {
	if err := s.trouble(ctx); err != nil {
		return page, err
	}
	return s.Store.Failures(ctx, q)
}

func (s *shared) Changes(ctx context.Context, after string, limit int) (page exceptions.Page[exceptions.Change], err error) {
	if err := s.trouble(ctx); err != nil {
		return page, err
	}
	return s.Store.Changes(ctx, after, limit)
}

func (s *shared) String() string { return "a test" }

func TestHistoryWritesBatches(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShared()
		h := exceptions.NewHistory(exceptions.Options{Store: s, Process: "p1"})
		e := always(t, enricher.Labels{"k": "v"})
		for i := range 1000 {
			h.Enrich(t.Context(), e, errBoom, enricher.FailureContext{ID: fmt.Sprint(i), JobID: "j"})
		}
		for range 300 {
			h.Resolve("other")
			h.Delete("another")
		}
		time.Sleep(200 * time.Millisecond)
		assert.Zero(t, h.Status().Queued, "one delay for all")
		got := entries(h)
		require.Len(t, got, 1000)
		assert.Equal(t, "999", got[0].ID, "in order")
		assert.Equal(t, "p1", got[0].Process)
		assert.Equal(t, exceptions.StateComplete, got[0].LabelState)
		s.mu.Lock()
		defer s.mu.Unlock()
		assert.Less(t, len(s.batches), 20, "a failure and its labels are one record, many records one batch")
	})
}

func TestHistoryWritesLabelsThatComeLater(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{Store: newShared()})
		release := make(chan struct{})
		future := h.EnrichAsync(t.Context(), newEnricher(t, waitFor(release), []string{"k"}), errBoom, enricher.FailureContext{})
		require.NoError(t, h.Flush(t.Context()))
		assert.Equal(t, exceptions.StatePending, only(t, h).LabelState)
		close(release)
		<-future.Done()
		require.NoError(t, h.Flush(t.Context()))
		assert.Equal(t, enricher.Labels{"k": "v"}, only(t, h).Labels)
	})
}

// A forgetful store keeps nothing, but knows what is still in memory.
type forgetful struct {
	exceptions.Store
	wires []weak.Pointer[byte]
}

func (s *forgetful) Append(_ context.Context, batch []exceptions.Record) error {
	for i := range batch {
		s.wires = append(s.wires, weak.Make(&batch[i].Entry.Wire[0]))
	}
	return nil
}

func TestHistoryKeepsNothingThatIsWritten(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := &forgetful{}
		h := exceptions.NewHistory(exceptions.Options{Store: s})
		for range 200 {
			h.Enrich(t.Context(), nil, errBoom, enricher.FailureContext{})
		}
		require.NoError(t, h.Flush(t.Context()))
		synctest.Wait()
		runtime.GC()
		require.Len(t, s.wires, 200)
		kept := slices.DeleteFunc(s.wires, func(p weak.Pointer[byte]) bool { return p.Value() == nil })
		assert.Empty(t, kept)
		runtime.KeepAlive(h)
	})
}

func TestHistoryOutlivesAStore(t *testing.T) {
	t.Parallel()
	for _, trouble := range []string{"fail", "hang", "panic", "exit"} {
		synctest.Test(t, func(t *testing.T) {
			s := newShared()
			flag := map[string]*atomic.Bool{"fail": &s.fail, "hang": &s.hang, "panic": &s.panics, "exit": &s.exits}[trouble]
			flag.Store(true)
			h := exceptions.NewHistory(exceptions.Options{Store: s, MaxBytes: 100_000})
			began := time.Now()
			for i := range 1000 {
				h.Enrich(t.Context(), always(t, enricher.Labels{"k": "v"}), errBoom, enricher.FailureContext{ID: fmt.Sprint(i)})
			}
			assert.Zero(t, time.Since(began), "no job waits for the store")
			time.Sleep(time.Minute)
			status := h.Status()
			assert.Equal(t, "a test", status.Store)
			assert.Positive(t, status.Queued)
			assert.NotEmpty(t, status.Error)
			assert.NotContains(t, status.Error, "hunter2")
			assert.NotContains(t, status.Error, "\n")
			assert.WithinDuration(t, began, status.FailedAt, 20*time.Second)
			assert.Equal(t, 1000, status.Queued+int(status.Dropped))
			answer := get(t, exceptions.NewHandler(h), "/exceptions")
			assert.Contains(t, errorsOf(t, answer, 503)[0], "the store of failures failed: ")
			assert.NotContains(t, answer.Body.String(), "hunter2")
			_, more := h.Entries(exceptions.Query{})
			assert.True(t, more)
			assert.Contains(t, get(t, exceptions.NewHandler(h), "/status").Body.String(), fmt.Sprintf(`"dropped":%d`, status.Dropped))
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			err := h.Flush(ctx)
			require.ErrorIs(t, err, context.DeadlineExceeded)
			assert.ErrorContains(t, err, fmt.Sprintf("not stored: failures %d,", status.Queued))

			flag.Store(false)
			require.NoError(t, h.Flush(t.Context()))
			assert.Len(t, entries(h), status.Queued, "what was accepted is not lost")
			assert.Empty(t, h.Status().Error)
			assert.True(t, h.Status().FailedAt.IsZero())
			keep(h, errBoom, enricher.FailureContext{ID: "last"}, nil)
			require.NoError(t, h.Close(t.Context()))
			assert.Equal(t, "last", entries(h)[0].ID)
			keep(h, errBoom, enricher.FailureContext{}, nil)
			assert.Equal(t, status.Dropped+1, h.Status().Dropped, "after Close")
		})
	}
}

// An Enricher that is shut down after the History loses labels, also of a failure that
// still waits to be written.
func TestStatusCountsLabelsThatComeAfterClose(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShared()
		s.hang.Store(true)
		h := exceptions.NewHistory(exceptions.Options{Store: s})
		keep(h, errBoom, enricher.FailureContext{}, nil)
		time.Sleep(time.Second) // it is being written
		release := make(chan struct{})
		future := h.EnrichAsync(t.Context(), newEnricher(t, waitFor(release), []string{"k"}), errBoom, enricher.FailureContext{ID: "late"})
		closed := make(chan error)
		go func() { closed <- h.Close(t.Context()) }()
		synctest.Wait()
		s.hang.Store(false)
		close(release)
		<-future.Done()
		require.NoError(t, <-closed)
		assert.Equal(t, exceptions.StatePending, entries(h)[0].LabelState)
		assert.EqualValues(t, 1, h.Status().Dropped)
	})
}

func TestHistoryTakesANilContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShared()
		s.hang.Store(true)
		h := exceptions.NewHistory(exceptions.Options{Store: s})
		var none context.Context
		for _, wait := range []func(context.Context) error{h.Flush, h.Close} {
			keep(h, errBoom, enricher.FailureContext{}, nil)
			time.AfterFunc(time.Minute, func() { s.hang.Store(false) })
			require.NoError(t, wait(none))
		}
		assert.Len(t, entries(h), 2)
	})
}

func TestExceptionsOfAJobThatTheStoreHasNotLookedAt(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHandler(exceptions.NewHistory(exceptions.Options{Store: truncated{newShared()}}))
	list, all := historyOf(t, get(t, h, "/jobs/old/exceptions"))
	assert.Empty(t, list)
	assert.False(t, all)
}

// A truncated store has not looked at the jobs.
type truncated struct{ *shared }

func (truncated) Jobs(context.Context, exceptions.Query) (exceptions.Page[exceptions.Job], error) {
	return exceptions.Page[exceptions.Job]{Truncated: true}, nil
}

// A stuck store does not mind its context.
type stuck struct {
	*shared
	release chan struct{}
}

func (s stuck) Failures(context.Context, exceptions.Query) (page exceptions.Page[exceptions.Entry], _ error) {
	<-s.release
	return page, nil
}

func (s stuck) Append(ctx context.Context, batch []exceptions.Record) error {
	<-s.release
	return s.shared.Append(ctx, batch)
}

func (stuck) String() string { panic("no") }

func TestHandlerOfAStoreThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := stuck{newShared(), make(chan struct{})}
		defer close(s.release)
		h := exceptions.NewHistory(exceptions.Options{Store: s})
		began := time.Now()
		errorsOf(t, get(t, exceptions.NewHandler(h), "/exceptions"), 503)
		_, more := h.Entries(exceptions.Query{})
		assert.True(t, more)
		assert.Equal(t, 20*time.Second, time.Since(began))
		assert.Equal(t, "exceptions_test.stuck", h.Status().Store)
	})
}

func TestStatusOfAStoreThatDoesNotReturn(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := stuck{newShared(), make(chan struct{})}
		var log bytes.Buffer
		h := exceptions.NewHistory(exceptions.Options{Store: s, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		h.Enrich(t.Context(), nil, errBoom, enricher.FailureContext{ID: "1"})
		time.Sleep(5 * time.Second)
		assert.Empty(t, h.Status().Error)
		time.Sleep(10 * time.Second)
		synctest.Wait()
		assert.Equal(t, "it has not returned", h.Status().Error)
		assert.Equal(t, 1, strings.Count(log.String(), "Failures are not stored"))
		close(s.release)
		require.NoError(t, h.Flush(t.Context()))
		assert.Empty(t, h.Status().Error)
		assert.Contains(t, log.String(), "Failures are stored again")
		require.NoError(t, h.Close(t.Context()))
	})
}

func TestStatusCountsWhatTheStoreSkips(t *testing.T) {
	t.Parallel()
	h := exceptions.NewHistory(exceptions.Options{Store: skipping{newShared()}})
	assert.EqualValues(t, 7, h.Status().Dropped)
	require.NoError(t, h.Close(t.Context()))
	keep(h, errBoom, enricher.FailureContext{}, nil)
	assert.Contains(t, get(t, exceptions.NewHandler(h), "/status").Body.String(), `"dropped":8,`)
}

type skipping struct{ *shared }

func (skipping) Skipped() uint64 { return 7 }

// A panicking handler is one of the service's log.
type panicking struct{ slog.Handler }

func (panicking) Enabled(context.Context, slog.Level) bool  { return true }
func (panicking) Handle(context.Context, slog.Record) error { panic("the log is broken") }

func TestHistorySurvivesAPanicOfTheLog(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShared()
		s.fail.Store(true)
		h := exceptions.NewHistory(exceptions.Options{Store: s, Logger: slog.New(panicking{slog.DiscardHandler})})
		keep(h, errBoom, enricher.FailureContext{}, nil)
		time.Sleep(time.Second)
		s.fail.Store(false)
		require.NoError(t, h.Flush(t.Context()))
		assert.Len(t, entries(h), 1)
	})
}

// A store that fails and works by turns has a line for each, at most one pair a minute.
func TestHistoryLogsTheBeginAndTheEndOfATrouble(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShared()
		var log bytes.Buffer
		h := exceptions.NewHistory(exceptions.Options{Store: s, Logger: slog.New(slog.NewTextHandler(&log, nil))})
		trouble := func(d time.Duration) {
			s.fail.Store(true)
			keep(h, errBoom, enricher.FailureContext{}, nil)
			time.Sleep(d)
			s.fail.Store(false)
			require.NoError(t, h.Flush(t.Context()))
		}
		lines := func(warn, info int, why string) {
			assert.Equal(t, warn, strings.Count(log.String(), "Failures are not stored"), why)
			assert.Equal(t, info, strings.Count(log.String(), "Failures are stored again"), why)
		}
		for range 6 {
			trouble(time.Second)
		}
		lines(1, 1, "in one minute")
		trouble(2 * time.Minute)
		lines(2, 2, "one that begins in that minute, and lasts")
		time.Sleep(time.Hour)
		trouble(time.Second)
		lines(3, 3, "an hour later")
		require.NoError(t, h.Close(t.Context()))
	})
}

func TestHistoryGivesUpWhenClosed(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		hang    time.Duration // of the store, after ctx has ended
		resolve bool          // what waits is a call of Resolve, or a failure
		err     string
		dropped uint64
	}{
		{hang: 0},
		{hang: 500 * time.Millisecond},
		{time.Hour, false, "not stored: failures 1, calls of Resolve and Delete 0: signal", 1},
		{time.Hour, true, "not stored: failures 0, calls of Resolve and Delete 1: signal", 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			s := newShared()
			h := exceptions.NewHistory(exceptions.Options{Store: slowly{s, c.hang}})
			if c.resolve {
				h.Resolve("j")
			} else {
				keep(h, errBoom, enricher.FailureContext{}, nil)
			}
			ctx, end := context.WithCancelCause(t.Context())
			end(errors.New("signal"))
			began := time.Now()
			err := h.Close(ctx)
			assert.LessOrEqual(t, time.Since(began), time.Second)
			if c.err == "" {
				require.NoError(t, err)
				assert.Len(t, entries(h), 1)
			} else {
				require.EqualError(t, err, c.err)
			}
			for range 2 { // at once, and when the store has returned
				assert.Equal(t, c.dropped, h.Status().Dropped)
				assert.Zero(t, h.Status().Queued)
				assert.Equal(t, err, h.Close(t.Context()), "a second Close")
				assert.Equal(t, err, h.Flush(t.Context()))
				time.Sleep(time.Minute)
			}
			synctest.Wait()
			assert.Equal(t, c.dropped, h.Status().Dropped)
			assert.Zero(t, h.Status().Queued)
		})
	}
}

// A slowly working store writes after some time, unless the context has ended by then.
type slowly struct {
	*shared
	wait time.Duration
}

func (s slowly) pause(ctx context.Context) error {
	select {
	case <-time.After(s.wait):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (s slowly) Append(ctx context.Context, batch []exceptions.Record) error {
	if err := s.pause(ctx); err != nil {
		return err
	}
	return s.shared.Append(ctx, batch)
}

func (s slowly) Resolve(ctx context.Context, id string, at time.Time) error {
	return errors.Join(s.pause(ctx), s.shared.Resolve(ctx, id, at))
}

func TestResolveAndDeleteAreInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		for _, store := range []exceptions.Store{nil, newShared()} {
			h := exceptions.NewHistory(exceptions.Options{Store: store})
			long := strings.Repeat("x", 300)
			job := func() string {
				require.NoError(t, h.Flush(t.Context()))
				return get(t, exceptions.NewHandler(h), "/jobs").Body.String()
			}
			keep(h, errBoom, enricher.FailureContext{JobID: long}, nil)
			time.Sleep(time.Minute)
			h.Resolve(long)
			at := time.Now().UnixMilli()
			assert.Contains(t, job(), fmt.Sprintf(`"resolved":%d}`, at))
			time.Sleep(time.Minute)
			keep(h, errBoom, enricher.FailureContext{JobID: long}, nil)
			assert.NotContains(t, job(), "resolved")
			h.Delete(long)
			keep(h, errBoom, enricher.FailureContext{ID: "after", JobID: long}, nil)
			assert.Contains(t, job(), `"failures":1,`)
			assert.Equal(t, "after", only(t, h).ID)
		}
	})
}

// A picky store fails because of texts that no record can have, as Postgres does.
type picky struct{ *shared }

func (p picky) Resolve(ctx context.Context, id string, at time.Time) error {
	return errors.Join(p.check(id), p.Store.Resolve(ctx, id, at))
}

func (p picky) Delete(ctx context.Context, id string) error {
	return errors.Join(p.check(id), p.Store.Delete(ctx, id))
}

func (picky) check(id string) error {
	if strings.ContainsRune(id, 0) || !utf8.ValidString(id) {
		return fmt.Errorf("invalid text %q", id)
	}
	return nil
}

func TestResolveAndDeleteOfAnOddJobDoNotEndTheWriting(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := exceptions.NewHistory(exceptions.Options{Store: picky{newShared()}})
		for _, id := range []string{"a\x00b", "\xff", "a\xed\xa0\x80"} {
			keep(h, errBoom, enricher.FailureContext{JobID: id}, nil)
			time.Sleep(time.Second)
			h.Resolve(id)
			require.NoError(t, h.Flush(t.Context()))
			jobs, _ := h.Jobs(exceptions.Query{JobIDs: []string{id}})
			require.Len(t, jobs, 1)
			assert.False(t, jobs[0].Resolved.IsZero())
			h.Delete(id)
			keep(h, errBoom, enricher.FailureContext{ID: "after"}, nil)
			require.NoError(t, h.Flush(t.Context()))
			assert.Equal(t, "after", only(t, h).ID)
			h.Delete("")
			require.NoError(t, h.Flush(t.Context()))
		}
	})
}

func TestFollowSeesOtherProcesses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newShared()
		ours := exceptions.NewHistory(exceptions.Options{Store: s, Process: "ours"})
		theirs := exceptions.NewHistory(exceptions.Options{Store: s, Process: "theirs"})
		keep(theirs, errBoom, enricher.FailureContext{ID: "before"}, nil)
		require.NoError(t, theirs.Flush(t.Context()))
		ctx, cancel := context.WithCancel(t.Context())
		events := ours.Follow(ctx, exceptions.FollowOptions{})
		keep(theirs, errBoom, enricher.FailureContext{ID: "a", JobID: "j"}, nil)
		keep(theirs, errBoom, enricher.FailureContext{ID: "b", RootID: "a", JobID: "j"}, nil)
		keep(ours, errBoom, enricher.FailureContext{ID: "c"}, nil)
		began := time.Now()
		var got []string
		for ev := range events {
			if got = append(got, ev.Entry.ID+" "+ev.Entry.Process); len(got) == 3 {
				break
			}
		}
		assert.ElementsMatch(t, []string{"a theirs", "b theirs", "c ours"}, got)
		assert.LessOrEqual(t, time.Since(began), 2*time.Second)
		s.fail.Store(true)
		time.Sleep(10 * time.Second)
		s.fail.Store(false)
		keep(theirs, errBoom, enricher.FailureContext{ID: "d"}, nil)
		for ev := range events {
			assert.Equal(t, "d", ev.Entry.ID, "nothing is lost while the store fails")
			break
		}
		time.Sleep(5 * time.Minute) // without a follower, watching ends
		keep(theirs, errBoom, enricher.FailureContext{ID: "e"}, nil)
		require.NoError(t, theirs.Flush(t.Context()))
		late := ours.Follow(ctx, exceptions.FollowOptions{})
		keep(theirs, errBoom, enricher.FailureContext{ID: "f"}, nil)
		for ev := range late {
			assert.Equal(t, "f", ev.Entry.ID)
			break
		}
		for ev := range events {
			assert.Equal(t, exceptions.EventLost, ev.Kind)
			break
		}
		cancel()
		require.NoError(t, ours.Close(t.Context()))
	})
}

func TestHistoryStoresTheWireForm(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		mine := func(s string) string { return strings.ReplaceAll(s, "Bobby", "***") }
		for _, redact := range []func(string) string{nil, mine} {
			h := exceptions.NewHistory(exceptions.Options{Store: newShared(), Redact: redact})
			cause := fmt.Errorf("load as Bobby with password=hunter2: %w", os.ErrDeadlineExceeded)
			keep(h, cause, enricher.FailureContext{JobID: "j", Attempt: 2, Attributes: map[string]string{"token": "abcdefgh", "user": "Bobby"}}, nil)
			require.NoError(t, h.Flush(t.Context()))
			page, err := h.Store().Failures(t.Context(), exceptions.Query{Wire: true})
			require.NoError(t, err)
			text := string(page.Items[0].Wire)
			assert.NotContains(t, text, "hunter2")
			assert.NotContains(t, text, "abcdefgh")
			assert.Equal(t, redact == nil, strings.Contains(text, "Bobby"), "the redactor of the caller is used as well")
			f, err := wire.Decode(page.Items[0].Wire)
			require.NoError(t, err)
			require.ErrorIs(t, f.Cause(), os.ErrDeadlineExceeded)
			assert.Equal(t, 2, f.Context().Attempt)
			assert.Equal(t, page.Items[0].ID, f.Context().ID)
			assert.Nil(t, entries(h)[0].Wire)
		}
	})
}
