package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// teams are the owners by the kind of the job.
var teams = map[string]string{
	"import": "platform", "report": "platform", "book": "billing", "fetch": "integrations", "push": "integrations",
}

func TestOwnerIsKnownToAnotherProcess(t *testing.T) {
	t.Parallel()
	served := spawn(t, "-serve-owner", "-nats", embedded)
	nats := served.find(t, `Owners are served at (\S+)\n`)
	readme, err := os.ReadFile("README.md")
	require.NoError(t, err)
	failure := regexp.MustCompile(`^ *\d+ (\w+) .*, type=`)
	want := attempts(string(readme))
	for i, line := range want {
		if m := failure.FindStringSubmatch(line); m != nil {
			want[i] = strings.Replace(line, ", type=", ", team="+teams[m[1]]+", type=", 1)
		}
	}
	out, stop := start(t, "-database", filepath.Join(t.TempDir(), "river.db"), "-nats", nats)
	require.Eventually(t, func() bool { return len(attempts(out.String())) >= len(want) }, time.Minute, 20*time.Millisecond)
	assert.Equal(t, want, attempts(out.String()))
	stop()
}

// Jobs go on, and have their other labels.
func TestOwnerIsNoLabelWithoutItsService(t *testing.T) {
	t.Parallel()
	out, stop := start(t, "-nats", embedded)
	out.find(t, `(book +attempt 1: cancelled JOB_CANNOT_RESTART=true, retry=terminal, type=USER)`)
	stop()
}
