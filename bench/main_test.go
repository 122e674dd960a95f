package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

func TestProgramPrintsEveryRow(t *testing.T) {
	procsBefore := runtime.GOMAXPROCS(0)
	dir := t.TempDir()
	markdown, profile := filepath.Join(dir, "bench.md"), filepath.Join(dir, "cpu.prof")
	var stdout, stderr bytes.Buffer
	status := run([]string{
		"-only", "cost,compare,storm", // the probes have a test of their own
		"-rounds", "1", "-time", "1ms", "-budget", "5ms", "-storm", "2ms",
		"-markdown", markdown, "-cpuprofile", profile,
	}, &stdout, &stderr)
	require.Zero(t, status, "stderr: %s", &stderr)
	written, err := os.ReadFile(markdown)
	require.NoError(t, err)

	for _, p := range newPairs() {
		row := regexp.MustCompile(regexp.QuoteMeta(p.work) + `[ |]+` + regexp.QuoteMeta(p.against) + `[ |]+\d+\.\d{3} `)
		assert.Regexp(t, row, stdout.String())
		assert.Regexp(t, row, string(written))
	}
	for _, c := range contestantsOf(newPairs()) {
		row := regexp.MustCompile(regexp.QuoteMeta(c.work) + `[ |]+` + regexp.QuoteMeta(c.by) + `[ |]+\d+\.\d\d (µs|ms)[ |]+\d+[ |]+\d+`)
		assert.Regexp(t, row, stdout.String())
		assert.Regexp(t, row, string(written))
	}
	for _, n := range []string{"1", "8", "64"} {
		of := `(?m)^[| ]*` + n + `[ |]+`
		for _, got := range []string{stdout.String(), string(written)} {
			assert.Regexp(t, of+`quick([ |]+\d+\.\d\d (µs|ms), \d+){6}[ |]*$`, got)
			assert.Regexp(t, of+`1 ms each([ |]+\d+\.\d\d ms, \d+){6}[ |]*$`, got)
			assert.Regexp(t, of+`one hangs[ |]+\S.*never[ |]+never[ |]*$`, got)
			assert.Regexp(t, of+`one has hung five times[ |]+\S.*never[ |]+never[ |]*$`, got)
		}
	}
	for _, s := range newStorms(time.Second) {
		for _, c := range stormContenders {
			row := regexp.QuoteMeta(s.work) + `[ |]+` + regexp.QuoteMeta(c.name) + `[ |]+(\d+([ |]+\d+\.\d\d (µs|ms)){3}[ |]+[\d.]+ %[ |]+-?\d+\.\d KiB[ |]+-?\d+|never([ |]+–){6})[ |]*\n`
			assert.Regexp(t, row, stdout.String())
			assert.Regexp(t, row, string(written))
		}
	}
	assert.Regexp(t, `no enrichers +the empty map +\d+ alloc +– +1 alloc +`, stdout.String())
	assert.Contains(t, stdout.String(), runtime.Version()+" "+runtime.GOOS+"/"+runtime.GOARCH)
	assert.Contains(t, stdout.String(), "GOMAXPROCS=2, median of 1 rounds")
	assert.Contains(t, stdout.String(), "fewer than 11 rounds say little")
	assert.Contains(t, string(written), "`go run ./bench -budget 5ms -only cost,compare,storm -rounds 1 -storm 2ms -time 1ms`")
	assert.FileExists(t, profile)
	assert.Equal(t, procsBefore, runtime.GOMAXPROCS(0), "GOMAXPROCS is put back")
}

func TestWrongCommandLinesAreRefused(t *testing.T) {
	for name, test := range map[string]struct {
		args   []string
		status int
		stderr string
	}{
		"help":             {[]string{"-h"}, 0, "Usage of bench"},
		"an unknown flag":  {[]string{"-fast"}, 2, "-fast"},
		"an argument":      {[]string{"fast"}, 2, `unexpected argument "fast"`},
		"no rounds":        {[]string{"-rounds", "0"}, 2, "-rounds 0: want 1 or more"},
		"no time":          {[]string{"-time", "0"}, 2, "-time 0s: want more than 0"},
		"no budget":        {[]string{"-budget", "-1s"}, 2, "-budget -1s: want more than 0"},
		"no storm":         {[]string{"-storm", "0s"}, 2, "-storm 0s: want more than 0"},
		"no such part":     {[]string{"-only", "cost,looks"}, 2, `-only "looks": want some of cost, compare, behaviour, storm`},
		"an empty part":    {[]string{"-only", "cost,"}, 2, `-only "": want some of cost`},
		"no such profile":  {[]string{"-time", "1us", "-rounds", "1", "-cpuprofile", "no/such/dir"}, 1, "no/such/dir"},
		"no such markdown": {[]string{"-only", "cost", "-time", "1us", "-rounds", "1", "-markdown", "no/such/dir"}, 1, "no/such/dir"},
	} {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			assert.Equal(t, test.status, run(test.args, &stdout, &stderr))
			assert.Contains(t, stderr.String(), test.stderr)
		})
	}
}

func TestCommandBesideTheTableIsTheOneThatMadeIt(t *testing.T) {
	t.Parallel()
	for want, args := range map[string][]string{
		"go run ./bench":                       {"-markdown", "bench.md", "-strict"},
		"go run ./bench -only cost":            {"-only", "cost"},
		"go run ./bench -rounds 51":            {"-rounds=51"},
		"go run ./bench -rounds 51 -time 20ms": {"-time", "20ms", "-rounds", "51"},
	} {
		opts, err := parse(args, &strings.Builder{})
		require.NoError(t, err)
		assert.Equal(t, want, opts.command)
	}
}

func TestOnlyChoosesParts(t *testing.T) {
	t.Parallel()
	for only, want := range map[string][]string{
		"":               {"cost", "compare", "behaviour", "storm"},
		"storm":          {"storm"},
		"behaviour,cost": {"cost", "behaviour"},
	} {
		var got []string
		for _, p := range parts {
			if (options{only: only}).runs(p) {
				got = append(got, p.name)
			}
		}
		assert.Equal(t, want, got)
	}
}
