package enrichersql_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichersql"
	"github.com/failure-enrichers/enricher/exceptions"
)

// A process keeps a failure and ends. The next one finds it.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx := context.Background()
	for process := 1; process <= 2; process++ {
		db, err := sql.Open("sqlite", "file:"+filepath.Join(dir, "failures.db")+"?_pragma=busy_timeout(5000)&_pragma=journal_mode(WAL)")
		if err != nil {
			log.Fatal(err)
		}
		if err := enrichersql.Migrate(ctx, db, enrichersql.SQLite, enrichersql.Options{}); err != nil {
			log.Fatal(err)
		}
		store, err := enrichersql.New(db, enrichersql.SQLite, enrichersql.Options{})
		if err != nil {
			log.Fatal(err)
		}
		history := exceptions.NewHistory(exceptions.Options{Store: store, Process: fmt.Sprint("process ", process)})
		entries, _ := history.Entries(exceptions.Query{})
		for _, e := range entries {
			fmt.Printf("process %d finds: %s: %s, kept by %s\n", process, e.JobID, e.Message, e.Process)
		}
		history.Enrich(ctx, nil, errors.New("disk full"), enricher.FailureContext{JobID: "import"})
		if err := history.Close(ctx); err != nil {
			log.Fatal(err)
		}
		db.Close()
	}
	// Output:
	// process 2 finds: import: disk full, kept by process 1
}
