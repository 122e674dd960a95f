package soak_test

import (
	"cmp"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A generation is one Enricher, from New until its last goroutine is gone.
type generation struct {
	r       *round
	n       int
	specs   []*spec // of all enrichers that New is given, in their order
	deepest int     // the length of the longest chain of readers
	cfg     enricher.Config
	limits  enricher.Limits // with nothing left at zero
	delay   time.Duration   // what its observers take for one failure
	e       *enricher.Enricher
	began   time.Time
	journal *journal
	members []*member // those that are loaded, in configured order
	err     error     // of Shutdown

	forcedAt time.Time // when Shutdown waited no longer; zero: it was not forced

	freed    chan struct{} // closed when nothing of it hangs any longer
	freeing  sync.Once
	shutting atomic.Bool // Shutdown has been called
	over     atomic.Bool // Shutdown has returned, and was not forced
	cutShort atomic.Bool // something has seen that Shutdown was forced
	leaks    atomic.Int64
	stuck    atomic.Int64 // calls to Close that hang

	mu       sync.Mutex
	made     []*member // by factories
	failures map[uint64]*failure
	reported uint64 // failures handed in, but for those of Explain
	rejected map[error]uint64
	observed uint64
	counts   []counts // by loaded enricher, what Stats has to say
	all      []counts // the same, with those of Explain
	issues   []uint64 // by loaded enricher: the failures with issues, without those of Explain

	panicking uint64 // observers that do nothing else
}

type counts [enricher.StatusSkipped + 1]uint64

// newGeneration returns a generation with a random configuration that has yet
// to be started.
func newGeneration(r *round, random *rand.Rand, n int) *generation {
	g := &generation{
		r: r, n: n,
		freed:    make(chan struct{}),
		failures: map[uint64]*failure{},
		rejected: map[error]uint64{},
	}
	g.cfg = enricher.Config{
		Timeout: r.budget + upTo(random, 3*r.budget),
		Policy:  randomPolicy(random, r.budget, 0),
		Limits: enricher.Limits{
			MaxLabels:      random.IntN(2) * (1 + random.IntN(4)),
			MaxValueLength: random.IntN(2) * (24 + random.IntN(500)),
		},
		MaxPending: random.IntN(2) * (1 + random.IntN(32)),
		Options:    map[string]map[string]any{},
		Policies:   map[string]enricher.Policy{},
	}
	g.limits.MaxLabels = cmp.Or(g.cfg.Limits.MaxLabels, 64)
	g.limits.MaxValueLength = cmp.Or(g.cfg.Limits.MaxValueLength, 1024)
	g.specs = newSpecs(random, n, g.cfg.Timeout)
	g.deepest = findWaves(g.specs)
	for i, s := range g.specs {
		var own enricher.Policy
		if random.IntN(2) == 0 {
			own = randomPolicy(random, r.budget, g.cfg.Policy.BreakerThreshold)
			g.cfg.Policies[s.name] = own
		}
		s.policy = orElse(own, g.cfg.Policy, defaultPolicy)
		if !s.inCode {
			g.cfg.FailureEnrichers = append(g.cfg.FailureEnrichers, s.name)
			g.cfg.Options[s.name] = map[string]any{"number": fmt.Sprint(i)}
		}
	}
	if names := g.cfg.FailureEnrichers; len(names) > 0 {
		g.cfg.FailureEnrichers = append(names, names[0]) // counts once
	}
	return g
}

// start calls New.
func (g *generation) start(random *rand.Rand) error {
	g.journal = newJournal(g, random)
	opts := append(g.observers(random), enricher.WithRegistry(g.registry()), enricher.WithLogger(slog.New(g.journal)))
	loaded := map[string]*member{}
	for _, s := range g.specs {
		if s.inCode {
			m, fe := newMember(g, s)
			loaded[s.name] = m
			opts = append(opts, enricher.WithEnricher(s.name, fe))
		}
	}
	e, err := enricher.New(g.cfg, opts...)
	if err != nil {
		return err
	}
	g.e, g.began = e, time.Now()
	for _, m := range g.made {
		loaded[m.name] = m
	}
	for _, s := range g.specs {
		g.members = append(g.members, loaded[s.name])
	}
	g.counts = make([]counts, len(g.members))
	g.all = make([]counts, len(g.members))
	g.issues = make([]uint64, len(g.members))
	g.checkLoaded()
	return nil
}

// registry returns a registry with a factory for each kind.
func (g *generation) registry() *enricher.Registry {
	type options struct{ Number int }
	f := enricher.NewFactory(options{-1}, func(conf enricher.FactoryConfig, o options) (enricher.FailureEnricher, error) {
		s := g.specs[o.Number]
		if conf.Name() != s.name {
			g.faultf("%s: has the options of %s", conf.Name(), s.name)
		}
		m, fe := newMember(g, s)
		g.made = append(g.made, m)
		return fe, nil
	})
	r := enricher.NewRegistry()
	register := func(name string, f enricher.Factory) {
		if err := r.Register(name, f); err != nil {
			g.faultf("registering %s: %v", name, err)
		}
	}
	register(good.name, f)
	for _, k := range kinds {
		register(k.name, f)
	}
	return r
}

// free ends what hangs and leaks.
func (g *generation) free() { g.freeing.Do(func() { close(g.freed) }) }

// leak starts a goroutine that lives until g is freed.
func (g *generation) leak() {
	if g.leaks.Add(1) > 50 {
		g.leaks.Add(-1)
		return
	}
	go func() {
		defer g.leaks.Add(-1)
		<-g.freed
	}()
}

// hanging returns how many goroutines it has when only what hangs or leaks goes on.
func (g *generation) hanging() int {
	n := g.leaks.Load() + g.stuck.Load()
	for _, m := range g.members {
		n += m.underWay.Load()
	}
	return int(n)
}

func (g *generation) faultf(format string, args ...any) {
	g.r.faults.addf("generation %d: "+format, append([]any{g.n}, args...)...)
}
