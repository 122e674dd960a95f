package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
)

// BenchmarkEnrich has the contestants with one caller: Enrich/8/library, and so
// on. For figures to be compared, use the command.
func BenchmarkEnrich(b *testing.B) {
	for _, c := range contestantsOf(newPairs()) {
		if c.callers > 1 || c.cores > 0 {
			continue
		}
		b.Run(benchmarkName(c), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if err := c.run(1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// BenchmarkParallel has those with a caller on every core.
func BenchmarkParallel(b *testing.B) {
	for _, c := range contestantsOf(newPairs()) {
		if c.callers == 1 {
			continue
		}
		b.Run(benchmarkName(c), func(b *testing.B) {
			b.ReportAllocs()
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := c.run(1); err != nil {
						b.Error(err)
						return
					}
				}
			})
		})
	}
}

// BenchmarkNone has no enrichers.
func BenchmarkNone(b *testing.B) {
	c := newContestant(library, "none", nil)
	b.ReportAllocs()
	for b.Loop() {
		c.enrich(context.Background(), c.failure)
	}
}

// benchmarkName returns "8/library", or "64/10ms/library" where the work is not
// the ordinary one.
func benchmarkName(c *contestant) string {
	name := c.by
	switch c.work {
	case workSlow:
		name = "10ms/" + name
	case workQuickAttributes:
		name = "attributes/" + name
	}
	return fmt.Sprintf("%d/%s", c.enrichers, strings.NewReplacer("-", "", " ", "").Replace(name))
}
