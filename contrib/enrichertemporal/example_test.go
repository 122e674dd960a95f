package enrichertemporal_test

import (
	"context"
	"fmt"
	"log/slog"
	"os"
	"time"

	"go.temporal.io/sdk/interceptor"
	"go.temporal.io/sdk/log"
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
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	return workflow.ExecuteActivity(ctx, importFile).Get(ctx, nil)
}

func Example() {
	quiet := slog.New(slog.DiscardHandler)
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "restart"},
		Options:          map[string]map[string]any{"restart": {"veto": true, "terminal": map[string]any{"type": []string{"USER"}}}},
	}, enricher.WithLogger(quiet))
	if err != nil {
		panic(err)
	}
	options := worker.Options{
		Interceptors: []interceptor.WorkerInterceptor{enrichertemporal.NewInterceptor(e, enrichertemporal.Options{})},
	}

	var suite testsuite.WorkflowTestSuite // instead of a server
	suite.SetLogger(log.NewStructuredLogger(quiet))
	env := suite.NewTestWorkflowEnvironment()
	env.SetWorkerOptions(options)
	env.RegisterActivity(importFile)
	env.ExecuteWorkflow(importWorkflow)
	fmt.Println(enrichertemporal.LabelsOf(env.GetWorkflowError()))
	// Output: JOB_CANNOT_RESTART=true, retry=terminal, type=USER
}
