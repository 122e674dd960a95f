package soak_test

import (
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// A round is a service that lives for a while: generation after generation of
// Enrichers, from the first failure until all is released and gone.
type round struct {
	seed    uint64
	virtual bool          // in fake time: what must not depend on the machine is exact
	budget  time.Duration // the scale of all durations
	callers int
	bursts  int                                        // of how many failures at most
	lasts   func(phase) (more func(reported int) bool) // begins a phase; more tells a caller whether it goes on
	faults  *faults
	figures *figures

	ids     atomic.Uint64
	current atomic.Pointer[generation]

	all      []*generation
	retiring sync.WaitGroup
}

// run plays the round.
func (r *round) run() {
	before := goroutines()
	random := r.random(0)
	r.current.Store(r.start(random))
	over := r.call(restless)
	r.reconfigure(random, over)
	r.await(over, "callers")
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

// start starts a new generation.
func (r *round) start(random *rand.Rand) *generation {
	g := newGeneration(r, random, len(r.all))
	if err := g.start(random); err != nil {
		panic(err) // there is nothing to go on with
	}
	r.all = append(r.all, g)
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
		r.current.Load().peek()
		if random.IntN(6) > 0 {
			r.retire(r.current.Swap(r.start(random)), random)
		}
	}
}

// retire shuts a generation down while others go on.
func (r *round) retire(g *generation, random *rand.Rand) {
	own := rand.New(rand.NewPCG(random.Uint64(), 0))
	r.retiring.Go(func() { g.retire(own) })
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
		limit = time.Hour // which takes no time
	}
	select {
	case <-over:
	case <-time.After(limit):
		r.faults.addf("%s do not return", what)
		for _, g := range r.all {
			g.free()
		}
		<-over
	}
}
