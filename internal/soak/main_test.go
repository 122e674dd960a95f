package soak_test

import (
	"flag"
	"math/rand/v2"
	"testing"
	"time"

	"go.uber.org/goleak"
)

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
