package owner_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/owner"
)

func Example() {
	cfg, err := enricher.ParseConfig(map[string]any{
		"failure-enrichers": "owner",
		"failure-enricher":  map[string]any{"owner": map[string]any{"file": "testdata/good/owners.txt"}},
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
	res := e.EnrichContext(context.Background(), errors.New("row 7 has no date"), enricher.FailureContext{JobName: "import-april"})
	fmt.Println(res.Labels)
	// Output: oncall=data-eng-primary, team=data-eng
}

func ExampleNew() {
	fe, err := owner.New(owner.Options{Rules: []string{
		"*             platform",
		"job:import-*  data-eng  oncall=data-eng-primary",
	}})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, job := range []string{"import-april", "report"} {
		labels, err := fe.ProcessFailure(context.Background(), errors.New("failed"), enricher.FailureContext{JobName: job})
		fmt.Println(labels, err)
	}
	// Output:
	// oncall=data-eng-primary, team=data-eng <nil>
	// team=platform <nil>
}
