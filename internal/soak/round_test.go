package soak_test

import (
	"fmt"
	"math/rand/v2"
	"runtime"
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
	more    func(reported int) bool // whether a caller goes on
	faults  *faults
	figures *figures

	ids     atomic.Uint64
	crowd   crowd
	current atomic.Pointer[generation]

	mu       sync.Mutex
	all      []*generation // by number; nil where New has refused the configuration
	retiring sync.WaitGroup
}

// A crowd counts the failures that are under way, as their callers see it.
type crowd struct{ came, left atomic.Int64 }

func (c *crowd) enter() (leave func()) {
	c.came.Add(1)
	return func() { c.left.Add(1) }
}

// run plays the round.
func (r *round) run() {
	defer r.figures.rounds.Add(1)
	before := goroutines()
	random := r.random(0)
	r.current.Store(r.start(random))
	var callers sync.WaitGroup
	for i := range r.callers {
		callers.Go(func() {
			random := r.random(uint64(1 + i))
			for n := 0; r.more(n); n++ {
				r.report(random)
				if random.IntN(4) == 0 {
					time.Sleep(upTo(random, r.budget))
				}
			}
		})
	}
	over := make(chan struct{})
	go func() {
		defer close(over)
		callers.Wait()
	}()
	r.reconfigure(random, over)
	r.await(over, "callers")
	enricher.SetDefault(nil)
	r.retire(r.current.Load(), random)
	over = make(chan struct{})
	go func() {
		defer close(over)
		r.retiring.Wait()
	}()
	r.await(over, "calls to Shutdown")
	r.checkRest(before)
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
	select {
	case <-over:
	case <-time.After(time.Minute):
		r.faults.addf("%s do not return", what)
		for _, g := range r.generations() {
			g.free()
		}
		<-over
	}
}

// checkRest checks that nothing is left but what hangs and leaks on purpose, and
// nothing at all once that is released, and then the books.
func (r *round) checkRest(before int) {
	all := r.generations()
	hanging := func() (n int) {
		for _, g := range all {
			n += g.hanging()
		}
		return n
	}
	r.settle("what hangs", all, func() int { return before + hanging() })
	most(&r.figures.atRest, int64(hanging()))
	for _, g := range all {
		g.free()
	}
	r.settle("nothing", all, func() int { return before })
	for _, g := range all {
		g.checkEnd()
	}
}

// settle waits until there are as many goroutines as there should be, and the stats
// of all generations say so, too.
func (r *round) settle(left string, all []*generation, want func() int) {
	wrong := func() string {
		if n, want := goroutines(), want(); n != want {
			return fmt.Sprintf("%d goroutines, want %d", n, want)
		}
		for _, g := range all {
			if why := g.restless(); why != "" {
				return why
			}
		}
		return ""
	}
	deadline := time.Now().Add(30 * time.Second)
	for why := wrong(); why != ""; why = wrong() {
		if time.Now().After(deadline) {
			buf := make([]byte, 1<<20)
			r.faults.addf("when %s is left: %s\n%s", left, why, buf[:runtime.Stack(buf, true)])
			return
		}
		time.Sleep(time.Millisecond)
	}
}

// goroutines returns how many goroutines there are. The profile stops the world to
// count them, and so misses those that are about to be gone, unlike
// runtime.NumGoroutine.
func goroutines() int {
	n, _ := runtime.GoroutineProfile(make([]runtime.StackRecord, 1))
	return n
}
