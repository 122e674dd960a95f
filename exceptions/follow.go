package exceptions

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/failure-enrichers/enricher"
)

// An Event is a change of a [History].
type Event struct {
	// Seq is one more than that of the event before. Pass it as
	// FollowOptions.After to continue behind this event. The numbers of a
	// history that is made later are greater, unless the clock was set back.
	Seq uint64

	Kind EventKind

	// Entry is the failure as it was after the event, with those under it
	// then. It may have been removed from the history since.
	Entry Entry

	// Missed is how many events were lost, if Kind is EventLost. For a follower
	// whose number is not from this history, it counts only the events of
	// this history that are no longer kept.
	Missed uint64
}

// An EventKind says what happened.
type EventKind uint8

const (
	EventFailure EventKind = iota + 1 // a failure was added; its labels may be pending; text "failure"
	EventLabels                       // a pending failure that is still kept got its labels; "labels"
	EventLost                         // events are no longer kept: query the history again; "lost"
)

var eventKinds = []string{"", "failure", "labels", "lost"}

// String returns the text of k.
func (k EventKind) String() string {
	if k > 0 && int(k) < len(eventKinds) {
		return eventKinds[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}

// FollowOptions select events. The zero value selects all from now on.
type FollowOptions struct {
	// After is the Seq of the last event that the follower knows. By default,
	// 0, that is the last event so far.
	After uint64

	// JobIDs are the jobs to follow. By default, all.
	JobIDs []string

	// Filter is what the labels of a failure have to match. A pending failure
	// has none. If a failure matched while it was pending, the event with its
	// labels follows even if these do not match, unless the failure was removed
	// meanwhile. By default, all failures match.
	Filter Filter
}

// Follow returns the events of h, in order. Ranging over them waits for the next
// one until ctx ends. They begin at the call of Follow, so a caller that calls
// Follow, then queries the history, then ranges misses nothing. Ranging again
// continues after the last event.
//
// The history keeps the last Options.MaxEvents events, and never waits for a
// follower. A follower that is too late for some gets an [EventLost] with their
// number, regardless of its filter, and continues with the oldest event that is
// kept. The sequence must not be used concurrently. A nil ctx never ends.
//
// A Store that is not in memory is asked for changes once a second, those of other
// processes included.
func (h *History) Follow(ctx context.Context, opts FollowOptions) iter.Seq[Event] {
	if ctx == nil {
		ctx = context.Background()
	}
	f := h.follow(ctx, opts)
	return func(yield func(Event) bool) {
		for ctx.Err() == nil {
			n, changed := f.next()
			if n == nil {
				select {
				case <-changed:
				case <-ctx.Done():
				}
				continue
			}
			ev := Event{Seq: n.seq, Kind: n.kind, Missed: n.missed}
			if n.group != nil {
				ev.Entry = n.group.entry()
			}
			if !yield(ev) {
				return
			}
		}
	}
}

// A follower is a position in the events of a history.
type follower struct {
	h     *History
	opts  FollowOptions
	after uint64 // the last event that was returned or skipped
	lost  bool   // after is not a number of this history
	batch []notice
}

func (h *History) follow(ctx context.Context, opts FollowOptions) *follower {
	f := &follower{h: h, opts: opts, after: opts.After}
	if h == nil {
		return f
	}
	f.opts.JobIDs = h.jobKeys(opts.JobIDs)
	h.watch(ctx)
	h.feed.mu.RLock()
	defer h.feed.mu.RUnlock()
	if f.after == 0 {
		f.after = h.feed.seq
	}
	f.lost = f.after < h.feed.first-1 || f.after > h.feed.seq
	return f
}

// fetchAtOnce is how many events a follower copies under one lock. It holds them
// for as long as it takes, so it must be few.
const fetchAtOnce = 16

// next returns the next event, or nil and a channel that is closed when there is
// one.
func (f *follower) next() (*notice, <-chan struct{}) {
	for {
		for len(f.batch) > 0 {
			n := f.batch[0]
			f.batch = f.batch[1:]
			f.after = n.seq
			if n.kind == EventLost || f.matches(&n) {
				return &n, nil
			}
		}
		if f.h == nil {
			return nil, nil
		}
		if changed := f.fetch(); changed != nil {
			return nil, changed
		}
	}
}

// fetch fills the batch, or returns a channel that is closed when there are events
// to fill it with.
func (f *follower) fetch() <-chan struct{} {
	f.h.catchUp()
	f.h.watch(context.Background())
	h := f.h.feed
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := h.seq + 1 - uint64(len(h.events))
	f.batch = nil
	switch {
	case f.lost || f.after < h.first-1:
		f.lost = false
		f.after = oldest - 1
		f.batch = append(f.batch, notice{seq: f.after, kind: EventLost, missed: f.after - (h.first - 1)})
	case f.after+1 < oldest:
		missed := oldest - 1 - f.after
		f.after = oldest - 1
		f.batch = append(f.batch, notice{seq: f.after, kind: EventLost, missed: missed})
	case f.after == h.seq:
		return h.wait()
	}
	for seq := f.after + 1; seq <= h.seq && len(f.batch) < fetchAtOnce; seq++ {
		f.batch = append(f.batch, h.events[seq-oldest])
	}
	return nil
}

// matches reports whether the follower selects an event.
func (f *follower) matches(n *notice) bool {
	if len(f.opts.JobIDs) > 0 && !slices.Contains(f.opts.JobIDs, n.group.root.JobID) {
		return false
	}
	if f.opts.Filter.Match(n.group.root.Labels) {
		return true
	}
	return n.kind == EventLabels && f.opts.Filter.Match(enricher.Labels{})
}
