package enrichertest_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log"
	"os"
	"testing"
	"time"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// DiskOptions are the options of an enricher that is tested.
type DiskOptions struct {
	Value string
}

// newDisk is its factory.
func newDisk(_ enricher.FactoryConfig, opts DiskOptions) (enricher.FailureEnricher, error) {
	if opts.Value == "" {
		return nil, &enricher.ConfigError{Option: "value", Err: errors.New("must not be empty")}
	}
	return enricher.Func([]string{"disk"}, func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
		for err := range enricher.Chain(cause) {
			if p, ok := err.(*fs.PathError); ok && p != nil {
				return enricher.Labels{"disk": opts.Value}, nil
			}
		}
		return nil, nil
	}), nil
}

// The whole of a test that an enricher keeps the contract.
func ExampleRun() {
	_ = func(t *testing.T) { // func TestDisk(t *testing.T)
		enrichertest.Run(t, enricher.NewFactory(DiskOptions{Value: "yes"}, newDisk),
			enrichertest.WithBadOptions("value", map[string]any{"value": ""}),
			enrichertest.WithFailure("no orders", &fs.PathError{Op: "open", Path: "orders.csv", Err: fs.ErrNotExist}),
			enrichertest.WithEveryKey(),
			enrichertest.WithDeterministic())
	}
}

// An enricher that sets a label which it has not declared.
func ExampleCheck() {
	factory := enricher.FactoryFunc(func(enricher.FactoryConfig) (enricher.FailureEnricher, error) {
		return enricher.Func([]string{"kind"}, func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return enricher.Labels{"kinds": "user"}, nil
		}), nil
	})
	err := enrichertest.Check(factory)
	if f, ok := errors.AsType[*enrichertest.Finding](err); ok {
		fmt.Println(f.Check)
		fmt.Println(f.Failure)
		fmt.Println(f.Err)
	}
	// Output:
	// declared
	// a plain error
	// there is a label under "kinds": declared are ["kind"] (context empty)
}

// What a service does when an enricher fails, and then takes too long.
func ExampleFake() {
	fake := &enrichertest.Fake{Keys: []string{"kind"}, Steps: []enrichertest.Step{
		{Labels: enricher.Labels{"kind": "user"}},
		{Err: errors.New("no connection")},
		{Delay: time.Hour},
	}}
	e, err := enricher.New(enricher.Config{Timeout: 10 * time.Millisecond}, enricher.WithEnricher("fake", fake))
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	for range 3 {
		res := e.EnrichContext(context.Background(), os.ErrNotExist, enricher.FailureContext{})
		fmt.Printf("%v, labels: %d\n", res.Outcomes[0].Status, len(res.Labels))
	}
	fmt.Println(len(fake.Calls()), "calls")
	// Output:
	// ok, labels: 1
	// failed, labels: 0
	// timed-out, labels: 0
	// 3 calls
}

// What a service would have sent: its configuration stays as it is.
func ExampleReplace() {
	var t testing.TB = printer{} // the test
	cfg := enricher.Config{
		FailureEnrichers: []string{"restart", "webhook"},
		Options:          map[string]map[string]any{"webhook": {"url": "https://alerts.example"}},
	}

	fake := &enrichertest.Fake{}
	e, err := enricher.New(cfg, enrichertest.Replace(t, map[string]enricher.FailureEnricher{"webhook": fake.Reading("*")}))
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	e.Enrich(os.ErrNotExist)
	for _, call := range fake.Calls() {
		fmt.Println("a message about:", call.Cause, call.Context.Labels)
	}
	// Output: a message about: file does not exist retry=terminal
}

// What the observers of a service have seen.
func ExampleRecorder() {
	var rec enrichertest.Recorder
	e, err := enricher.New(enricher.Config{}, enricher.WithObserver(&rec))
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	e.EnrichAsync(context.Background(), os.ErrNotExist, enricher.FailureContext{JobID: "42"}) // the service

	failures, err := rec.Wait(context.Background(), 1)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(failures[0].Context.JobID, failures[0].Cause)
	// Output: 42 file does not exist
}

// What a test shows if the labels differ.
func ExampleAssertLabels() {
	e, err := enricher.New(enricher.Config{},
		enricher.WithEnricher("kind", &enrichertest.Fake{Keys: []string{"kind"}, Steps: []enrichertest.Step{{Labels: enricher.Labels{"kind": "user"}}}}),
		enricher.WithEnricher("owner", &enrichertest.Fake{Keys: []string{"owner"}, Steps: []enrichertest.Step{{Err: errors.New("no connection")}}}))
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	var t testing.TB = printer{} // the test
	enrichertest.AssertLabels(t, e, os.ErrNotExist, enricher.Labels{"kind": "user", "owner": "platform"})
	// Output:
	// the labels differ:
	// 	missing     owner = "platform"
	// 	enricher "owner": failed: no connection
}
