package exceptions

import (
	"sync"
	"time"
)

// A feed is the latest events, for followers.
type feed struct {
	mu        sync.RWMutex // guards also what a feed is part of
	maxEvents int
	seq       uint64 // of the last event
	first     uint64 // of the first event, which may not have happened yet
	events    []notice
	bytes     int           // of the events, and of what a feed is part of
	changed   chan struct{} // closed at the next event; nil if no follower waits
}

// A notice is an event in a feed. The oldest is first; their numbers have no gaps.
type notice struct {
	seq    uint64
	kind   EventKind
	group  *group
	costs  []*cost // of the failures of the group
	missed uint64
}

// init sets the first sequence number. They begin with the time, so that those of an
// earlier process, which a follower may still have, are smaller. They stay below 2^53,
// the limit of JavaScript, until the year 2255.
func (f *feed) init(maxEvents int) {
	f.maxEvents = maxEvents
	f.seq = uint64(max(1, time.Now().UnixMicro()))
	f.first = f.seq + 1
}

// publish adds an event with the number f.seq and wakes the followers. The caller
// holds the lock.
func (f *feed) publish(n notice) {
	n.seq = f.seq
	for _, c := range n.costs {
		f.hold(c)
	}
	f.bytes += eventOverhead
	f.events = append(f.events, n)
	if len(f.events) > f.maxEvents {
		f.dropEvent()
	}
	f.wake()
}

// wait returns a channel that is closed at the next event. The caller holds the lock.
func (f *feed) wait() <-chan struct{} {
	if f.changed == nil {
		f.changed = make(chan struct{})
	}
	return f.changed
}

// wake makes followers look again. The caller holds the lock.
func (f *feed) wake() {
	if f.changed != nil {
		close(f.changed)
		f.changed = nil
	}
}

// rouse makes the followers that wait look again, and reports whether there were any.
// Those that have gone meanwhile do not come back.
func (f *feed) rouse() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	waited := f.changed != nil
	f.wake()
	return waited
}

// restart forgets all events. Followers learn that they may have lost some.
func (f *feed) restart() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for len(f.events) > 0 {
		f.dropEvent()
	}
	f.seq++
	f.first = f.seq + 1
	f.wake()
}

// dropEvent removes the oldest event.
func (f *feed) dropEvent() {
	for _, c := range f.events[0].costs {
		f.release(c)
	}
	f.bytes -= eventOverhead
	f.events[0] = notice{}
	f.events = f.events[1:]
}

func (f *feed) hold(c *cost) {
	if c.holders++; c.holders == 1 {
		f.bytes += c.bytes
	}
}

func (f *feed) release(c *cost) {
	if c.holders--; c.holders == 0 {
		f.bytes -= c.bytes
	}
}

// notice returns an event of r.
func (r *record) notice(kind EventKind) notice {
	n := notice{kind: kind, group: r.group, costs: make([]*cost, 0, 1+len(r.concurrent))}
	n.costs = append(n.costs, r.cost)
	for _, c := range r.concurrent {
		n.costs = append(n.costs, c.cost)
	}
	return n
}
