package enricherasynq_test

import (
	"context"
	"fmt"
	"io"
	"log/slog"
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
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"type", "error"},
		Options:          map[string]map[string]any{"type": {"types": []any{map[string]any{"match": "*errors.errorString", "is": "USER"}}}},
	}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
	check(err)
	config := asynq.Config{LogLevel: asynq.FatalLevel}

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
	// Output: unexpected EOF [error_type=*errors.errorString, type=USER]
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
