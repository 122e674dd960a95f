package soak_test

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A kind is a character: how the calls of an enricher end, each with one of ends.
type kind struct {
	name   string
	ends   []end
	slow   bool // calls may take longer than the budget
	lies   bool // about what labels it sets
	keeps  bool // the maps that it returns, and writes to them afterwards
	shares bool // returns one map for all failures
	leaks  bool // starts goroutines that outlive the call
}

var (
	good  = kind{name: "good", ends: []end{answers}}
	kinds = []kind{
		{name: "slow", ends: []end{answers, answers, answers, fails}, slow: true},
		{name: "faltering", ends: append(slices.Repeat([]end{answers}, 9), hangs)},
		{name: "dead", ends: []end{hangs}},
		{name: "polite", ends: []end{answers, answers, obeys}},
		{name: "failing", ends: []end{fails, answers}},
		{name: "hopeless", ends: []end{panics, exits}},
		{name: "panicking", ends: []end{panics, answers, answers}},
		{name: "exiting", ends: []end{exits, answers, answers}},
		{name: "lying", ends: []end{answers}, lies: true},
		{name: "keeping", ends: []end{answers}, keeps: true},
		{name: "sharing", ends: []end{answers}, shares: true},
		{name: "leaking", ends: []end{answers, answers, answers, fails}, leaks: true},
		{
			name: "wild", ends: append(slices.Repeat([]end{answers}, 9), fails, panics, exits, hangs, obeys),
			slow: true, lies: true, keeps: true, leaks: true,
		},
	}
)

// A spec is one enricher of a configuration.
type spec struct {
	kind
	name    string
	seed    uint64
	keys    []string // what it may set
	reads   []string // nil: it is no LabelReader
	stolen  string   // the key of another, which it sets if it lies
	slowest time.Duration
	inCode  bool
	closing closing
	policy  enricher.Policy // with nothing left at zero but Timeout

	waits map[*spec]bool // those whose labels it reads
	depth int            // the length of the longest chain of waiting that ends here
}

// A closing is how a Close ends.
type closing int

const (
	closesWell closing = iota
	closesSlowly
	closesBadly
	closePanics
	closeExits
	closeHangs
	closings
)

// bad reports whether Shutdown has to say something about it.
func (c closing) bad() bool { return c == closesBadly || c == closePanics || c == closeExits }

// newSpecs returns the enrichers of a configuration: those that are configured,
// then those made in code.
func newSpecs(random *rand.Rand, generation int, budget time.Duration) []*spec {
	var all []*spec
	add := func(k kind) *spec {
		s := &spec{
			kind:    k,
			name:    fmt.Sprintf("%s/g%d-%d", k.name, generation, len(all)),
			seed:    random.Uint64(),
			slowest: 2 * budget,
			inCode:  random.IntN(5) == 0,
			closing: closing(random.IntN(int(closings))),
		}
		for n := range random.IntN(5) {
			s.keys = append(s.keys, fmt.Sprintf("k%d-%d", len(all), n))
		}
		all = append(all, s)
		return s
	}
	for range random.IntN(8) {
		add(randomKind(random))
	}
	addReaders(random, add, all)
	for _, s := range all {
		if keys := all[random.IntN(len(all))].keys; len(keys) > 0 && !slices.Contains(s.keys, keys[0]) {
			s.stolen = keys[0]
		}
	}
	random.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	slices.SortStableFunc(all, func(a, b *spec) int { return rank(a) - rank(b) })
	return all
}

// rank sorts those made in code behind the others.
func rank(s *spec) int {
	if s.inCode {
		return 1
	}
	return 0
}

func randomKind(random *rand.Rand) kind {
	if random.IntN(3) == 0 {
		return good
	}
	return kinds[random.IntN(len(kinds))]
}

