package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// sampleReport has a row of every kind.
func sampleReport() *report {
	return &report{
		environment: environment{
			goVersion: "go1.26.0", platform: "linux/amd64", cpu: "Abacus|9", gomaxprocs: 2, rounds: 21,
		},
		command: "go run ./bench",
		results: []result{
			{work: "quick", against: "hand-written", measured: 0.6001, low: 0.59, high: 0.61, bar: 0.6, stretch: 0.45},
			{work: "quick", against: "bare loop", measured: 2.5, low: 2.4, high: 2.75, bar: 4, stretch: 3},
			{work: "for information", against: "bare loop", measured: 11, low: 10, high: 12},
			{work: "a | b", against: "the empty map", measured: 1, unit: " alloc", bar: 1},
		},
		costs: []cost{
			{"quick", "library", 8, sample{4567.8, 33, 4321}},
			{"10 ms", "bare loop", 1, sample{10_123_456, 3.4, 512.6}},
		},
	}
}

func TestTextIsAligned(t *testing.T) {
	t.Parallel()
	want := `go1.26.0 linux/amd64, Abacus|9, GOMAXPROCS=2, median of 21 rounds

work             against        measured  middle half of rounds  at most  verdict  stretch goal
---------------  -------------  --------  ---------------------  -------  -------  -------------
quick            hand-written      0.600         0.590 to 0.610      0.6  NOT MET  0.45: not met
quick            bare loop         2.500         2.400 to 2.750        4  met      3: met
for information  bare loop        11.000       10.000 to 12.000        –  –        –
a | b            the empty map   1 alloc                      –  1 alloc  met      –

What one failure costs, at the median. With a caller on every core, it is the time from one failure done to the next:

enrichers  kind   run by         time  allocations  bytes
---------  -----  ---------  --------  -----------  -----
        8  quick  library     4.57 µs           33   4321
        1  10 ms  bare loop  10.12 ms            3    513

1 of 3 bars NOT MET.
`
	assert.Equal(t, want, sampleReport().text())
}

func TestSectionsComeAfterThePairs(t *testing.T) {
	t.Parallel()
	rep := sampleReport()
	rep.sections = []section{
		{title: "First:", table: &table{columns: []column{{title: "one"}, {title: "two", right: true}}, rows: [][]string{{"a", "b"}}}, note: "Beneath."},
		{title: "Second:", table: &table{columns: []column{{title: "three"}}}},
	}
	text, markdown := rep.text(), rep.markdown()
	assert.Contains(t, text, "\n\nFirst:\n\none  two\n---  ---\na      b\n\nBeneath.\n\nSecond:\n\nthree\n-----\n\n1 of 3 bars NOT MET.\n")
	assert.Contains(t, markdown, "\n\nFirst:\n\n| one | two |\n| --- | ---: |\n| a | b |\n\nBeneath.\n\nSecond:\n\n| three |\n| --- |\n")

	rep.results, rep.costs = nil, nil
	assert.True(t, strings.HasPrefix(rep.text(), rep.environment.String()+"\n\nFirst:\n"), rep.text())
	assert.NotContains(t, rep.text(), "bars")
	assert.Equal(t, 0, rep.exitStatus(true))
}

func TestMarkdownIsWellFormed(t *testing.T) {
	t.Parallel()
	got := sampleReport().markdown()
	assert.Contains(t, got, "Measured with `go run ./bench`: go1.26.0 linux/amd64, ")
	tables := 0
	for block := range strings.SplitSeq(got, "\n\n") {
		if !strings.HasPrefix(block, "|") {
			continue
		}
		tables++
		lines := strings.Split(strings.TrimSuffix(block, "\n"), "\n")
		require.Greater(t, len(lines), 2)
		assert.Regexp(t, `^(\| ---:? )+\|$`, lines[1])
		for _, line := range lines {
			assert.Equal(t, cells(lines[0]), cells(line), line)
			assert.True(t, strings.HasPrefix(line, "| ") && strings.HasSuffix(line, " |"), line)
		}
	}
	assert.Equal(t, 2, tables)
	assert.Contains(t, got, `| a \| b | the empty map | 1 alloc | – | 1 alloc | met | – |`)
}

// cells returns the number of cells of a line in Markdown.
func cells(line string) int {
	return strings.Count(strings.ReplaceAll(line, `\|`, ""), "|") - 1
}

func TestOnlyStrictMakesAMissedBarAnError(t *testing.T) {
	t.Parallel()
	rep := sampleReport()
	assert.Equal(t, 0, rep.exitStatus(false))
	assert.Equal(t, 1, rep.exitStatus(true))
	assert.Equal(t, "1 of 3 bars NOT MET.", rep.conclusion())

	rep.results = rep.results[1:]
	assert.Equal(t, 0, rep.exitStatus(true))
	assert.Equal(t, "All 2 bars met.", rep.conclusion())
}

func TestCPUModel(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "cpuinfo")
	require.NoError(t, os.WriteFile(file, []byte("processor\t: 0\nmodel name\t: Abacus 9 @ 1Hz: fast\n"), 0o600))
	assert.Equal(t, "Abacus 9 @ 1Hz: fast", cpuModel(file))
	assert.Empty(t, cpuModel(file+".missing"))
}
