// Servertest is a Temporal server with SQLite in memory, for the tests of
// enrichertemporal. It prints its address once the namespace "default" is there, and
// ends with its standard input, so that it does not outlive what has started it.
//
// It is a module of its own, and not in go.work: the server needs other versions of
// Temporal's modules than the newest SDK.
package main

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"time"

	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/server/temporaltest"
	"google.golang.org/protobuf/types/known/durationpb"
)

func main() {
	server := temporaltest.NewServer()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	_, err := server.GetDefaultClient().WorkflowService().RegisterNamespace(ctx, &workflowservice.RegisterNamespaceRequest{
		Namespace: "default", WorkflowExecutionRetentionPeriod: durationpb.New(24 * time.Hour),
	})
	if err != nil {
		log.Fatal("registering the namespace: ", err)
	}
	fmt.Println(server.GetFrontendHostPort())
	io.Copy(io.Discard, os.Stdin)
}
