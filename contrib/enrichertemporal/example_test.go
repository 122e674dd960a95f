package enrichertemporal_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichertemporal"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func importFile(context.Context) error {
	_, err := os.Open("/no/such/file")
	return err
}

func importWorkflow(ctx workflow.Context) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	})
	return workflow.ExecuteActivity(ctx, importFile).Get(ctx, nil)
}

func Example() {
	ctx := context.Background()
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg)
	if err != nil {
		panic(err)
	}
	options := worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(e, enrichertemporal.Options{})},
	}

	var suite testsuite.WorkflowTestSuite // instead of a server
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(options)
	env.RegisterActivity(importFile)
	env.ExecuteWorkflow(importWorkflow)
	fmt.Println(enrichertemporal.LabelsOf(env.GetWorkflowError()))

	// When the worker has stopped, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	if err != nil {
		panic(err)
	}
	// Output: error_code=ENOENT, error_type=*fs.PathError, retry=terminal, type=USER
}

func ExampleNewInterceptor() {
	ctx := context.Background()
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	e, err := enricher.New(cfg)
	if err != nil {
		panic(err)
	}
	c, err := client.Dial(client.Options{})
	if err != nil {
		panic(err)
	}
	options := worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(e, enrichertemporal.Options{})},
	}
	w := worker.New(c, "queue", options)
	_ = w.Run(worker.InterruptCh())

	// When the worker has stopped, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	if err != nil {
		panic(err)
	}
}

func ExampleOptions() {
	o := enrichertemporal.Options{SearchAttribute: temporal.NewSearchAttributeKeyKeywordList("FailureLabels")}
	_ = enrichertemporal.NewInterceptor(enricher.Default(), o)
}
