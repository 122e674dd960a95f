// Package jobstest has the tests that the adapter of a job manager must pass.
//
//	func TestAdapter(t *testing.T) {
//		jobstest.Run(t, jobstest.Manager{Start: start, Terminal: map[string]func(error) error{"JobCancel": river.JobCancel}})
//	}
//
// Start starts the real job manager in process, with the adapter installed and one
// job. Each check is a subtest of its name, with a job manager of its own:
//
//   - attempts: each attempt that fails is labeled once, with its number, the same
//     JobID and an ID of its own.
//   - maximum: MaxAttempts is set, and after the last attempt there is no other.
//   - success: a job that succeeds is no failure.
//   - no-failure: nor is what Manager.NotFailures has.
//   - stop, cancel: nor is the answer of a job to the stop of the job manager, or to a
//     cancellation from outside.
//   - timeout: the job's own timeout is a failure, which is labeled although its
//     context has ended.
//   - overdue: a job that goes on after its timeout is labeled once. The race detector
//     sees what it shares with the adapter.
//   - panic: a panic has the frames of the job. The user's handler sees its value.
//   - veto, veto-panic: a veto ends the job after an error and after a panic.
//   - ignore-veto: not with the option IgnoreVeto.
//   - terminal: what Manager.Terminal has stays terminal, and FailureContext.Terminal
//     says so.
//   - delay: a label delays the next attempt; otherwise the user's own policy does.
//   - uncounted: attempts that do not count are delayed and have an end.
//   - handler: the user's handler gets the error of the job.
//   - log: a log handler behind the adapter does not label the failure again.
//   - plain, shutdown: without enrichers, and after Shutdown of the Enricher, the job
//     manager does what it does without the adapter. Without enrichers, the user's
//     handler gets the job's own error, which it may compare with ==.
//   - hang: an enricher that hangs holds the job no longer than the budget.
//   - secrets: none is in what the adapter writes.
//   - keys: a label that cannot be written does not keep others from being written.
package jobstest

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/jobs"
)

// A Manager is a job manager with its adapter, and what it can do.
type Manager struct {
	// Start starts the job manager, with the adapter installed, and one job. It ends
	// both with t.Cleanup.
	Start func(t testing.TB, s Setup) Job

	// NotFailures are errors by which a job tells the job manager something else, such
	// as a snooze. By default, there are none.
	NotFailures map[string]error

	// Terminal wrap an error so that the job manager does not try again. By default,
	// there are none.
	Terminal map[string]func(error) error

	// Stop stops the job manager in order while an attempt runs, which Job.Attempt has
	// then to return from; Cancel cancels the job from outside. By default, the job
	// manager cannot.
	Stop, Cancel func(t testing.TB, j Job)

	// Without are the checks that the job manager does not allow, with the reason.
	Without map[string]string

	// NoLabels says that the job manager has no place for labels: Attempt.Labels is
	// not judged.
	NoLabels bool
}

// A Setup is what a check needs. A field that the job manager has no equivalent of may
// be ignored if the checks that need it are in Manager.Without.
type Setup struct {
	Labeler     jobs.Labeler
	Options     jobs.Options
	Job         func(ctx context.Context) error // one attempt
	MaxAttempts int
	Timeout     time.Duration // of one attempt; 0: none
	Delay       time.Duration // that the user's own retry policy says

	// Handler is the user's own handler of errors, which the adapter must call with
	// what the job manager tells it: an error, the value of a panic, or both.
	Handler func(ctx context.Context, err error, panicked any)
}

// A Job is a job in a job manager.
type Job interface {
	// Attempt runs the next attempt at once, whatever its delay, and returns when the
	// job manager has settled it.
	Attempt(t testing.TB) Attempt
}

// An Attempt is what the job manager made of an attempt.
type Attempt struct {
	Again  bool            // there will be another one
	Delay  time.Duration   // until then
	Labels enricher.Labels // where users of the job manager find them; nil: none
	Kept   string          // all that the adapter has written
}

// Run runs each check as a subtest. A check that cannot be made is skipped, and says
// why.
func Run(t *testing.T, m Manager) {
	for name := range m.Without {
		if !slices.ContainsFunc(checks, func(c check) bool { return c.name == name }) {
			t.Errorf("jobstest: Manager.Without: no check is called %q", name)
		}
	}
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			if reason, ok := m.Without[c.name]; ok {
				t.Skip(reason)
			}
			c.run(t, m)
		})
	}
}

type check struct {
	name string
	run  func(t testing.TB, m Manager)
}

var checks = []check{
	{"attempts", attempts},
	{"maximum", maximum},
	{"success", success},
	{"no-failure", noFailure},
	{"stop", func(t testing.TB, m Manager) { interrupted(t, m, m.Stop) }},
	{"cancel", func(t testing.TB, m Manager) { interrupted(t, m, m.Cancel) }},
	{"timeout", timeout},
	{"overdue", overdue},
	{"panic", panicked},
	{"veto", func(t testing.TB, m Manager) { veto(t, m, fail) }},
	{"veto-panic", func(t testing.TB, m Manager) { veto(t, m, culprit) }},
	{"ignore-veto", ignoreVeto},
	{"terminal", terminal},
	{"delay", delay},
	{"uncounted", uncounted},
	{"handler", handler},
	{"log", logged},
	{"plain", plain},
	{"shutdown", shutdown},
	{"hang", hang},
	{"secrets", secrets},
	{"keys", keys},
}
