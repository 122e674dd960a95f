package breaker_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/breaker"
)

// A model is a breaker for one goroutine, as simple as can be.
type model struct {
	threshold int
	cooldown  time.Duration
	now       time.Duration
	state     breaker.State
	row       int
	openedAt  time.Duration
	moves     int // how often the state has changed, or a failure was counted
	since     int // the moves when the state last changed
}

func (m *model) cooling() bool {
	return m.state == breaker.Open && m.now < m.openedAt+m.cooldown
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
	case m.rejects():
		return 0, false
	case m.state == breaker.Open:
		m.move(breaker.HalfOpen)
	}
	return m.moves, true
}

func (m *model) leave(moves int, failed bool) (opened bool) {
	switch {
	case moves < m.since:
		return false
	case failed && moves < m.moves:
		return false // it overlaps with the last one that counted
	case !failed && m.state == breaker.HalfOpen:
		m.move(breaker.Closed)
		return false
	case !failed:
		m.row = 0
		return false
	}
	m.row++
	m.moves++
	if m.state == breaker.Closed && m.row < m.threshold {
		return false
	}
	m.move(breaker.Open)
	m.openedAt = m.now
	return true
}

func (m *model) waive(moves int) {
	if m.state == breaker.HalfOpen && moves == m.since {
		m.move(breaker.Open)
		m.openedAt = m.now - m.cooldown // which is over
	}
}

func (m *model) rejects() bool { return m.state == breaker.HalfOpen || m.cooling() }

func (m *model) move(s breaker.State) {
	m.state, m.row = s, 0
	m.moves++
	m.since = m.moves
}

func TestBreakerModel(t *testing.T) {
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
			b, m := breaker.New(threshold, cooldown), model{threshold: threshold, cooldown: cooldown}
			var calls []call
			for step := range 300 {
				switch random.IntN(6) {
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
					if len(calls) > 0 {
						c := calls[len(calls)-1]
						calls = calls[:len(calls)-1]
						b.Waive(c.ticket)
						m.waive(c.moves)
					}
				case 5:
					// Halves of a cooldown meet its end exactly, or miss it by little.
					d := []time.Duration{1, cooldown / 2, cooldown/2 - 1, cooldown}[random.IntN(4)]
					time.Sleep(d)
					m.now += d
				}
				require.Equal(t, m.seen(), b.State(), "State: seed %d, step %d", seed, step)
				require.Equal(t, m.rejects(), b.Rejects(), "Rejects: seed %d, step %d", seed, step)
			}
		})
	}
}

const (
	callers     = 5
	maxWorlds   = 10_000
	callsAtOnce = 3 // of each caller
)

// An operation is something that a caller did to the breaker, and saw.
type operation struct {
	at          time.Duration // in fake time, which stands still while it is done
	began, done int64         // in the order in which all operations begin and end
	name        string
	call        int // which of its calls, where that matters
	failed      bool
	yes         bool          // what Enter, Leave or Rejects has returned
	state       breaker.State // what State has returned
}

// A player is a caller who writes down what it does.
type player struct {
	b       *breaker.Breaker
	random  *rand.Rand
	clock   *atomic.Int64 // gives operations their order
	start   time.Time
	held    [callsAtOnce]bool
	tickets [callsAtOnce]breaker.Ticket
	history []operation
}

// play does a random operation.
func (p *player) play(failures float64) {
	i, choice := p.random.IntN(callsAtOnce), p.random.IntN(10)
	o := operation{at: time.Since(p.start), call: i, failed: p.random.Float64() < failures}
	o.began = p.clock.Add(1)
	switch {
	case choice == 0:
		o.name, o.state = "State", p.b.State()
	case choice == 1:
		o.name, o.yes = "Rejects", p.b.Rejects()
	case !p.held[i]:
		o.name = "Enter"
		p.tickets[i], o.yes = p.b.Enter()
		p.held[i] = o.yes
	case choice == 2:
		o.name = "Waive"
		p.b.Waive(p.tickets[i])
		p.held[i] = false
	default:
		o.name = "Leave"
		o.yes = p.b.Leave(p.tickets[i], o.failed)
		p.held[i] = false
	}
	o.done = p.clock.Add(1)
	p.history = append(p.history, o)
}

