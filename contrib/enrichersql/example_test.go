package enrichersql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"net/http"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersql"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/exceptions"
)

func ExampleNew() {
	ctx := context.Background()
	db, err := sql.Open("sqlite", "file:failures.db?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
	check(err)
	err = enrichersql.Migrate(ctx, db, enrichersql.SQLite, enrichersql.Options{})
	check(err)
	store, err := enrichersql.New(db, enrichersql.SQLite, enrichersql.Options{})
	check(err)
	history := exceptions.NewHistory(exceptions.Options{Store: store})

	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	e, err := enricher.New(cfg)
	check(err)
	labeler := history.For(e)                        // labels and keeps: for an adapter, or call its EnrichContext
	http.Handle("/", exceptions.NewHandler(history)) // the page and the REST interface, without a password
	labeler.EnrichContext(ctx, os.ErrNotExist, enricher.FailureContext{JobID: "import"})

	// When no job runs any more, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = errors.Join(e.Shutdown(ctx), history.Close(ctx))
	check(err)
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A process keeps a failure and ends. The next one finds it.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	check(err)
	defer os.RemoveAll(dir)
	ctx := context.Background()
	for process := 1; process <= 2; process++ {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "failures.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
		check(err)
		check(enrichersql.Migrate(ctx, db, enrichersql.SQLite, enrichersql.Options{}))
		store, err := enrichersql.New(db, enrichersql.SQLite, enrichersql.Options{})
		check(err)
		history := exceptions.NewHistory(exceptions.Options{Store: store, Process: fmt.Sprint("process ", process)})
		entries, _ := history.Entries(exceptions.Query{})
		for _, e := range entries {
			fmt.Printf("process %d finds: %s: %s, kept by %s\n", process, e.JobID, e.Message, e.Process)
		}
		history.Enrich(ctx, nil, errors.New("disk full"), enricher.FailureContext{JobID: "import"})
		check(history.Close(ctx))
		db.Close()
	}
	// Output:
	// process 2 finds: import: disk full, kept by process 1
}
