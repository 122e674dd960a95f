package manager

import (
	"context"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A Job is a task, and how hard to try.
type Job struct {
	ID         string            // unique among the jobs of a run
	Name       string            // for people
	Attributes map[string]string // anything else that enrichers may want to know, such as its team
	Task       Task
	Attempts   int           // at most; 1 or more
	Deadline   time.Duration // of one attempt; more than 0
	Backoff    Backoff
}

// A Task is what a job does. It is run again where an attempt has failed, never
// twice at once.
type Task interface {
	// Run does the work and says in a few words what came of it. It has to
	// return soon after ctx ends, with [context.Cause] of ctx if there is nothing
	// else to say: Go cannot end a goroutine, so a task that does not listen
	// keeps its worker. It may panic: that is a failure like any other.
	Run(ctx context.Context) (summary string, err error)

	// String says what the task does, such as "http GET https://…".
	String() string
}

// A Backoff is how long to wait before the next attempt: Initial, and after
// every failure twice as long as before, up to Max. Each pause is made up to a
// quarter longer or shorter by chance, so that jobs which failed together do not
// come back together.
type Backoff struct {
	Initial, Max time.Duration
}

// A State is what became of a job, or of one attempt.
type State string

const (
	Succeeded  State = "succeeded"
	Restarting State = "restarting" // it failed, and is run again after a pause
	Vetoed     State = "vetoed"     // it failed, and a label says that running it again is no use
	Failed     State = "failed"     // it failed, and there are no attempts left
	Cancelled  State = "cancelled"  // the manager was stopped before the job was done
)

// A Failure is one attempt that failed.
type Failure struct {
	Job     Job
	Err     error
	Context enricher.FailureContext
	Result  enricher.Result // what the enrichers say of it
	State   State           // what happens now: any but Succeeded
	Delay   time.Duration   // before the job is run again, if State is Restarting
}

// An Outcome is what became of a job in the end.
type Outcome struct {
	Job      Job
	State    State // any but Restarting
	Attempts int
	Started  time.Time       // the first attempt; zero if there was none
	Ended    time.Time       // pauses between attempts are included
	Summary  string          // if it succeeded
	Err      error           // of the last attempt; nil if it succeeded or was not begun
	Labels   enricher.Labels // of that failure
}

// Took returns how long the job took, pauses included.
func (o Outcome) Took() time.Duration {
	if o.Started.IsZero() {
		return 0
	}
	return o.Ended.Sub(o.Started)
}

// A DeadlineError is the failure of an attempt that took too long. [errors.Is]
// sees a [context.DeadlineExceeded] in it.
type DeadlineError struct {
	Deadline time.Duration
}

func (e *DeadlineError) Error() string { return fmt.Sprintf("deadline of %v exceeded", e.Deadline) }
func (e *DeadlineError) Unwrap() error { return context.DeadlineExceeded }

// A StoppedError is the failure of an attempt that was under way when the
// manager was stopped. [errors.Is] sees a [context.Canceled] in it.
type StoppedError struct {
	Cause error // why it was stopped
}

func (e *StoppedError) Error() string   { return fmt.Sprintf("stopped: %v", e.Cause) }
func (e *StoppedError) Unwrap() []error { return []error{context.Canceled, e.Cause} }
