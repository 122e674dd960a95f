package enricherriver_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherriver"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

type importArgs struct{}

func (importArgs) Kind() string { return "import" }

type importWorker struct {
	river.WorkerDefaults[importArgs]
}

func (importWorker) Work(context.Context, *river.Job[importArgs]) error {
	_, err := os.Open("/no/such/file")
	return err
}

func Example() {
	ctx := context.Background()
	quiet := slog.New(slog.DiscardHandler)
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg)
	check(err)
	workers := river.NewWorkers()
	river.AddWorker(workers, importWorker{})
	config := river.Config{Logger: quiet, Workers: workers, Queues: map[string]river.QueueConfig{"default": {MaxWorkers: 1}}}

	enricherriver.Install(&config, e, enricherriver.Options{})

	client, err := river.NewClient(riversqlite.New(database(ctx)), &config)
	check(err)
	failed, stop := client.Subscribe(river.EventKindJobFailed)
	defer stop()
	check(client.Start(ctx))
	_, err = client.Insert(ctx, importArgs{}, nil)
	check(err)
	var metadata struct{ Failure json.RawMessage }
	check(json.Unmarshal((<-failed).Job.Metadata, &metadata))
	fmt.Println(string(metadata.Failure))
	check(client.StopAndCancel(ctx))

	// When the client has stopped, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	check(err)
	// Output: {"attempt":1,"labels":{"error_code":"ENOENT","error_type":"*fs.PathError","retry":"terminal","type":"USER"}}
}

func database(ctx context.Context) *sql.DB {
	dir, err := os.MkdirTemp("", "river")
	check(err)

	db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "river.db")+"?_pragma=busy_timeout(10000)")
	check(err)
	db.SetMaxOpenConns(1)
	migrator, err := rivermigrate.New(riversqlite.New(db), &rivermigrate.Config{Logger: slog.New(slog.DiscardHandler)})
	check(err)
	_, err = migrator.Migrate(ctx, rivermigrate.DirectionUp, nil)
	check(err)
	return db
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
