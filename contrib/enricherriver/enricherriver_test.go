package enricherriver_test

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/riverqueue/river"
	"github.com/riverqueue/river/riverdriver/riversqlite"
	"github.com/riverqueue/river/rivermigrate"
	"github.com/riverqueue/river/rivertype"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	_ "modernc.org/sqlite"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherriver"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/jobs"
	"github.com/failure-enrichers/enricher/jobs/jobstest"
)

func TestAdapter(t *testing.T) {
	t.Parallel()
	jobstest.Run(t, jobstest.Manager{
		Start:       start,
		NotFailures: map[string]error{"JobSnooze": river.JobSnooze(time.Hour)},
		Terminal:    map[string]func(error) error{"JobCancel": river.JobCancel},
		Stop: func(t testing.TB, j jobstest.Job) {
			assert.NoError(t, j.(*job).client.StopAndCancel(context.Background()))
		},
		Cancel: func(t testing.TB, j jobstest.Job) {
			_, err := j.(*job).client.JobCancel(context.Background(), j.(*job).worker.id.Load())
			assert.NoError(t, err)
		},
	})
}

type args struct{}

func (args) Kind() string { return "import" }

// A worker runs the job of a check.
type worker struct {
	river.WorkerDefaults[args]
	jobstest.Setup

	id    atomic.Int64 // of the job
	batch bool         // it works a batch of one, which succeeds

	panics bool // its Middleware does, which River calls before that of the client
}

func (w *worker) Work(ctx context.Context, j *river.Job[args]) error {
	w.id.Store(j.ID)
	if w.batch {
		return batch{jobs: []*rivertype.JobRow{j.JobRow}}
	}
	return w.Job(ctx)
}

func (w *worker) Middleware(*rivertype.JobRow) []rivertype.WorkerMiddleware {
	if w.panics {
		panic(io.ErrNoProgress)
	}
	return nil
}

func (w *worker) Timeout(*river.Job[args]) time.Duration { return w.Setup.Timeout }

func (w *worker) HandleError(ctx context.Context, _ *rivertype.JobRow, err error) *river.ErrorHandlerResult {
	if w.Handler != nil {
		w.Handler(ctx, err, nil)
	}
	return nil
}

func (w *worker) HandlePanic(ctx context.Context, _ *rivertype.JobRow, value any, _ string) *river.ErrorHandlerResult {
	if w.Handler != nil {
		w.Handler(ctx, nil, value)
	}
	return nil
}

// A retryPolicy is the user's.
type retryPolicy struct{ delay time.Duration }

func (p retryPolicy) NextRetry(*rivertype.JobRow) time.Time { return time.Now().Add(p.delay) }

// A job is one in a client with a database of its own.
type job struct {
	client *river.Client[*sql.Tx]
	worker *worker
	db     *sql.DB
	events <-chan *river.Event
}

// newClient starts a client on a SQLite database. install changes its configuration.
func newClient(t testing.TB, w *worker, install func(*river.Config)) *job {
	db, err := sql.Open("sqlite", "file:"+filepath.Join(t.TempDir(), "river.db")+"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)")
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	driver := riversqlite.New(db)
	quiet := slog.New(slog.DiscardHandler)
	migrator, err := rivermigrate.New(driver, &rivermigrate.Config{Logger: quiet})
	require.NoError(t, err)
	_, err = migrator.Migrate(context.Background(), rivermigrate.DirectionUp, nil)
	require.NoError(t, err)
	workers := river.NewWorkers()
	river.AddWorker(workers, w)
	cfg := &river.Config{
		Logger: quiet, Workers: workers, ErrorHandler: w, RetryPolicy: retryPolicy{w.Delay},
		Queues:        map[string]river.QueueConfig{river.QueueDefault: {MaxWorkers: 2}},
		FetchCooldown: 10 * time.Millisecond, FetchPollInterval: 20 * time.Millisecond,
	}
	install(cfg)
	client, err := river.NewClient(driver, cfg)
	require.NoError(t, err)
	events, unsubscribe := client.Subscribe(
		river.EventKindJobCompleted, river.EventKindJobFailed, river.EventKindJobCancelled, river.EventKindJobSnoozed, river.EventKindJobInterrupted)
	require.NoError(t, client.Start(context.Background()))
	t.Cleanup(func() {
		unsubscribe()
		assert.NoError(t, client.StopAndCancel(context.Background()))
		assert.NoError(t, db.Close())
	})
	return &job{client: client, worker: w, db: db, events: events}
}

