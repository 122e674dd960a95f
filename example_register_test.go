package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"maps"
	"slices"

	"github.com/failure-enrichers/enricher"
)

func init() {
	enricher.Register("owner", enricher.NewFactory(ownerOptions{Fallback: "platform"}, newOwner))
}

// ownerOptions are what can be configured under failure-enricher.owner.
type ownerOptions struct {
	Teams    map[string]string // by task name
	Fallback string
}

// An owner labels failures with the team whose task it was.
type owner struct{ opts ownerOptions }

func newOwner(conf enricher.FactoryConfig, opts ownerOptions) (enricher.FailureEnricher, error) {
	if len(opts.Teams) == 0 {
		return nil, errors.New("want at least one of teams")
	}
	conf.Logger().Debug("Teams are known", "tasks", slices.Sorted(maps.Keys(opts.Teams)))
	return &owner{opts}, nil
}

func (o *owner) OutputKeys() []string { return []string{"owner"} }

func (o *owner) ProcessFailure(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
	if team, ok := o.opts.Teams[fc.TaskName]; ok {
		return enricher.Labels{"owner": team}, nil
	}
	return enricher.Labels{"owner": o.opts.Fallback}, nil
}

// A plugin with options, in a package of its own.
func ExampleRegister() {
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"owner"},
		Options:          map[string]map[string]any{"owner": {"teams": map[string]any{"charge": "payments"}}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	for _, task := range []string{"charge", "resize"} {
		res := e.EnrichContext(context.Background(), errors.New("refused"), enricher.FailureContext{TaskName: task})
		fmt.Println(task, res.Labels)
	}
	// Output:
	// charge owner=payments
	// resize owner=platform
}
