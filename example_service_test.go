package enricher_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"runtime/debug"
	"time"

	"github.com/failure-enrichers/enricher"
)

// kind is an enricher made in code.
var kind = enricher.WithEnricher("kind", enricher.Func([]string{"kind"}, kindOf))

// mustNew is New for examples.
func mustNew(cfg enricher.Config, opts ...enricher.Option) *enricher.Enricher {
	e, err := enricher.New(cfg, opts...)
	if err != nil {
		log.Fatal(err)
	}
	return e
}

// The options are decoded over the defaults, strictly.
func ExampleNewFactory() {
	type options struct {
		Endpoint   string
		MaxTimeout time.Duration // max-timeout
	}
	factory := enricher.NewFactory(options{MaxTimeout: time.Second},
		func(conf enricher.FactoryConfig, opts options) (enricher.FailureEnricher, error) {
			fmt.Printf("%s asks %s for at most %v\n", conf.Name(), opts.Endpoint, opts.MaxTimeout)
			return enricher.Func([]string{"kind"}, kindOf), nil
		})

	for _, raw := range []map[string]any{
		{"endpoint": "https://kinds.example"},
		{"endpoint": "https://kinds.example", "max-timeout": "300ms"},
		{"endpoint": "https://kinds.example", "max-timeuot": "300ms"},
	} {
		if _, err := factory.CreateFailureEnricher(enricher.NewFactoryConfig("remote", raw)); err != nil {
			fmt.Println(err)
		}
	}
	// Output:
	// remote asks https://kinds.example for at most 1s
	// remote asks https://kinds.example for at most 300ms
	// enricher "remote": option "max-timeuot": unknown, did you mean "max-timeout"? known options: endpoint, max-timeout
}