// addReaders adds readers of those before: by key, and of all. The first that
// reads all may have readers of its own, for which it does not wait.
func addReaders(random *rand.Rand, add func(kind) *spec, before []*spec) {
	reader := func(reads ...string) *spec {
		k := randomKind(random)
		k.shares = false // what it answers depends on what it reads
		s := add(k)
		s.reads = reads
		return s
	}
	keys := []string{"never-set"}
	for _, s := range before {
		keys = append(keys, s.keys...)
	}
	for range random.IntN(3) {
		s := reader(keys[random.IntN(len(keys))], keys[random.IntN(len(keys))])
		keys = append(keys, s.keys...)
	}
	if random.IntN(3) == 0 {
		all := reader("*")
		if len(all.keys) > 0 && random.IntN(2) == 0 {
			reader(all.keys[0])
		}
	}
	if random.IntN(4) == 0 {
		reader("*", keys[random.IntN(len(keys))])
	}
}

// findWaves finds out which enricher waits for which, by the rules of LabelReader, and returns the length of the longest chain.
func findWaves(all []*spec) (deepest int) {
	for _, s := range all {
		s.waits, s.depth = map[*spec]bool{}, 0
		for _, other := range all {
			s.waits[other] = slices.ContainsFunc(s.reads, func(key string) bool { return slices.Contains(other.keys, key) })
		}
	}
	var reaches func(from, to *spec) bool
	reaches = func(from, to *spec) bool {
		return slices.ContainsFunc(all, func(s *spec) bool { return from.waits[s] && (s == to || reaches(s, to)) })
	}
	for _, s := range all {
		if slices.Contains(s.reads, "*") {
			for _, other := range all {
				if !slices.Contains(other.reads, "*") && !reaches(other, s) {
					s.waits[other] = true
				}
			}
		}
	}
	var depth func(s *spec) int
	depth = func(s *spec) int {
		d := 1
		for _, other := range all {
			if s.waits[other] {
				d = max(d, depth(other)+1)
			}
		}
		return d
	}
	for _, s := range all {
		s.depth = depth(s)
		deepest = max(deepest, s.depth)
	}
	return max(deepest, 1)
}

// mayRead returns the keys of the labels that s gets to read.
func (s *spec) mayRead() []string {
	keys := slices.Clone(s.reads)
	if slices.Contains(s.reads, "*") {
		for other, waits := range s.waits {
			if waits {
				keys = append(keys, other.keys...)
			}
		}
	}
	return keys
}

// randomPolicy returns a policy with some fields left to a default, of which threshold
// is that of the breaker.
func randomPolicy(random *rand.Rand, budget time.Duration, threshold int) (p enricher.Policy) {
	maybe := func() bool { return random.IntN(2) == 0 }
	if maybe() {
		p.Timeout = time.Millisecond + upTo(random, budget)
	}
	if maybe() {
		p.MaxConcurrent = 1 + random.IntN(12)
	}
	if maybe() {
		p.BreakerThreshold = cmp.Or(random.IntN(7)-1, -1) // -1: none
	}
	if maybe() && cmp.Or(p.BreakerThreshold, threshold) >= 0 { // else there is no breaker
		p.BreakerCooldown = time.Millisecond + upTo(random, 2*budget)
	}
	return p
}

// orElse returns p with its zero fields taken from others, in their order.
func orElse(p enricher.Policy, others ...enricher.Policy) enricher.Policy {
	for _, o := range others {
		p.Timeout = cmp.Or(p.Timeout, o.Timeout)
		p.MaxConcurrent = cmp.Or(p.MaxConcurrent, o.MaxConcurrent)
		p.BreakerThreshold = cmp.Or(p.BreakerThreshold, o.BreakerThreshold)
		p.BreakerCooldown = cmp.Or(p.BreakerCooldown, o.BreakerCooldown)
	}
	return p
}

// defaultPolicy is what the doc comments say.
var defaultPolicy = enricher.Policy{MaxConcurrent: 64, BreakerThreshold: 5, BreakerCooldown: 10 * time.Second}