func start(t testing.TB, s jobstest.Setup) jobstest.Job {
	return newClient(t, &worker{Setup: s}, func(cfg *river.Config) {
		enricherriver.Install(cfg, s.Labeler, enricherriver.Options{Options: s.Options})
	})
}

func (j *job) Attempt(t testing.TB) jobstest.Attempt {
	ctx := context.Background()
	if id := j.worker.id.Load(); id == 0 {
		_, err := j.client.Insert(ctx, args{}, &river.InsertOpts{MaxAttempts: j.worker.MaxAttempts})
		require.NoError(t, err)
	} else {
		_, err := j.client.JobRetry(ctx, id)
		require.NoError(t, err)
	}
	select {
	case event, ok := <-j.events:
		if !ok {
			return jobstest.Attempt{} // the client was stopped
		}
		return settled(t, event.Job)
	case <-time.After(time.Minute):
		require.FailNow(t, "the attempt is not over after a minute")
		return jobstest.Attempt{}
	}
}

func settled(t testing.TB, row *rivertype.JobRow) jobstest.Attempt {
	var metadata struct{ Failure *enricherriver.Failure }
	require.NoError(t, json.Unmarshal(row.Metadata, &metadata))
	a := jobstest.Attempt{Kept: string(row.Metadata)}
	if metadata.Failure != nil {
		a.Labels = metadata.Failure.Labels
	}
	switch row.State {
	case rivertype.JobStateAvailable, rivertype.JobStateRetryable, rivertype.JobStateScheduled:
		a.Again, a.Delay = true, time.Until(row.ScheduledAt)
	}
	return a
}

// metadataOf returns what is in the metadata after n attempts of a job whose labels are
// those of the steps in turn.
func metadataOf(t *testing.T, n int, steps ...enrichertest.Step) enricherriver.Failure {
	fake := &enrichertest.Fake{Keys: []string{"n", enricher.KeyAttemptCounts}, Steps: steps}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	j := start(t, jobstest.Setup{Labeler: e, MaxAttempts: 25, Delay: time.Hour, Job: func(context.Context) error { return io.EOF }})
	var a jobstest.Attempt
	for range n {
		a = j.Attempt(t)
	}
	var metadata struct{ Failure enricherriver.Failure }
	require.NoError(t, json.Unmarshal([]byte(a.Kept), &metadata))
	return metadata.Failure
}

func TestMetadataHasTheLatestAttempts(t *testing.T) {
	t.Parallel()
	var steps []enrichertest.Step
	want := enricherriver.Failure{Attempt: 12, Labels: enricher.Labels{"n": "12"}, Earlier: map[int]enricher.Labels{}}
	for n := 1; n <= 12; n++ {
		labels := enricher.Labels{"n": strconv.Itoa(n)}
		steps = append(steps, enrichertest.Step{Labels: labels})
		if n >= 2 && n < 12 {
			want.Earlier[n] = labels
		}
	}
	assert.Equal(t, want, metadataOf(t, 12, steps...))
}

func TestMetadataCountsWhatDoesNotCount(t *testing.T) {
	t.Parallel()
	labels := enricher.Labels{enricher.KeyAttemptCounts: "false"}
	want := enricherriver.Failure{Attempt: 1, Labels: labels, Uncounted: 2}
	assert.Equal(t, want, metadataOf(t, 2, enrichertest.Step{Labels: labels}))
}

// cancels is a user's handler that ends every job.
type cancels struct{ errors, panics int }

func (c *cancels) HandleError(context.Context, *rivertype.JobRow, error) *river.ErrorHandlerResult {
	c.errors++
	return &river.ErrorHandlerResult{SetCancelled: true}
}