// Any loader of configuration will do. Here it is a property file.
func ExampleParseConfig() {
	cfg, err := enricher.ParseConfig(map[string]any{
		"jobmanager.failure-enrichers":                         "rules/payments, owner",
		"jobmanager.failure-enricher.rules/payments.file":      "/etc/rules.json",
		"jobmanager.failure-enrichment.timeout":                "2s",
		"jobmanager.failure-enrichment.policies.owner.timeout": "200ms",
		"jobmanager.rpc.port":                                  "6123", // somebody else's
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%q\n", cfg.FailureEnrichers)
	fmt.Println(cfg.Options["rules/payments"], cfg.Timeout, cfg.Policies["owner"].Timeout)

	_, err = enricher.ParseConfig(map[string]any{"jobmanager.failure-enrichment.timeout": 2})
	fmt.Println(err)
	// Output:
	// ["rules/payments" "owner"]
	// map[file:/etc/rules.json] 2s 200ms
	// option "jobmanager.failure-enrichment.timeout": 2: must be a duration with a unit (ns, us, ms, s, m, h), such as "5s"
}

// Enrichers that cannot run together are refused, and the others run.
func ExampleNew() {
	e, err := enricher.New(enricher.Config{}, kind,
		enricher.WithEnricher("severity", enricher.Func([]string{"severity"}, kindOf)),
		enricher.WithEnricher("type", enricher.Func([]string{"kind", "type"}, kindOf)))
	if err != nil {
		log.Fatal(err)
	}
	defer e.Shutdown(context.Background())

	for _, info := range e.Enrichers() {
		fmt.Println("loaded:", info.Name, info.OutputKeys)
	}
	for _, r := range e.Rejected() {
		fmt.Printf("refused: %s: %v\n", r.Name, r.Err)
	}
	// Output:
	// loaded: severity [severity]
	// refused: kind: output key "kind" is declared by "kind", "type": only one enricher may declare it, so remove the others or configure other keys
	// refused: type: output key "kind" is declared by "kind", "type": only one enricher may declare it, so remove the others or configure other keys
}

func ExampleFunc() {
	fe := enricher.Func([]string{"severity"},
		func(_ context.Context, _ error, fc enricher.FailureContext) (enricher.Labels, error) {
			if fc.Final() {
				return enricher.Labels{"severity": "high"}, nil
			}
			return nil, nil // no label
		})
	e := mustNew(enricher.Config{}, enricher.WithEnricher("severity", fe))
	defer e.Shutdown(context.Background())

	fc := enricher.FailureContext{Attempt: 3, MaxAttempts: 3}
	fmt.Println(e.EnrichContext(context.Background(), errors.New("refused"), fc).Labels)
	// Output: severity=high
}

func ExampleEnricher_Enrich() {
	e := mustNew(enricher.Config{}, kind)
	defer e.Shutdown(context.Background())

	fmt.Println(e.Enrich(errors.New("connection refused")))
	// Output: kind=system
}

// The context of a job that failed has usually ended, and is good enough all
// the same.
func ExampleEnricher_EnrichContext() {
	e := mustNew(enricher.Config{Timeout: 5 * time.Second}, kind)
	defer e.Shutdown(context.Background())

	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	res := e.EnrichContext(ctx, errors.New("connection refused"), enricher.FailureContext{
		Type:       enricher.FailureTypeTask,
		JobID:      "42",
		TaskName:   "charge",
		Attempt:    2,
		Attributes: map[string]string{"region": "eu"},
	})
	fmt.Println(res.Labels)
	for _, o := range res.Outcomes {
		fmt.Println(o.Enricher, o.Status)
	}
	// Output:
	// kind=system
	// kind ok
}

func ExampleEnricher_EnrichAsync() {
	e := mustNew(enricher.Config{}, kind)
	defer e.Shutdown(context.Background())

	future := e.EnrichAsync(context.Background(), errors.New("connection refused"), enricher.FailureContext{JobID: "42"})
	// Meanwhile, there is something else to do. Then:
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	res, err := future.Wait(ctx)
	fmt.Println(res.Labels, err)
	// Output: kind=system <nil>
}

// Code that has no Enricher at hand uses the default one.
func ExampleSetDefault() {
	enricher.SetDefault(mustNew(enricher.Config{}, kind)) // in main
	defer enricher.SetDefault(nil)

	fmt.Println(enricher.Enrich(errors.New("connection refused")))
	// Output: kind=system
}

// Shutdown lets failures under way end, and closes the enrichers.
func ExampleEnricher_Shutdown() {
	e := mustNew(enricher.Config{}, kind)

	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	if err := e.Shutdown(ctx); err != nil {
		log.Print(err) // it names the enrichers that were not done
	}

	res := e.EnrichContext(context.Background(), errors.New("too late"), enricher.FailureContext{})
	fmt.Println(errors.Is(res.Err(), enricher.ErrShutdown))
	// Output: true
}

// The labels of a Result are good even if some are missing.
func ExampleResult_Err() {
	broken := enricher.Func([]string{"owner"},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) {
			return nil, errors.New("no route to host")
		})
	e := mustNew(enricher.Config{}, kind, enricher.WithEnricher("owner", broken))
	defer e.Shutdown(context.Background())

	res := e.EnrichContext(context.Background(), errors.New("connection refused"), enricher.FailureContext{})
	fmt.Println(res.Labels)
	fmt.Println(res.Err())
	// Output:
	// kind=system
	// enricher "owner": no route to host
}

// A job can label its own failures.
func ExampleWithLabels() {
	err := enricher.WithLabels(errors.New("card declined"), enricher.Labels{"kind": "user"})
	err = fmt.Errorf("charge: %w", err)

	fmt.Println(err)
	fmt.Println(enricher.LabelsOf(err))
	// Output:
	// charge: card declined
	// kind=user
}

// What is said further out wins.
func ExampleLabelsOf() {
	read := enricher.WithLabels(errors.New("EOF"), enricher.Labels{"kind": "system", "stage": "read"})
	cleanup := enricher.WithLabels(errors.New("cannot delete"), enricher.Labels{"leaked": "true"})
	err := enricher.WithLabels(errors.Join(read, cleanup), enricher.Labels{"kind": "user"})

	fmt.Println(enricher.LabelsOf(err))
	// Output: kind=user, leaked=true, stage=read
}

func ExampleChain() {
	err := fmt.Errorf("import: %w", errors.Join(errors.New("bad row"), errors.New("cannot roll back")))
	for err := range enricher.Chain(err) {
		fmt.Printf("%T %q\n", err, err)
	}
	// Output:
	// *fmt.wrapError "import: bad row\ncannot roll back"
	// *errors.joinError "bad row\ncannot roll back"
	// *errors.errorString "bad row"
	// *errors.errorString "cannot roll back"
}

// A panic of a job is a failure too.
func ExampleNewPanicError() {
	run := func(job func()) (err error) {
		defer func() {
			if v := recover(); v != nil {
				err = enricher.NewPanicError(v, debug.Stack())
			}
		}()
		job()
		return nil
	}
	err := run(func() { panic("index out of range") })
	fmt.Println(err)

	var p *enricher.PanicError
	fmt.Println(errors.As(err, &p), p.Stack() != "")
	// Output:
	// panic: index out of range
	// true true
}

// An enricher can veto a restart that would be no use.
func ExampleLabels_CannotRestart() {
	veto := enricher.Func([]string{enricher.KeyJobCannotRestart},
		func(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
			if errors.Is(cause, errNoCode) {
				return enricher.Labels{enricher.KeyJobCannotRestart: "true"}, nil
			}
			return nil, nil
		})
	e := mustNew(enricher.Config{}, enricher.WithEnricher("veto", veto))
	defer e.Shutdown(context.Background())

	for _, jobErr := range []error{errors.New("connection refused"), errNoCode} {
		fmt.Printf("%v: restart: %t\n", jobErr, !e.Enrich(jobErr).CannotRestart())
	}
	// Output:
	// connection refused: restart: true
	// no such job: restart: false
}

var errNoCode = errors.New("no such job")
