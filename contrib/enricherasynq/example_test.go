package enricherasynq_test

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/hibiken/asynq"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherasynq"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	redis, err := miniredis.Run()
	check(err)
	defer redis.Close()
	at := asynq.RedisClientOpt{Addr: redis.Addr()}
	config := asynq.Config{LogLevel: asynq.FatalLevel}
	ctx := context.Background()

	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg)
	check(err)
	mux := asynq.NewServeMux()
	mux.Use(enricherasynq.Install(&config, e, enricherasynq.Options{}))
	mux.HandleFunc("import", func(context.Context, *asynq.Task) error { return io.ErrUnexpectedEOF })

	server := asynq.NewServer(at, config)
	check(server.Start(mux))
	defer server.Shutdown()
	client, inspector := asynq.NewClient(at), asynq.NewInspector(at)
	defer client.Close()
	defer inspector.Close()
	task, err := client.Enqueue(asynq.NewTask("import", nil))
	check(err)
	for task.LastErr == "" {
		time.Sleep(10 * time.Millisecond)
		task, err = inspector.GetTaskInfo("default", task.ID)
		check(err)
	}
	fmt.Println(task.LastErr)

	// When the server has stopped, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	check(err)
	// Output: unexpected EOF [error_type=*errors.errorString, retry=retryable, type=DEPENDENCY]
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