func (c *cancels) HandlePanic(context.Context, *rivertype.JobRow, any, string) *river.ErrorHandlerResult {
	c.panics++
	return &river.ErrorHandlerResult{SetCancelled: true}
}

func TestUserHandlerCancels(t *testing.T) {
	t.Parallel()
	for name, labels := range map[string]enricher.Labels{
		"an attempt that counts":         {"n": "1"},
		"an attempt that does not count": {enricher.KeyAttemptCounts: "false"},
	} {
		for _, panics := range []bool{false, true} {
			fake := &enrichertest.Fake{Keys: labels.Keys(), Steps: []enrichertest.Step{{Labels: labels}}}
			e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithLogger(slog.New(slog.DiscardHandler)))
			require.NoError(t, err)
			handler := &cancels{}
			j := newClient(t, &worker{Setup: jobstest.Setup{MaxAttempts: 3, Job: func(context.Context) error {
				if panics {
					panic("no")
				}
				return io.EOF
			}}}, func(cfg *river.Config) {
				cfg.ErrorHandler = handler
				enricherriver.Install(cfg, e, enricherriver.Options{})
			})
			assert.False(t, j.Attempt(t).Again, name)
			want := cancels{errors: 1}
			if panics {
				want = cancels{panics: 1}
			}
			assert.Equal(t, want, *handler, name)
		}
	}
}

type unknown struct{}

func (unknown) Kind() string { return "unknown" }

func TestJobOfAnUnknownKindIsLabeled(t *testing.T) {
	t.Parallel()
	rec := &enrichertest.Recorder{}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithObserver(rec))
	require.NoError(t, err)
	j := newClient(t, &worker{}, func(cfg *river.Config) {
		cfg.SkipUnknownJobCheck = true
		enricherriver.Install(cfg, e, enricherriver.Options{})
	})
	_, err = j.client.Insert(context.Background(), unknown{}, nil)
	require.NoError(t, err)
	<-j.events
	failures := rec.Failures()
	require.Len(t, failures, 1)
	assert.Equal(t, "unknown", failures[0].Context.JobName)
}

// A stop is no failure, unless River ends the job for it.
func TestStopThatEndsTheJobIsLabeled(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		err         error
		maxAttempts int
		want        int // failures
		state       rivertype.JobState
	}{
		"the last attempt":            {net.ErrClosed, 1, 1, rivertype.JobStateDiscarded},
		"an attempt before":           {net.ErrClosed, 3, 0, rivertype.JobStateAvailable},
		"an attempt that River keeps": {context.Canceled, 1, 0, rivertype.JobStateAvailable},
	} {
		rec := &enrichertest.Recorder{}
		e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithObserver(rec))
		require.NoError(t, err)
		running := make(chan bool, 3) // River may begin another attempt before it stops
		j := start(t, jobstest.Setup{Labeler: e, MaxAttempts: c.maxAttempts, Job: func(ctx context.Context) error {
			running <- true
			<-ctx.Done()
			return fmt.Errorf("read: %w", c.err)
		}}).(*job)
		_, err = j.client.Insert(t.Context(), args{}, &river.InsertOpts{MaxAttempts: c.maxAttempts})
		require.NoError(t, err)
		<-running
		require.NoError(t, j.client.StopAndCancel(t.Context()))
		event := <-j.events
		assert.Equal(t, c.state, event.Job.State, name)
		failures := rec.Failures()
		if assert.Len(t, failures, c.want, name); c.want > 0 {
			assert.True(t, failures[0].Context.Final(), name)
		}
	}
}

