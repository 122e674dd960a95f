package exceptions

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"github.com/failure-enrichers/enricher"
)

// An Event is something that happened to a [History].
type Event struct {
	// Seq rises by one with every event of the history. It is the place to
	// go on from, for [FollowOptions]. Numbers of a history that is made later
	// are greater, if the clock has not been set back.
	Seq uint64

	Kind EventKind

	// Entry is the failure as it was after the event, with what stood under
	// it then. It may be gone from the history by now.
	Entry Entry

	// Missed is for EventLost: how many events the follower was too late for.
	// It may be more, and Missed 0, for one that comes with a number from
	// an earlier life of the process.
	Missed uint64
}

// An EventKind says what happened.
type EventKind uint8

const (
	EventFailure EventKind = iota + 1 // a failure was kept; its labels may be pending; text "failure"
	EventLabels                       // a failure that was pending has its labels; "labels"
	EventLost                         // the follower was too late for some events: it had better look at the history again; "lost"
)

var eventKinds = []string{"", "failure", "labels", "lost"}

// String returns the text of k.
func (k EventKind) String() string {
	if k > 0 && int(k) < len(eventKinds) {
		return eventKinds[k]
	}
	return fmt.Sprintf("EventKind(%d)", uint8(k))
}

// FollowOptions say which events to follow. The zero value is all from now on.
type FollowOptions struct {
	// After is the number of the last event that is known already. By
	// default, 0, it is the last one that has happened.
	After uint64

	// JobIDs are the jobs to follow. By default, all.
	JobIDs []string

	// Filter is what the labels of a failure have to match. A failure that
	// is pending has none yet. The labels of one that matched while it was
	// pending are an event also where they do not match. By default, all
	// failures match.
	Filter Filter
}

// Follow returns the events of h, in order, without an end: ranging over them
// waits for the next one, until ctx ends. They begin where Follow was called, so
// nothing is missed by calling it, then looking at the history, then ranging;
// ranging again goes on where it was left.
//
// The history keeps the last Options.MaxEvents events for its followers, and
// never waits for one. A follower that comes too late for some is told with an
// [EventLost] how many it missed, whatever their filter, and goes on with the
// oldest that is kept. The sequence is for one goroutine at a time; a nil ctx
// never ends.
func (h *History) Follow(ctx context.Context, opts FollowOptions) iter.Seq[Event] {
	if ctx == nil {
		ctx = context.Background()
	}
	f := h.follow(opts)
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

// A notice is an event as the history keeps it.
type notice struct {
	seq    uint64
	kind   EventKind
	group  *group
	job    string
	missed uint64
}

// tell keeps an event, with the number h.seq, and wakes the followers. The lock
// is held.
func (h *History) tell(kind EventKind, r *record) {
	r.job.version = h.seq
	h.events.add(notice{seq: h.seq, kind: kind, group: r.group, job: r.job.id}, h.opts.MaxEvents)
	if h.changed != nil {
		close(h.changed)
		h.changed = nil
	}
}

// A ring has the last events. Their numbers have no gaps.
type ring struct {
	notices []notice
	start   int // of the oldest
}

func (b *ring) add(n notice, most int) {
	if len(b.notices) < most {
		b.notices = append(b.notices, n)
		return
	}
	b.notices[b.start] = n
	b.start = (b.start + 1) % len(b.notices)
}

func (b *ring) at(i int) *notice { return &b.notices[(b.start+i)%len(b.notices)] }

// A follower is a place in the events of a history.
type follower struct {
	h      *History
	opts   FollowOptions
	after  uint64 // the last event that is dealt with
	strays bool   // after is not from this life of the history
	batch  []notice
}

func (h *History) follow(opts FollowOptions) *follower {
	f := &follower{h: h, opts: opts, after: opts.After}
	f.opts.JobIDs = slices.Clone(opts.JobIDs)
	for i, id := range f.opts.JobIDs {
		f.opts.JobIDs[i] = identity(id, maxNameLength)
	}
	if h == nil {
		return f
	}
	h.mu.RLock()
	defer h.mu.RUnlock()
	if f.after == 0 {
		f.after = h.seq
	}
	f.strays = f.after < h.first-1 || f.after > h.seq
	return f
}

// fetchAtOnce is how many events a follower takes with one lock.
const fetchAtOnce = 64

// next returns the next event, or nil and a channel that is closed when there is
// one.
func (f *follower) next() (*notice, <-chan struct{}) {
	for {
		for len(f.batch) > 0 {
			n := f.batch[0]
			f.batch = f.batch[1:]
			f.after = n.seq
			if n.kind == EventLost || f.wants(&n) {
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

// fetch fills the batch, or returns a channel that is closed when there is
// something to fill it with.
func (f *follower) fetch() <-chan struct{} {
	h := f.h
	h.catchUp()
	h.mu.Lock()
	defer h.mu.Unlock()
	oldest := h.seq + 1 - uint64(len(h.events.notices))
	f.batch = nil
	switch {
	case f.strays:
		f.strays = false
		f.after = oldest - 1
		f.batch = append(f.batch, notice{seq: f.after, kind: EventLost, missed: f.after - (h.first - 1)})
	case f.after+1 < oldest:
		missed := oldest - 1 - f.after
		f.after = oldest - 1
		f.batch = append(f.batch, notice{seq: f.after, kind: EventLost, missed: missed})
	case f.after == h.seq:
		if h.changed == nil {
			h.changed = make(chan struct{})
		}
		return h.changed
	}
	for seq := f.after + 1; seq <= h.seq && len(f.batch) < fetchAtOnce; seq++ {
		f.batch = append(f.batch, *h.events.at(int(seq - oldest)))
	}
	return nil
}

// wants reports whether an event is one of those to follow.
func (f *follower) wants(n *notice) bool {
	if len(f.opts.JobIDs) > 0 && !slices.Contains(f.opts.JobIDs, n.job) {
		return false
	}
	if f.opts.Filter.Match(n.group.root.Labels) {
		return true
	}
	return n.kind == EventLabels && f.opts.Filter.Match(enricher.Labels{})
}
