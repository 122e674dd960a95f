package enrichers_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichertest"
	"github.com/failure-enrichers/enricher/examples/jobmanager/enrichers"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/task"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// load returns an Enricher with these names and options, as a service has it.
func load(t *testing.T, raw map[string]any) *enricher.Enricher {
	t.Helper()
	cfg, err := enricher.ParseConfig(raw)
	require.NoError(t, err)
	cfg.Strict = true
	e, err := enricher.New(cfg)
	require.NoError(t, err)
	t.Cleanup(func() { assert.NoError(t, e.Shutdown(context.Background())) })
	return e
}

// The failures of real jobs are labelled by the tests of the program.
func TestCauseLabelsTheFirstErrorThatItKnows(t *testing.T) {
	t.Parallel()
	e := load(t, map[string]any{"failure-enrichers": "example-cause"})
	refused, malformed := os.NewSyscallError("connect", syscall.ECONNREFUSED), &task.RowError{}
	for name, tt := range map[string]struct {
		err          error
		kind, reason string
	}{
		"no such path":       {&exec.Error{Name: "./no/such/command", Err: fs.ErrNotExist}, "SYSTEM", "command-not-found"},
		"404":                {&task.StatusError{Code: 404}, "USER", "http-404"},
		"799":                {&task.StatusError{Code: 799}, "DEPENDENCY", "http-other"},
		"499":                {&task.StatusError{Code: 499}, "USER", "http-other"},
		"panic with context": {enricher.NewPanicError(context.DeadlineExceeded, nil), "USER", "panic"},
		"stopped":            {&manager.StoppedError{Cause: errors.New("interrupted")}, "SYSTEM", "cancelled"},
		"missing file":       {&fs.PathError{Op: "open", Path: "no-such-file", Err: syscall.ENOENT}, "UNKNOWN", "unknown"},
		"the text only":      {errors.New("connection refused, exit status 3, panic"), "UNKNOWN", "unknown"},
		"the first of two":   {errors.Join(refused, malformed), "DEPENDENCY", "connection-refused"},
		"the other first":    {errors.Join(malformed, refused), "USER", "malformed-row"},
		"one of two unknown": {errors.Join(errors.New("?"), fmt.Errorf("wrapped: %w", context.Canceled)), "SYSTEM", "cancelled"},
		"failed at deadline": {fmt.Errorf("%w: %w", &manager.DeadlineError{}, malformed), "SYSTEM", "deadline-exceeded"},
	} {
		res := e.EnrichContext(t.Context(), tt.err, enricher.FailureContext{})
		require.NoError(t, res.Err(), name)
		assert.Equal(t, enricher.Labels{"kind": tt.kind, "reason": tt.reason}, res.Labels, name)
	}
}

func TestTriageReadsTheLabels(t *testing.T) {
	t.Parallel()
	cfg, err := enricher.ParseConfig(map[string]any{
		"failure-enrichers": "example-triage",
		"failure-enricher": map[string]any{"example-triage": map[string]any{
			"final-reasons": "panic, http-404", // a property file has lists like this
			"owners":        map[string]any{"SYSTEM": "platform"},
			"default-owner": "duty",
		}},
	})
	require.NoError(t, err)
	cfg.Strict = true
	// In place of example-cause, an enricher sets the labels of the test.
	var set enricher.Labels
	e, err := enricher.New(cfg, enricher.WithEnricher("cause", enricher.Func([]string{"kind", "reason"},
		func(context.Context, error, enricher.FailureContext) (enricher.Labels, error) { return set, nil })))
	require.NoError(t, err)

	tests := map[string]struct {
		set        enricher.Labels
		attributes map[string]string
		owner      string
		final      bool
	}{
		"a kind with an owner": {enricher.Labels{"kind": "SYSTEM", "reason": "killed"}, map[string]string{"team": "web"}, "platform", false},
		"a kind without one":   {enricher.Labels{"kind": "USER", "reason": "exit-status"}, map[string]string{"team": "web"}, "web", false},
		"no owner and no team": {enricher.Labels{"kind": "USER", "reason": "exit-status"}, nil, "duty", false},
		"a final reason":       {enricher.Labels{"kind": "USER", "reason": "panic"}, nil, "duty", true},
		"another one":          {enricher.Labels{"kind": "USER", "reason": "http-404"}, nil, "duty", true},
		"no labels to read":    {nil, nil, "duty", false},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			set = tt.set
			res := e.EnrichContext(t.Context(), errors.New("failed"), enricher.FailureContext{Attributes: tt.attributes})
			require.NoError(t, res.Err())
			assert.Equal(t, tt.owner, res.Labels[enrichers.KeyOwner])
			assert.Equal(t, tt.final, res.Labels.CannotRestart())
			_, ok := res.Labels[enricher.KeyJobCannotRestart]
			assert.Equal(t, tt.final, ok, "no veto, no label")
		})
	}
}

func TestTriageRejectsOptions(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		options map[string]any
		want    string
	}{
		"an unknown reason": {
			map[string]any{"final-reasons": []any{"panic", "panik"}},
			`enricher "example-triage": option "final-reasons": unknown reason "panik": must be one of exit-status, command-not-found, killed, connection-refused, name-not-resolved, malformed-row, deadline-exceeded, cancelled, panic, unknown, or "http-404" and the like`,
		},
		"an unknown kind": {
			map[string]any{"owners": map[string]any{"user": "me"}},
			`enricher "example-triage": option "owners": unknown kind "user": must be one of USER, SYSTEM, DEPENDENCY, UNKNOWN`,
		},
		"no default owner": {
			map[string]any{"default-owner": ""},
			`enricher "example-triage": option "default-owner": must not be empty`,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := enricher.New(enricher.Config{
				FailureEnrichers: []string{"example-triage"},
				Options:          map[string]map[string]any{"example-triage": tt.options},
			})
			require.EqualError(t, err, tt.want)
			ce, ok := errors.AsType[*enricher.ConfigError](err)
			require.True(t, ok)
			assert.Equal(t, "example-triage", ce.Enricher)
		})
	}
}

func TestEnrichersKeepTheContract(t *testing.T) {
	for name, bad := range map[string]enrichertest.Option{
		"example-cause":  enrichertest.WithBadOptions("reasons", map[string]any{"reasons": "x"}),
		"example-triage": enrichertest.WithBadOptions("final-reasons", map[string]any{"final-reasons": "no-such-reason"}),
	} {
		t.Run(name, func(t *testing.T) {
			factory, ok := enricher.DefaultRegistry().Factory(name)
			require.True(t, ok)
			enrichertest.Run(t, factory,
				enrichertest.WithName(name), enrichertest.WithDeterministic(), enrichertest.WithEveryKey(), bad,
				enrichertest.WithContext("a bug", enricher.FailureContext{Labels: enricher.Labels{"kind": "USER", "reason": "panic"}}))
		})
	}
}
