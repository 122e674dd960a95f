package enricher_test

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

// pausedProcess is set in the process that the test pauses.
const pausedProcess = "ENRICHER_TEST_PAUSED_PROCESS"

// Fake time cannot pause a process, so this test stops a real one.
func TestBreakerDoesNotCountAPauseOfTheProcess(t *testing.T) {
	if os.Getenv(pausedProcess) != "" {
		enrichUntilEOF(t)
		return
	}
	if testing.Short() {
		t.Skip("takes two seconds")
	}
	t.Parallel()
	process := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.count=1")
	process.Env = append(os.Environ(), pausedProcess+"=1")
	process.Stderr = os.Stderr
	stdin, err := process.StdinPipe()
	require.NoError(t, err)
	stdout, err := process.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, process.Start())
	output := bufio.NewReader(stdout)
	line, err := output.ReadString('\n')
	assert.NoError(t, err)
	assert.Equal(t, "under way\n", line)

	assert.NoError(t, process.Process.Signal(syscall.SIGSTOP))
	time.Sleep(1500 * time.Millisecond)
	assert.NoError(t, process.Process.Signal(syscall.SIGCONT))
	assert.NoError(t, stdin.Close())
	rest, err := io.ReadAll(output)
	assert.NoError(t, err)
	assert.NoError(t, process.Wait(), "%s", rest)
}

// enrichUntilEOF enriches failures all the time until the standard input ends.
// Some have no labels, as they were under way in a pause, but no breaker opens.
func enrichUntilEOF(t *testing.T) {
	var opts []enricher.Option
	for i := range 8 {
		name := fmt.Sprint("e", i)
		opts = append(opts, with(name, name, sleeping(20*time.Millisecond, answering(enricher.Labels{name: "yes"}))))
	}
	e := running(t, enricher.Config{Timeout: time.Second}, opts...)
	var (
		eof     atomic.Bool
		callers sync.WaitGroup
		started sync.WaitGroup
	)
	started.Add(32)
	for range 32 {
		callers.Go(func() {
			enrichAs(e, enricher.FailureContext{})
			for started.Done(); !eof.Load(); {
				enrichAs(e, enricher.FailureContext{})
			}
		})
	}
	started.Wait()
	fmt.Println("under way")
	_, _ = io.Copy(io.Discard, os.Stdin)
	eof.Store(true)
	callers.Wait()

	assert.Len(t, enrichAs(e, enricher.FailureContext{}).Labels, 8)
	for _, s := range e.Stats().Enrichers {
		assert.NotZero(t, s.Calls[enricher.StatusTimedOut], "it was not paused in time")
		assert.Zero(t, s.Calls[enricher.StatusCircuitOpen])
		assert.Equal(t, enricher.BreakerClosed, s.Breaker)
	}
}
