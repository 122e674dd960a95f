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
	e, err := rules.New(rules.Options{Rules: []rules.Rule{
		{Name: "disk", Chain: []string{"*fs.PathError"}, Set: map[string]string{"type": "SYSTEM"}},
		{Name: "code", Message: `code (\d+)`, Set: map[string]string{"type": "USER", "reason": "code-$1"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"declined: code 51", "no idea"} {
		labels, why, _ := e.ExplainFailure(context.Background(), errors.New(text), enricher.FailureContext{})
		fmt.Println(labels, why)
	}
	// Output:
	// reason=code-51, type=USER map[reason:rule 2 "code" type:rule 2 "code"]
	//  map[:no rule matched]
}

func ExampleEnricher_NeverMatched() {
	e, err := rules.New(rules.Options{Rules: []rules.Rule{
		{Name: "disk", Message: "no space left", Set: map[string]string{"type": "SYSTEM"}},
		{Name: "code", Message: `code (\d+)`, Set: map[string]string{"type": "USER"}},
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, text := range []string{"declined: code 51", "no idea"} {
		_, _ = e.ProcessFailure(context.Background(), errors.New(text), enricher.FailureContext{})
	}
	for _, r := range e.NeverMatched() {
		fmt.Println(r.Number, r.Name)
	}
	fmt.Println("no rule at all:", e.Unmatched())
	// Output:
	// 1 disk
	// no rule at all: 1
}

func ExampleEnricher_Unmatched() {
	e, err := rules.New(rules.Options{File: "testdata/good/shop.json", Reload: true})
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _ = e.ProcessFailure(context.Background(), errors.New("no idea"), enricher.FailureContext{})
	fmt.Println(e.Unmatched()) // as the last rule of the file is a catch-all
	// Output: 0
}
