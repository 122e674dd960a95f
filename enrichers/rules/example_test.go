package rules_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

func Example() {
	cfg, err := enricher.ParseConfig(map[string]any{
		"failure-enrichers": "rules",
		"failure-enricher":  map[string]any{"rules": map[string]any{"file": "testdata/good/shop.json"}},
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	e, err := enricher.New(cfg)
	if err != nil {
		fmt.Println(err)
		return
	}
	res := e.EnrichContext(context.Background(), errors.New("charge 7: card declined: code 51"),
		enricher.FailureContext{JobName: "billing-eu"})
	fmt.Println(res.Labels)
	// Output: reason=declined-51, type=USER
}

func ExampleNew() {
	fe, err := rules.New(rules.Options{Rules: []rules.Rule{
		{Name: "disk", Chain: []string{"*fs.PathError"}, Set: map[string]string{"type": "SYSTEM"}},
		{Name: "code", Message: `code (\d+)`, Set: map[string]string{"type": "USER", "reason": "code-$1"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	labels, err := fe.ProcessFailure(context.Background(), errors.New("declined: code 51"), enricher.FailureContext{})
	fmt.Println(labels, err)
	// Output: reason=code-51, type=USER <nil>
}
