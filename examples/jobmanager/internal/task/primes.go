package task

import (
	"context"
	"fmt"
)

// A Primes task counts the primes below a limit, as an example of a calculation.
// It fails if ctx ends first.
type Primes struct {
	Below int
}

func (p Primes) String() string { return fmt.Sprintf("primes below %d", p.Below) }

// Run counts the primes.
func (p Primes) Run(ctx context.Context) (string, error) {
	count := 0
	for n := 2; n < p.Below; n++ {
		// A calculation must check ctx itself, but not too often.
		if n%1024 == 0 && ctx.Err() != nil {
			return "", context.Cause(ctx)
		}
		if isPrime(n) {
			count++
		}
	}
	return fmt.Sprintf("%d primes below %d", count, p.Below), nil
}

func isPrime(n int) bool {
	for d := 2; d*d <= n; d++ {
		if n%d == 0 {
			return false
		}
	}
	return true
}
