package soak_test

import (
	"math/rand/v2"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A round is a service that lives for a while: generation after generation of
// Enrichers, from the first failure until all is released and gone.
type round struct {
	seed    uint64
	virtual bool          // in fake time: what must not depend on the machine is exact
	budget  time.Duration // the scale of all durations
	callers int
	bursts  int                                        // of how many failures at most
	lone    bool                                       // one at a time, in fake time: even their order is exact
	lasts   func(phase) (more func(reported int) bool) // begins a phase; more tells a caller whether it goes on
	faults  *faults
	figures *figures

	ids     atomic.Uint64
	current atomic.Pointer[generation]

	mu       sync.Mutex
	all      []*generation // by number; nil where New has refused the configuration
	retiring sync.WaitGroup
}

// run plays the round.
func (r *round) run() {
	defer r.figures.rounds.Add(1)
	before := goroutines()
	random := r.random(0)
	r.current.Store(r.start(random))
	over := r.call(restless)
	r.reconfigure(random, over)
	r.await(over, "callers")
	enricher.SetDefault(nil)
	r.await(returned(r.retiring.Wait), "calls to Shutdown")
	r.checkQuiet(before)
	r.retire(r.current.Load(), random)
	r.await(returned(r.retiring.Wait), "calls to Shutdown")
	r.checkRest(before)
}

// A phase is a part of a round.
type phase uint64

const (
	restless phase = iota // generations come and go
	settled               // the last one has the service to itself
)

// call starts the callers of a phase. Over is closed when all have left.
func (r *round) call(p phase) (over <-chan struct{}) {
	more := r.lasts(p)
	var callers sync.WaitGroup
	for i := range r.callers {
		callers.Go(func() {
			random := r.random(1 + uint64(p)<<16 + uint64(i))
			for n := 0; more(n); n++ {
				r.report(random)
				switch {
				case p == settled && r.virtual && random.IntN(24) == 0:
					time.Sleep(upTo(random, longPause))
				case random.IntN(4) == 0:
					time.Sleep(upTo(random, r.budget))
				}
			}
		})
	}
	return returned(callers.Wait)
}

// longPause is long enough for circuit breakers to probe, and for log lines of a
// kind to follow each other. It costs no time where time is fake.
const longPause = 8 * time.Second

// returned returns a channel that is closed when wait has returned.
func returned(wait func()) <-chan struct{} {
	c := make(chan struct{})
	go func() {
		defer close(c)
		wait()
	}()
	return c
}

// random returns a source of its own for a goroutine.
func (r *round) random(stream uint64) *rand.Rand { return rand.New(rand.NewPCG(r.seed, stream)) }

// generationOf returns the generation that an enricher's name says, as in
// "good/g7-2"; nil if there is none.
func (r *round) generationOf(name string) *generation {
	_, after, _ := strings.Cut(name, "/g")
	digits, _, _ := strings.Cut(after, "-")
	n, err := strconv.Atoi(digits)
	r.mu.Lock()
	defer r.mu.Unlock()
	if err != nil || n < 0 || n >= len(r.all) {
		return nil
	}
	return r.all[n]
}

// generations returns all that were started.
func (r *round) generations() (all []*generation) {
	for _, g := range r.all {
		if g.e != nil {
			all = append(all, g)
		}
	}
	return all
}

// next returns a new generation that has yet to be started.
func (r *round) next(random *rand.Rand) *generation {
	r.mu.Lock()
	defer r.mu.Unlock()
	g := newGeneration(r, random, len(r.all))
	r.all = append(r.all, g)
	return g
}

// start starts a new generation.
func (r *round) start(random *rand.Rand) *generation {
	g := r.next(random)
	if err := g.start(random); err != nil {
		panic(err) // there is nothing to go on with
	}
	r.figures.generations.Add(1)
	if len(g.members) > 0 && random.IntN(3) == 0 {
		enricher.SetDefault(g.e)
		if enricher.Default() != g.e {
			g.faultf("Default is not what SetDefault has set")
		}
	} else if random.IntN(8) == 0 {
		enricher.SetDefault(nil)
	}
	return g
}

// reconfigure replaces the generation again and again until over is closed.
func (r *round) reconfigure(random *rand.Rand, over <-chan struct{}) {
	limit := time.After(10 * time.Second) // of fake time there is no end, if callers are held up
	for {
		select {
		case <-over:
			return
		case <-limit:
			return
		case <-time.After(upTo(random, 2*r.budget)):
		}
		r.figures.sample()
		r.current.Load().peek()
		switch random.IntN(6) {
		case 0:
			r.misconfigure(random)
		case 1: // no news
		default:
			r.retire(r.current.Swap(r.start(random)), random)
		}
	}
}

// retire shuts a generation down while others go on.
func (r *round) retire(g *generation, random *rand.Rand) {
	own := rand.New(rand.NewPCG(random.Uint64(), 0))
	r.retiring.Go(func() { g.retire(own) })
}

// misconfigure calls New with a configuration that it must not accept. All that
// factories have made must be closed again.
func (r *round) misconfigure(random *rand.Rand) {
	r.figures.misconfigured.Add(1)
	g := r.next(random)
	for _, s := range g.specs {
		s.closing %= closeExits // nobody has promised that New survives the rest
	}
	g.sabotage(random)
	if g.start(random) == nil {
		g.faultf("New accepts a configuration that is wrong")
	}
	g.checkDiscarded(func(*member) bool { return true })
}

// atMost returns how long something may take of which the library promises that
// it takes no longer than d: on a real machine that is overloaded, much longer.
func (r *round) atMost(d time.Duration) time.Duration {
	if r.virtual {
		return d
	}
	return 100*d + 10*time.Second
}

// await waits for what has to end by itself. What does not is helped.
func (r *round) await(over <-chan struct{}, what string) {
	limit := time.Minute
	if r.virtual {
		limit = time.Hour // which holds nobody up
	}
	select {
	case <-over:
	case <-time.After(limit):
		r.faults.addf("%s do not return", what)
		for _, g := range r.generations() {
			g.free()
		}
		<-over
	}
}