// A world is a model that has seen the first operations of each caller, in some
// order. It can be compared, so that two ways into one world count as one.
type world struct {
	model
	seen    [callers]int
	tickets [callers][callsAtOnce]int
}

// do does the next operation of a caller. It reports whether the model answers
// what the caller has seen.
func (w *world) do(caller int, o operation) bool {
	w.now = o.at
	w.seen[caller]++
	ticket := &w.tickets[caller][o.call]
	switch o.name {
	case "Enter":
		moves, ok := w.enter()
		*ticket = moves
		return ok == o.yes
	case "Leave":
		return w.leave(*ticket, o.failed) == o.yes
	case "Waive":
		w.waive(*ticket)
		return true
	case "Rejects":
		return w.rejects() == o.yes
	}
	return w.model.seen() == o.state
}

// linearize looks for an order of all operations in which the model answers what
// the callers have seen, and in which none that ended before another began comes
// after it. It follows all such orders at once, operation by operation, and
// returns the worlds that they end in. Where there is no order, it returns none,
// and what came next for each caller. If there are too many orders to follow, as when
// the system stopped a caller within an operation for long, it returns nothing.
func linearize(first world, histories [callers][]operation) (worlds map[world]bool, stuck []operation) {
	worlds = map[world]bool{first: true}
	for n := len(slices.Concat(histories[:]...)); n > 0; n-- {
		next := map[world]bool{}
		for w := range worlds {
			stuck = nil
			end := int64(math.MaxInt64) // of the first to end
			for i, h := range histories {
				if w.seen[i] < len(h) {
					end = min(end, h[w.seen[i]].done)
					stuck = append(stuck, h[w.seen[i]])
				}
			}
			for i, h := range histories {
				if w.seen[i] == len(h) || h[w.seen[i]].began > end {
					continue
				}
				if after := w; after.do(i, h[w.seen[i]]) {
					next[after] = true
				}
			}
		}
		switch {
		case len(next) == 0:
			return nil, stuck
		case len(next) > maxWorlds:
			return nil, nil
		}
		worlds = next
	}
	return worlds, nil
}

// What concurrent callers see could have been seen, of the model, by callers that
// take turns.
func TestBreakerIsLinearizable(t *testing.T) {
	t.Parallel()
	overlaps, moves, judged := 0, 0, 0
	for seed := range uint64(60) {
		synctest.Test(t, func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 3))
			threshold := 1 + random.IntN(4)
			failures := random.Float64()
			cooldown := time.Duration(random.IntN(2)) * cooldown // with none, callers race for the probe all the time
			b := breaker.New(threshold, cooldown)
			var clock atomic.Int64
			var all sync.WaitGroup
			var histories [callers][]operation
			for i := range callers {
				p := &player{b: b, random: rand.New(rand.NewPCG(seed, uint64(4+i))), clock: &clock, start: time.Now()}
				all.Go(func() {
					for range 20 {
						for range 1 + p.random.IntN(100) {
							p.play(failures)
						}
						// Quarters of a cooldown make callers meet, and meet its end.
						quarter := max(cooldown/4, 1)
						time.Sleep([]time.Duration{1, quarter - 1, quarter, 2 * quarter, 4 * quarter}[p.random.IntN(5)])
					}
					histories[i] = p.history
				})
			}
			all.Wait()
			judged++
			worlds, stuck := linearize(world{model: model{threshold: threshold, cooldown: cooldown}}, histories)
			if worlds == nil && stuck == nil {
				judged--
				return
			}
			require.NotEmpty(t, worlds, "seed %d: no order explains what comes next: %+v", seed, stuck)
			for w := range worlds {
				moves += w.moves
			}
			for _, h := range histories {
				for _, o := range h {
					overlaps += int(o.done-o.began) / 2 // others have begun or ended meanwhile
				}
			}
		})
	}
	t.Logf("the breakers moved %d times, %d operations overlapped", moves, overlaps)
	require.Greater(t, judged, 20)
	require.Greater(t, moves, 100)
}
