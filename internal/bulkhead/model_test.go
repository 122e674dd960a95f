package bulkhead_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/bulkhead"
)

// A model is a bulkhead in words that are plain, for one goroutine.
type model struct {
	max       int
	held      int
	abandoned int
	queue     []*waiter
}

func (m *model) acquire(w *waiter) (ok, queued bool) {
	switch {
	case m.held < m.max:
		m.held++
		return true, false
	case m.abandoned == m.max, len(m.queue) == m.max:
		return false, false
	}
	m.queue = append(m.queue, w)
	return false, true
}

func (m *model) release(abandoned bool) *waiter {
	if abandoned {
		m.abandoned--
	}
	if len(m.queue) > 0 {
		w := m.queue[0]
		m.queue = m.queue[1:]
		return w
	}
	m.held--
	return nil
}

func (m *model) leave(w *waiter) {
	for i := range m.queue {
		if m.queue[i] == w {
			m.queue = append(m.queue[:i:i], m.queue[i+1:]...)
			return
		}
	}
}

func TestAnyScheduleAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	type place struct {
		*waiter
		*bulkhead.Place
	}
	for seed := range uint64(100) {
		random := rand.New(rand.NewPCG(seed, 1))
		slots := 1 + random.IntN(5)
		b, m := bulkhead.New(slots), model{max: slots}
		var places []place // of all who have ever waited
		var idle <-chan struct{}
		for step := range 300 {
			switch op := random.IntN(10); {
			case op < 4:
				w := new(waiter)
				ok, p := b.Acquire(w)
				wantOK, queued := m.acquire(w)
				require.Equal(t, wantOK, ok, "Acquire: seed %d, step %d", seed, step)
				require.Equal(t, queued, p != nil, "Acquire: seed %d, step %d", seed, step)
				if p != nil {
					places = append(places, place{w, p})
				}
			case op < 5 && len(places) > 0:
				p := places[random.IntN(len(places))] // perhaps one that is served or has left
				b.Leave(p.Place)
				m.leave(p.waiter)
			case op < 6 && m.abandoned < m.held:
				b.Abandon()
				m.abandoned++
			case op < 9 && m.held > 0:
				abandoned := random.IntN(m.held) < m.abandoned
				want, got := m.release(abandoned), b.Release(abandoned)
				if want == nil {
					require.Nil(t, got, "Release: seed %d, step %d", seed, step)
				} else {
					require.Same(t, want, got, "Release: seed %d, step %d", seed, step)
				}
			case m.held > 0:
				idle = b.Idle()
			}
			requireHeld(t, b, m.held, m.abandoned)
			if m.held == 0 && idle != nil {
				require.True(t, isClosed(idle), "Idle: seed %d, step %d", seed, step)
				idle = nil
			}
			require.False(t, idle != nil && isClosed(idle), "Idle: seed %d, step %d", seed, step)
		}
	}
}

// A chancer waits for a slot for as long as it likes.
type chancer struct {
	b     *bulkhead.Bulkhead
	mu    sync.Mutex
	gone  bool
	start chan struct{}
}

func (c *chancer) Granted() bulkhead.Waiter {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.gone {
		return c.b.Release(false)
	}
	close(c.start)
	return nil
}

// leave reports whether c has left before its turn came.
func (c *chancer) leave(p *bulkhead.Place) bool {
	c.b.Leave(p)
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.start:
		return false
	default:
		c.gone = true
		return true
	}
}

func TestNoStormHoldsMoreSlotsThanThereAre(t *testing.T) {
	t.Parallel()
	const slots = 4
	b := bulkhead.New(slots)
	var running, served, left, refused atomic.Int64
	var storm sync.WaitGroup
	for seed := range uint64(3 * slots) {
		storm.Go(func() {
			random := rand.New(rand.NewPCG(seed, 2))
			for range 500 {
				c := &chancer{b: b, start: make(chan struct{})}
				ok, p := b.Acquire(c)
				switch {
				case ok:
				case p == nil:
					refused.Add(1)
					continue
				case random.IntN(3) == 0 && c.leave(p):
					left.Add(1)
					continue
				default:
					<-c.start
				}
				served.Add(1)
				if n := running.Add(1); n > slots {
					t.Errorf("%d run at once", n)
				}
				abandoned := random.IntN(4) == 0
				if abandoned {
					b.Abandon()
				}
				if held, gone := b.Held(); held < 1 || held > slots || gone > held {
					t.Errorf("%d held, %d of them abandoned", held, gone)
				}
				running.Add(-1)
				bulkhead.Grant(b.Release(abandoned))
			}
		})
	}
	storm.Wait()
	require.EqualValues(t, 3*slots*500, served.Load()+left.Load()+refused.Load())
	require.NotZero(t, served.Load())
	requireHeld(t, b, 0, 0)
	require.True(t, isClosed(b.Idle()))
}
