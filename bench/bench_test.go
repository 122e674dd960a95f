package main

import (
	"fmt"
	"strings"
	"testing"
)

// BenchmarkEnrich has the contestants of the pairs: Enrich/8/library, and so on.
// For figures that can be compared, use the command.
func BenchmarkEnrich(b *testing.B) {
	names := map[string]string{
		workQuick: "", workQuickEverywhere: "parallel/", workQuickAttributes: "attributes/", workMillisecond: "1ms/", workSlow: "10ms/",
	}
	for _, c := range contestantsOf(newPairs()) {
		by := strings.NewReplacer("-", "", " ", "").Replace(c.by)
		b.Run(fmt.Sprintf("%d/%s%s", c.enrichers, names[c.work], by), func(b *testing.B) {
			b.ReportAllocs()
			if c.callers > 1 {
				b.RunParallel(func(pb *testing.PB) {
					for pb.Next() {
						if err := c.run(1); err != nil {
							b.Error(err)
							return
						}
					}
				})
				return
			}
			for b.Loop() {
				if err := c.run(1); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
