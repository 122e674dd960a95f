package breaker_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
)

// A model is the breaker as DESIGN states it, for one goroutine.
type model struct {
	threshold int
	now       time.Duration
	state     breaker.State
	row       int
	openedAt  time.Duration
	moves     int // how often the state has changed
}

func (m *model) cooling() bool {
	return m.state == breaker.Open && m.now < m.openedAt+cooldown
}

// seen is the state as State shows it: the probe is due when the cooldown is over.
func (m *model) seen() breaker.State {
	if m.state == breaker.Open && !m.cooling() {
		return breaker.HalfOpen
	}
	return m.state
}

func (m *model) enter() (moves int, ok bool) {
	switch {
	case m.state == breaker.HalfOpen || m.cooling():
		return 0, false
	case m.state == breaker.Open:
		m.move(breaker.HalfOpen)
	}
	return m.moves, true
}

func (m *model) leave(moves int, failed bool) (opened bool) {
	switch {
	case moves != m.moves:
		return false
	case !failed && m.state == breaker.HalfOpen:
		m.move(breaker.Closed)
		return false
	case !failed:
		m.row = 0
		return false
	}
	m.row++
	if m.state == breaker.Closed && m.row < m.threshold {
		return false
	}
	m.move(breaker.Open)
	m.openedAt = m.now
	return true
}

func (m *model) move(s breaker.State) {
	m.state, m.row = s, 0
	m.moves++
}

func TestAnyScheduleAgreesWithTheModel(t *testing.T) {
	t.Parallel()
	type call struct {
		ticket breaker.Ticket
		moves  int
	}
	for seed := range uint64(200) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			threshold := 1 + random.IntN(4)
			failures := random.Float64()
			b, m := breaker.New(threshold, cooldown), model{threshold: threshold}
			var calls []call
			for step := range 300 {
				switch random.IntN(5) {
				case 0, 1:
					ticket, ok := b.Enter()
					moves, want := m.enter()
					require.Equal(t, want, ok, "Enter: seed %d, step %d", seed, step)
					if ok {
						calls = append(calls, call{ticket, moves})
					}
				case 2, 3:
					if len(calls) == 0 {
						continue
					}
					i := random.IntN(len(calls))
					c, failed := calls[i], random.Float64() < failures
					calls[i] = calls[len(calls)-1]
					calls = calls[:len(calls)-1]
					require.Equal(t, m.leave(c.moves, failed), b.Leave(c.ticket, failed),
						"Leave: seed %d, step %d", seed, step)
				case 4:
					// Halves of a cooldown meet its end exactly, or miss it by little.
					d := []time.Duration{1, cooldown / 2, cooldown/2 - 1, cooldown}[random.IntN(4)]
					time.Sleep(d)
					m.now += d
				}
				require.Equal(t, m.seen(), b.State(), "State: seed %d, step %d", seed, step)
				require.Equal(t, m.state == breaker.HalfOpen || m.cooling(), b.Refuses(),
					"Refuses: seed %d, step %d", seed, step)
			}
		})
	}
}

// However calls race, no call but the probe is let in between an opening and
// the closing, and the breaker comes back in the end.
func TestAStormLeavesTheBreakerInOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := breaker.New(3, cooldown)
		var openings, refusals atomic.Int64
		var storm sync.WaitGroup
		for seed := range uint64(16) {
			storm.Go(func() {
				random := rand.New(rand.NewPCG(seed, 2))
				for range 500 {
					b.Refuses()
					ticket, ok := b.Enter()
					if !ok {
						refusals.Add(1)
						time.Sleep(cooldown / 3)
						continue
					}
					if random.IntN(4) == 0 {
						time.Sleep(time.Duration(random.Int64N(int64(cooldown))))
					}
					if b.Leave(ticket, random.IntN(2) == 0) {
						openings.Add(1)
					}
					b.State()
				}
			})
		}
		storm.Wait()
		require.NotZero(t, openings.Load())
		require.NotZero(t, refusals.Load())

		time.Sleep(cooldown)
		b.Leave(enter(t, b), false)
		require.Equal(t, breaker.Closed, b.State())
		for range 2 {
			require.False(t, b.Leave(enter(t, b), true))
		}
		require.True(t, b.Leave(enter(t, b), true))
	})
}
