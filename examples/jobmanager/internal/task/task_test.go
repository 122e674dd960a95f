package task_test

import (
	"context"
	"encoding/csv"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/manager"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/sandbox"
	"github.com/failure-enrichers/enricher/examples/jobmanager/internal/task"
)

func TestMain(m *testing.M) {
	sandbox.Misbehave(os.Args[1:]) // the tests run themselves as commands
	goleak.VerifyTestMain(m)
}

func self(t *testing.T, args ...string) task.Command {
	path, err := os.Executable()
	require.NoError(t, err)
	return task.Command{Args: append([]string{path}, args...)}
}

func TestCommandErrors(t *testing.T) {
	t.Parallel()
	_, err := self(t, "misbehave", "exit", "3").Run(t.Context())
	exit, ok := errors.AsType[*exec.ExitError](err)
	require.True(t, ok, "%v", err)
	assert.Equal(t, 3, exit.ExitCode())
	assert.EqualError(t, err, "exit status 3: partition 7 is locked by another process")

	_, err = task.Command{Args: []string{"no-such-command-anywhere"}}.Run(t.Context())
	require.ErrorIs(t, err, exec.ErrNotFound)
	_, err = task.Command{Args: []string{"./no/such/command"}}.Run(t.Context())
	_, ok = errors.AsType[*exec.Error](err)
	assert.True(t, ok, "%v", err)
}

func TestCommandIsKilledWhenItsContextEnds(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := self(t, "misbehave", "hang").Run(ctx)
	require.Error(t, err)
	assert.Less(t, time.Since(start), 20*time.Second)
}

func TestCommandSummaryIsTheLastLine(t *testing.T) {
	t.Parallel()
	summary, err := task.Command{Args: []string{"go", "version"}}.Run(t.Context())
	require.NoError(t, err)
	assert.Contains(t, summary, "go version go")
}

func TestCSV(t *testing.T) {
	t.Parallel()
	tests := map[string]struct{ rows, summary, err string }{
		"good rows":        {"2026-01-01,a,12.5\n2026-01-02,b,-3\n2026-01-03,c, 0.05 \n", "3 rows, 9.55 in total", ""},
		"a blank line":     {"\n2026-01-01,a,1\n", "1 rows, 1.00 in total", ""},
		"a letter":         {"2026-01-01,a,1\n2026-01-02,b,1O\n", "", `f.csv:3: amount "1O": must be a number such as 12.50`},
		"no amount":        {"2026-01-01,a,\n", "", `f.csv:2: amount "": must be a number such as 12.50`},
		"an exponent":      {"2026-01-01,a,1e5\n", "", `f.csv:2: amount "1e5": must be a number such as 12.50`},
		"an endless one":   {"2026-01-01,a," + strings.Repeat("9", 50) + "\n", "", `f.csv:2: amount "9999999999999999999999999999999999999999": must be a number such as 12.50`},
		"a missing column": {"2026-01-01,a\n", "", "f.csv:2: wrong number of fields"},
		"an open quote":    {"2026-01-01,\"a,1\n", "", `f.csv:2: extraneous or missing " in quoted-field`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			summary, err := task.CSV{File: "f.csv", Open: func(string) (io.ReadCloser, error) {
				return io.NopCloser(strings.NewReader("date,account,amount\n" + tt.rows)), nil
			}}.Run(t.Context())
			if tt.err == "" {
				require.NoError(t, err)
				assert.Equal(t, tt.summary, summary)
				return
			}
			require.EqualError(t, err, tt.err)
			_, ok := errors.AsType[*task.RowError](err)
			assert.True(t, ok)
		})
	}
	assert.ErrorIs(t, &task.RowError{Err: csv.ErrFieldCount}, csv.ErrFieldCount)
}

func TestPrimesStopsWithItsContext(t *testing.T) {
	t.Parallel()
	summary, err := task.Primes{Below: 100}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "25 primes below 100", summary)

	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, &manager.DeadlineError{Deadline: time.Millisecond})
	defer cancel()
	_, err = task.Primes{Below: 1 << 40}.Run(ctx)
	assert.EqualError(t, err, "deadline of 1ms exceeded")
}

func TestStepsAllRun(t *testing.T) {
	t.Parallel()
	bad := task.Command{Args: []string{"no-such-command-anywhere"}}
	good := task.Primes{Below: 10}
	_, err := task.Steps{bad, good, bad}.Run(t.Context())
	require.ErrorIs(t, err, exec.ErrNotFound)
	lines := strings.Split(err.Error(), "\n")
	require.Len(t, lines, 2)
	assert.Contains(t, lines[0], "step 1: ")
	assert.Contains(t, lines[1], "step 3: ")

	summary, err := task.Steps{good, good}.Run(t.Context())
	require.NoError(t, err)
	assert.Equal(t, "2 steps done", summary)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = task.Steps{good}.Run(ctx)
	assert.ErrorIs(t, err, context.Canceled)
}