func TestPanicBeforeTheMiddlewareIsLabeled(t *testing.T) {
	t.Parallel()
	rec := &enrichertest.Recorder{}
	fake := &enrichertest.Fake{Keys: []string{enricher.KeyJobCannotRestart}, Steps: []enrichertest.Step{{Labels: enricher.Labels{enricher.KeyJobCannotRestart: "true"}}}}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithObserver(rec), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	j := newClient(t, &worker{panics: true, Setup: jobstest.Setup{MaxAttempts: 3}}, func(cfg *river.Config) {
		enricherriver.Install(cfg, e, enricherriver.Options{})
	})
	assert.False(t, j.Attempt(t).Again)
	failures := rec.Failures()
	require.Len(t, failures, 1)
	require.ErrorIs(t, failures[0].Cause, io.ErrNoProgress)
	p, ok := enricher.AsType[*enricher.PanicError](failures[0].Cause)
	require.True(t, ok)
	assert.Contains(t, p.Stack(), "(*worker).Middleware")
}

// The query of the README for SQLite.
func TestLabelsCanBeQueried(t *testing.T) {
	t.Parallel()
	for _, delay := range []time.Duration{time.Hour, time.Second} { // before a short one, River makes the job available at once
		t.Run(delay.String(), func(t *testing.T) {
			t.Parallel()
			canBeQueried(t, delay)
		})
	}
}

func canBeQueried(t *testing.T, delay time.Duration) {
	labels := enricher.Labels{"type": "USER"}
	fake := &enrichertest.Fake{Keys: labels.Keys(), Steps: []enrichertest.Step{{Labels: labels}}}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithLogger(slog.New(slog.DiscardHandler)))
	require.NoError(t, err)
	j := start(t, jobstest.Setup{Labeler: e, MaxAttempts: 3, Delay: delay, Job: func(context.Context) error { return io.EOF }}).(*job)
	j.Attempt(t)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	_, query, _ := strings.Cut(string(readme), "```sql\n")
	query, _, _ = strings.Cut(query, ";")
	rows, err := j.db.Query(query)
	require.NoError(t, err)
	defer rows.Close()
	require.True(t, rows.Next())
	var (
		kind  string
		count int
	)
	require.NoError(t, rows.Scan(&kind, &count))
	assert.Equal(t, "USER", kind)
	assert.Equal(t, 1, count)
	assert.False(t, rows.Next())
	require.NoError(t, rows.Err())
}

// A panics panics in what errors.Is and errors.As call.
type panics struct{}

func (panics) Error() string { return "panics" }
func (panics) Is(error) bool { panic("Is") }
func (panics) As(any) bool   { panic("As") }
func (panics) Unwrap() error { panic("Unwrap") }

func TestMiddlewareLabelsAnErrorWhoseMethodsPanic(t *testing.T) {
	t.Parallel()
	rec := &enrichertest.Recorder{}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithObserver(rec))
	require.NoError(t, err)
	var cfg river.Config
	enricherriver.Install(&cfg, e, enricherriver.Options{})
	err = cfg.Middleware[0].(rivertype.WorkerMiddleware).Work(t.Context(), &rivertype.JobRow{ID: 7}, func(context.Context) error { return panics{} })
	assert.Equal(t, panics{}, err)
	require.Len(t, rec.Failures(), 1)
	assert.Equal(t, "7", rec.Failures()[0].Context.JobID)
}

func TestMiddlewareKeepsTheTextAroundJobCancel(t *testing.T) {
	t.Parallel()
	for want, failure := range map[string]error{
		"bad input":                           river.JobCancel(errors.New("bad input")),
		"order 17: JobCancelError: bad input": fmt.Errorf("order 17: %w", river.JobCancel(errors.New("bad input"))),
	} {
		rec := &enrichertest.Recorder{}
		e, err := enricher.New(enricher.Config{}, enricher.WithObserver(rec))
		require.NoError(t, err)
		var cfg river.Config
		enricherriver.Install(&cfg, e, enricherriver.Options{})
		_ = cfg.Middleware[0].(rivertype.WorkerMiddleware).Work(t.Context(), &rivertype.JobRow{ID: 7}, func(context.Context) error { return failure })
		require.Len(t, rec.Failures(), 1)
		assert.Equal(t, want, rec.Failures()[0].Cause.Error())
		assert.True(t, rec.Failures()[0].Context.Terminal)
	}
}

