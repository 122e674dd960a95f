package soak_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"
)

// In fake time, nothing is late because the machine is slow: budgets, durations
// and the outcomes of calls that return at once are exact.
func TestSoakInFakeTime(t *testing.T) {
	soak(t, func(r *round) {
		random := r.random(1 << 32)
		r.virtual = true
		r.budget = 20 * time.Millisecond
		r.callers, r.bursts = 2+random.IntN(6), 16
		reports := 20 + random.IntN(30)
		r.lasts = func(phase) func(int) bool {
			return func(reported int) bool { return reported < reports }
		}
		synctest.Test(t, func(*testing.T) { r.run() })
	})
}

// In real time, goroutines race. What a machine can delay is not asserted, but
// all the rest is.
func TestSoakUnderLoad(t *testing.T) {
	soak(t, func(r *round) {
		r.budget = 10 * time.Millisecond
		r.callers, r.bursts = 8, 16
		r.lasts = func(phase) func(int) bool {
			end := time.Now().Add(250 * time.Millisecond)
			return func(int) bool { return time.Now().Before(end) }
		}
		r.run()
	})
}

// soak plays rounds for half of the time, and then shows its figures.
func soak(t *testing.T, play func(*round)) {
	const slack = 1 << 20 // of the heap at rest
	seed, began, end := firstSeed(), time.Now(), untilWhen(t)
	heap := liveHeap()
	var figures figures
	for next := seed; next == seed || time.Now().Before(end); next++ {
		r := &round{seed: next, faults: &faults{}, figures: &figures}
		play(r)
		if r.faults.report(t, next) {
			break
		}
	}
	took := time.Since(began)
	after := liveHeap()
	figures.log(t, seed, took)
	t.Logf("heap at rest: %d KiB, %d KiB before", after>>10, heap>>10)
	require.LessOrEqual(t, after, heap+slack, "what is over is still in memory")
	require.NotZero(t, figures.failures.Load())
}

var (
	seedFlag = flag.Uint64("soak.seed", 0, "the seed of the first round; 0: a random one, which is printed")
	timeFlag = flag.Duration("soak.time", 0, "how long the test takes; 0: about 4s, or 0.5s with -short")
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// firstSeed returns the seed of the first round. The rounds after it count on.
func firstSeed() uint64 {
	if *seedFlag != 0 {
		return *seedFlag
	}
	return 1 + rand.Uint64N(1<<32)
}

// untilWhen returns when a variant, which gets half of the time, has to begin its
// last round.
func untilWhen(t *testing.T) time.Time {
	total := 4 * time.Second
	if testing.Short() {
		total = 500 * time.Millisecond
	}
	if *timeFlag > 0 {
		total = *timeFlag
	}
	return time.Now().Add(total / 2)
}
