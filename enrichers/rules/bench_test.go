package rules_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

// BenchmarkProcessFailure measures failures that only the last rule matches.
func BenchmarkProcessFailure(b *testing.B) {
	for _, n := range []int{10, 1000} {
		for name, rule := range map[string]func(i int) rules.Rule{
			"message": func(i int) rules.Rule {
				return rules.Rule{Message: rules.Expression(fmt.Sprintf(`code %d\d* (from|of) (\w+)`, i)), Set: map[string]string{"k": "v", "from": "$2"}}
			},
			"noliteral": func(i int) rules.Rule {
				return rules.Rule{Message: rules.Expression(fmt.Sprintf(`(?i)code %d\d* (from|of) (\w+)`, i)), Set: map[string]string{"k": "v", "from": "$2"}}
			},
			"job": func(i int) rules.Rule {
				return rules.Rule{Job: []string{fmt.Sprintf("*-job-%d", i)}, Set: map[string]string{"k": "v"}}
			},
			"chain": func(i int) rules.Rule {
				return rules.Rule{Chain: []string{fmt.Sprintf("*pkg.Error%d", i)}, Set: map[string]string{"k": "v"}}
			},
		} {
			list := make([]rules.Rule, n)
			for i := range list[1:] {
				list[i] = rule(i + 5)
			}
			list[n-1] = rules.Rule{Set: map[string]string{"k": "v"}}
			fe := load(b, list...)
			bench(b, fmt.Sprintf("%s/%d", name, n), fe, errors.New("charge 17 of job 4 failed: code 4 from bank: try again later"))
		}
	}
	fe := load(b, rules.Rule{Message: `(?i)never \d+ found`, Set: hit})
	bench(b, "64KiB/1", fe, errors.New(strings.Repeat("never found ", 64<<10/12)))
}

func bench(b *testing.B, name string, fe enricher.FailureEnricher, cause error) {
	cause = fmt.Errorf("run: %w", cause)
	b.Run(name, func(b *testing.B) {
		b.ReportAllocs()
		fc := enricher.FailureContext{JobName: "daily-job-4"}
		ctx := context.Background()
		for b.Loop() {
			_, err := fe.ProcessFailure(ctx, cause, fc)
			require.NoError(b, err)
		}
	})
}
