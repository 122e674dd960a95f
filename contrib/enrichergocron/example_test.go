package enrichergocron_test

import (
	"context"
	"log/slog"
	"os"
	"time"

	"github.com/go-co-op/gocron/v2"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichergocron"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
)

func Example() {
	ctx := context.Background()
	cfg := enricher.Config{FailureEnrichers: []string{"type", "error", "restart"}}
	cfg.Timeout = time.Minute // for a slow machine
	e, err := enricher.New(cfg)
	check(err)
	slog.SetDefault(slog.New(slog.NewTextHandler(os.Stdout, &slog.HandlerOptions{ReplaceAttr: stable})))

	scheduler, err := gocron.NewScheduler(gocron.WithGlobalJobOptions(enrichergocron.Listeners(e, enrichergocron.Options{})))
	check(err)

	done := make(chan bool)
	_, err = scheduler.NewJob(gocron.DurationJob(time.Hour), gocron.NewTask(func() error {
		defer close(done)
		_, err := os.Open("/no/such/file")
		return err
	}), gocron.WithName("import"), gocron.WithStartAt(gocron.WithStartImmediately()))
	check(err)
	scheduler.Start()
	<-done
	check(scheduler.Shutdown()) // waits for the run

	// When the scheduler has stopped, and the ctx of a signal has ended:
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
	defer cancel()
	err = e.Shutdown(ctx)
	check(err)
	// Output: level=ERROR msg="Job failed" job=import error="open /no/such/file: no such file or directory" failure.error_code=ENOENT failure.error_type=*fs.PathError failure.retry=terminal failure.type=USER
}

func ExampleMonitor() {
	var e *enricher.Enricher // as in the other example
	scheduler, err := gocron.NewScheduler(gocron.WithMonitorStatus(enrichergocron.Monitor(e, enrichergocron.Options{}, nil)))
	check(err)
	scheduler.Start()
}

// stable leaves out what differs each time.
func stable(_ []string, a slog.Attr) slog.Attr {
	if a.Key == slog.TimeKey || a.Key == "job_id" {
		return slog.Attr{}
	}
	return a
}

func check(err error) {
	if err != nil {
		panic(err)
	}
}