// A batch is what a worker of several jobs returns, as one of River Pro does.
type batch struct {
	jobs []*rivertype.JobRow
	errs map[int64]error
}

func (batch) Error() string                 { return "batch" }
func (b batch) Jobs() []*rivertype.JobRow   { return b.jobs }
func (b batch) ErrorsByID() map[int64]error { return b.errs }

func TestBatchIsLabeledByJob(t *testing.T) {
	t.Parallel()
	rec := &enrichertest.Recorder{}
	labels := enricher.Labels{enricher.KeyAttemptCounts: "false", enricher.KeyRetryAfter: "2h"}
	fake := &enrichertest.Fake{Keys: labels.Keys(), Steps: []enrichertest.Step{{Labels: labels}}}
	e, err := enricher.New(enricher.Config{Timeout: time.Minute}, enricher.WithEnricher("fake", fake), enricher.WithObserver(rec))
	require.NoError(t, err)
	b := batch{
		jobs: []*rivertype.JobRow{{ID: 1}, {ID: 2}, {ID: 3}, {ID: 4}},
		errs: map[int64]error{2: io.EOF, 3: river.JobCancel(io.EOF), 4: river.JobSnooze(time.Hour)},
	}
	var none river.Config
	enricherriver.Install(&none, e, enricherriver.Options{})
	err = none.Middleware[0].(rivertype.WorkerMiddleware).Work(t.Context(), b.jobs[0], func(context.Context) error { return b })
	assert.IsType(t, batch{}, err, "River looks at the type")
	assert.Nil(t, none.ErrorHandler.HandleError(t.Context(), b.jobs[1], io.EOF))
	assert.WithinDuration(t, time.Now().Add(time.Hour), none.RetryPolicy.NextRetry(b.jobs[1]), time.Minute)
	var ids []string
	for _, f := range rec.Failures() {
		ids = append(ids, f.Context.JobID)
	}
	assert.Equal(t, []string{"2", "3"}, ids)

	j := newClient(t, &worker{Setup: jobstest.Setup{MaxAttempts: 3}}, func(cfg *river.Config) {
		enricherriver.Install(cfg, e, enricherriver.Options{})
	})
	j.worker.batch = true
	a := j.Attempt(t)
	assert.False(t, a.Again)
	assert.NotContains(t, a.Kept, "failure")
	assert.Len(t, rec.Failures(), 2, "a batch without a failure is none")
}

// River rejects a configuration with both Middleware and one of the others.
func TestInstallAddsToTheKindOfMiddlewareThatIsThere(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]*river.Config{
		"Middleware":          {Middleware: []rivertype.Middleware{&river.MiddlewareDefaults{}}},
		"WorkerMiddleware":    {WorkerMiddleware: []rivertype.WorkerMiddleware{&river.WorkerMiddlewareDefaults{}}},          //nolint:staticcheck // users may have it
		"JobInsertMiddleware": {JobInsertMiddleware: []rivertype.JobInsertMiddleware{&river.JobInsertMiddlewareDefaults{}}}, //nolint:staticcheck // as above
	} {
		enricherriver.Install(cfg, nil, enricherriver.Options{})
		_, err := river.NewClient(riversqlite.New(nil), cfg)
		require.NoError(t, err, name)
		assert.Equal(t, 2, len(cfg.Middleware)+len(cfg.WorkerMiddleware)+len(cfg.JobInsertMiddleware), name) //nolint:staticcheck // as above
	}
}

func TestInstallPanicsOnWrongOptions(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "enricherriver: Install: nil *river.Config", func() { enricherriver.Install(nil, nil, enricherriver.Options{}) })
	o := enricherriver.Options{MetadataKey: "river:failure", Options: jobs.Options{MaxUncounted: -1}}
	assert.EqualError(t, o.Validate(), "jobs: MaxUncounted -1: must not be negative; 0 is 20\n"+
		`enricherriver: MetadataKey "river:failure": must not begin with "river:", which River keeps for itself`)
	assert.Panics(t, func() { enricherriver.Install(&river.Config{}, nil, o) })
}
