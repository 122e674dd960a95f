package manager

import (
	"context"
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher"
)

// A Job is a task and how often to run it.
type Job struct {
	ID         string            // unique among the jobs of a run
	Name       string            // for people
	Attributes map[string]string // other facts for enrichers, such as the team
	Task       Task
	Attempts   int           // at most; 1 or more
	Deadline   time.Duration // of one attempt; more than 0
	Backoff    Backoff
}

// A Task is the work of a job. It is run again if an attempt failed, but never
// concurrently.
type Task interface {
	// Run does the work and summarizes the result in a few words. It must return
	// soon after ctx ends, with [context.Cause] of ctx if it has no other
	// error: Go cannot end a goroutine, so a task that ignores ctx keeps its
	// worker. A panic is a failure like any other.
	Run(ctx context.Context) (summary string, err error)

	// String says what the task does, such as "http GET https://…".
	String() string
}

// A Backoff is the pause before the next attempt: Initial at first, doubled after
// every failure, up to Max. Each pause is up to a quarter longer or shorter at
// random, so that jobs that failed together do not restart together.
type Backoff struct {
	Initial, Max time.Duration
}

// A State is the state of a job after an attempt.
type State string

const (
	Succeeded  State = "succeeded"
	Restarting State = "restarting" // it failed and is run again after a pause
	Vetoed     State = "vetoed"     // it failed, and a label rules out a restart
	Failed     State = "failed"     // it failed, and no attempts are left
	Cancelled  State = "cancelled"  // the manager was stopped before the job was done
)

// A Failure is one attempt that failed.
type Failure struct {
	Job     Job
	Err     error
	Context enricher.FailureContext
	Result  enricher.Result // of the enrichers
	State   State           // any but Succeeded
	Delay   time.Duration   // before the job is run again, if State is Restarting
}

// An Outcome is the final result of a job.
type Outcome struct {
	Job      Job
	State    State // any but Restarting
	Attempts int
	Started  time.Time // the first attempt; zero if there was none
	Ended    time.Time
	Summary  string          // if it succeeded
	Err      error           // of the last attempt; nil if it succeeded or was not begun
	Labels   enricher.Labels // of that failure
}

// Took returns how long the job took, including pauses.
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
