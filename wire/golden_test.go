package wire_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exit"
	"github.com/failure-enrichers/enricher/internal/hostile"
	"github.com/failure-enrichers/enricher/wire"
)

var update = flag.Bool("update", false, "write testdata/v1.json; a change other than an addition needs a new version")

// A golden is a failure of testdata/v1.json, with some labels that it has had since it
// was written.
type golden struct {
	Name    string
	Failure json.RawMessage
	Labels  enricher.Labels
}

func goldenFailures() (all []golden) {
	add := func(name string, cause error, fc enricher.FailureContext) {
		all = append(all, golden{name, wire.Encode(cause, fc), nil})
	}
	dial := &net.OpError{
		Op: "dial", Net: "tcp", Addr: &net.TCPAddr{IP: net.IPv4(10, 0, 0, 7), Port: 5432}, Err: os.NewSyscallError("connect", syscall.ECONNREFUSED),
	}
	add("a request", fmt.Errorf("job 7: %w", &upstreamError{&url.Error{Op: "Get", URL: "https://shop.example/orders", Err: dial}}), enricher.FailureContext{
		ID: "f-1", RootID: "f-0", Type: enricher.FailureTypeTask, JobID: "import", JobName: "Import", TaskName: "parse", TaskManagerID: "worker-7",
		Endpoint: "10.0.0.7:6122", Attempt: 3, MaxAttempts: 5, Terminal: true, Time: time.Date(2026, 11, 30, 1, 2, 3, 400_000_000, time.FixedZone("", 3600)),
		Attributes: map[string]string{"queue": "low"}, Labels: enricher.Labels{"type": "DEPENDENCY"},
	})
	add("a constraint", &stateError{"23505", "orders_pkey", "orders"}, enricher.FailureContext{})
	add("joined errors", errors.Join(context.Canceled, enricher.WithLabels(statusError{429}, enricher.Labels{"tenant": "acme"}), codeError{"SlowDown"}), enricher.FailureContext{})
	add("hidden errors", listError{causeError{syscall.ENOSPC}, waitError{90 * time.Second}}, enricher.FailureContext{})
	add("a panic", enricher.NewPanicError("index out of range", []byte("main.run(0x1)\n\t/src/main.go:7 +0x1\nmain.main()\n\t/src/main.go:3 +0x2\n")), enricher.FailureContext{})
	add("a panic of the runtime", enricher.NewPanicError(runtimeError(), nil), enricher.FailureContext{})
	add("a container", &exit.Error{Name: "import", Code: 137, Reason: "OOMKilled"}, enricher.FailureContext{})
	add("a command that is missing", &exec.Error{Name: "ffmpeg", Err: exec.ErrNotFound}, enricher.FailureContext{})
	add("a long text", hostile.Wrap(strings.Repeat("row 17 of 4,711\n", 1000), nil), enricher.FailureContext{})
	return all
}

func runtimeError() (v any) {
	defer func() { v = recover() }()
	var none []int
	return none[len(none)]
}

// TestGolden reads what earlier versions have written, and checks that this one writes
// the same.
func TestGolden(t *testing.T) {
	const path = "testdata/v1.json"
	e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"type", "error", "restart", "fingerprint"}})
	require.NoError(t, err)
	label := func(data []byte) enricher.Labels {
		f, err := wire.Decode(data)
		require.NoError(t, err)
		return e.EnrichContext(t.Context(), f.Cause(), f.Context()).Labels
	}
	now := goldenFailures()
	if *update {
		for i := range now {
			now[i].Labels = label(now[i].Failure)
		}
		data, err := json.MarshalIndent(now, "", "\t")
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(path, append(data, '\n'), 0o644))
	}
	data, err := os.ReadFile(path)
	require.NoError(t, err)
	var all []golden
	require.NoError(t, json.Unmarshal(data, &all))
	require.Len(t, now, len(all), "run the test with -update")
	for i, g := range all {
		t.Run(g.Name, func(t *testing.T) {
			assert.Equal(t, g.Labels, label(g.Failure))
			var compact bytes.Buffer
			require.NoError(t, json.Compact(&compact, g.Failure))
			assert.JSONEq(t, compact.String(), string(now[i].Failure))
		})
	}
}
