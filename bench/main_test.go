package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// TestPageHasTheLayoutOfTheDocs runs the whole program, quickly, and compares its
// page with docs/performance.md: everything but what was measured must be equal.
func TestPageHasTheLayoutOfTheDocs(t *testing.T) {
	procsBefore := runtime.GOMAXPROCS(0)
	file := filepath.Join(t.TempDir(), "performance.md")
	require.NoError(t, os.WriteFile(file, []byte("old"+otherFigures+"kept"), 0o600))
	var stdout, stderr bytes.Buffer
	status := run([]string{"-rounds", "1", "-time", "1ms", "-storm", "2ms", "-markdown", file}, &stdout, &stderr)
	require.Zero(t, status, "stderr: %s", &stderr)
	assert.Equal(t, procsBefore, runtime.GOMAXPROCS(0), "GOMAXPROCS is restored")

	page, err := os.ReadFile(file)
	require.NoError(t, err)
	docs, err := os.ReadFile("../docs/performance.md")
	require.NoError(t, err)
	measured, kept, _ := strings.Cut(string(page), otherFigures)
	assert.Equal(t, "kept", kept)
	documented, _, _ := strings.Cut(string(docs), otherFigures)
	assert.Equal(t, layout(documented), layout(measured))

	rest, ok := strings.CutPrefix(stdout.String(), measured)
	assert.True(t, ok, "the page is printed as well")
	assert.Regexp(t, `^\n(All 9 bars met|\d of 9 bars NOT MET)\.\n$`, rest)
}

// layout returns a page without what was measured: numbers, the line about the
// machine, and the cells of a row after the first two.
func layout(page string) string {
	numbers, spaces := regexp.MustCompile(`\d[\d.]*( ?(µs|ms|s)\b)?`), regexp.MustCompile(` +`)
	var b strings.Builder
	inRows := false
	for line := range strings.Lines(page) {
		line = strings.TrimRight(line, "\n")
		switch {
		case strings.HasPrefix(line, "Measured with "):
			line = "Measured"
		case strings.HasPrefix(line, "| -"):
			inRows, line = true, ""
		case strings.HasPrefix(line, "|") && inRows:
			line = strings.ReplaceAll(strings.Join(strings.SplitN(line, "|", 4)[:3], "|"), ", late", "")
		case strings.HasPrefix(line, "|"):
		default:
			inRows = false
		}
		b.WriteString(spaces.ReplaceAllString(numbers.ReplaceAllString(line, "N"), " ") + "\n")
	}
	return b.String()
}

func TestCommandLine(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"help":         {[]string{"-h"}, 0, "Usage of bench"},
		"unknown flag": {[]string{"-fast"}, 2, "-fast"},
		"argument":     {[]string{"fast"}, 2, `unexpected argument "fast"`},
		"no rounds":    {[]string{"-rounds", "0"}, 2, "-rounds 0: must be at least 1"},
		"no time":      {[]string{"-time", "0"}, 2, "-time 0s: must be more than 0"},
		"no storm":     {[]string{"-storm", "0s"}, 2, "-storm 0s: must be more than 0"},
		"unknown part": {[]string{"-only", "cost,looks"}, 2, `-only "looks": must be some of cost, readymade, compare, behaviour, storm`},
		"empty part":   {[]string{"-only", "cost,"}, 2, `-only "": must be some of cost`},
		"no such folder": {
			[]string{"-only", "readymade", "-time", "1us", "-rounds", "1", "-markdown", "no/such/dir"}, 1, "no/such/dir",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, test.status, run(test.args, &stdout, &stderr))
			assert.Contains(t, stderr.String(), test.stderr)
		})
	}
}

func TestCommandLineSelectsParts(t *testing.T) {
	t.Parallel()
	for only, want := range map[string][]string{
		"":               {"cost", "readymade", "compare", "behaviour", "storm"},
		"behaviour,cost": {"cost", "behaviour"},
	} {
		var got []string
		for _, p := range parts {
			if (options{only: only}).selects(p) {
				got = append(got, p.name)
			}
		}
		assert.Equal(t, want, got)
	}
}
