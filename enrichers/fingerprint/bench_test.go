package fingerprint_test

import (
	"errors"
	"fmt"
	"io/fs"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint"
)

func BenchmarkOf(b *testing.B) {
	var five error = &fs.PathError{Op: "open", Path: "/var/lib/jobs/17/part-00003.csv", Err: syscall.ENOENT}
	five = fmt.Errorf("job 9a1f02c4: %w", fmt.Errorf("load %q: %w", "orders", fmt.Errorf("attempt 2 after 1.5s: %w", five)))
	var joined []error
	for i := range 100 {
		joined = append(joined, fmt.Errorf("row %d: invalid amount %q", i, "x"))
	}
	for _, bm := range []struct {
		name string
		err  error
	}{
		{"short message", errors.New("connection refused")},
		{"chain of five", five},
		{"panic with a stack", enricher.NewPanicError("index out of range [5] with length 3", debug.Stack())},
		{"100 joined", errors.Join(joined...)},
		{"message of 10 MB", errors.New(strings.Repeat("row 17 of orders.csv is bad; ", 10<<20/29))},
	} {
		b.Run(bm.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				fingerprint.Of(bm.err)
			}
		})
	}
}
