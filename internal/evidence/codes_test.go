//go:build linux

package evidence_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/evidence"
)

var update = flag.Bool("update", false, "write the document of the codes")

// codesFile documents what each code means.
const codesFile = "../../enrichers/fault/CODES.md"

func TestCodesAreDocumented(t *testing.T) {
	text := document()
	if *update {
		require.NoError(t, os.WriteFile(codesFile, []byte(text), 0o644))
	}
	have, err := os.ReadFile(codesFile)
	require.NoError(t, err)
	require.Equal(t, string(have), text, "run the test with -update")
}

func document() string {
	var b strings.Builder
	b.WriteString("# What codes mean\n\n" +
		"The labels that the enrichers `type` and `restart` derive from the codes of an error, unless an option overrides them. " +
		"An HTTP status or SQLSTATE that is not listed has the meaning of its class; another code that is not listed has none. " +
		"Errnos and signals are those of Unix.\n")
	errnos := map[string]evidence.Evidence{}
	for _, row := range slices.Backward(evidence.ErrnoTable) { // of two names of a number the first counts
		name, f, r := row.Row()
		errnos[name] = evidence.Evidence{Fault: f, Retry: r}
	}
	signals := map[string]evidence.Evidence{}
	for _, e := range evidence.SignalTable {
		signals[e.Code] = e
	}
	section(&b, "Errno", "https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/errno.h.html", errnos)
	section(&b, "Signal that ended a command", "https://pubs.opengroup.org/onlinepubs/9799919799/basedefs/signal.h.html", signals)
	section(&b, "Reason of a container, pod or task", "https://kubernetes.io/docs/concepts/workloads/pods/disruptions/", evidence.ReasonTable)
	for _, table := range evidence.Tables() {
		section(&b, table.Title, table.Source, table.Codes())
	}
	return b.String()
}

// section lists the codes of one kind by what they mean, with their names.
func section(b *strings.Builder, heading, source string, table map[string]evidence.Evidence) {
	type meaning struct {
		fault evidence.Fault
		retry evidence.Retry
	}
	codes := map[meaning][]string{}
	for _, code := range slices.SortedFunc(maps.Keys(table), compare) {
		m := meaning{table[code].Fault, table[code].Retry}
		text := "`" + code + "`"
		if name := table[code].Why; name != "" {
			text += " " + name
		}
		codes[m] = append(codes[m], text)
	}
	fmt.Fprintf(b, "\n## %s\n\n[Source](%s).\n\n| type | retry | codes |\n| --- | --- | --- |\n", heading, source)
	for _, m := range slices.SortedFunc(maps.Keys(codes), func(x, y meaning) int {
		return cmp.Or(cmp.Compare(x.fault, y.fault), cmp.Compare(x.retry, y.retry))
	}) {
		fmt.Fprintf(b, "| %s | %s | %s |\n", m.fault, m.retry, strings.Join(codes[m], ", "))
	}
}

// compare orders numbers by their value, and before texts.
func compare(x, y string) int {
	m, err1 := strconv.Atoi(x)
	n, err2 := strconv.Atoi(y)
	switch {
	case err1 == nil && err2 == nil:
		return cmp.Or(cmp.Compare(m, n), cmp.Compare(x, y))
	case err1 == nil:
		return -1
	case err2 == nil:
		return 1
	}
	return cmp.Compare(x, y)
}

// TestTablesAreWellFormed finds mistakes in a new entry.
func TestTablesAreWellFormed(t *testing.T) {
	faults := []evidence.Fault{evidence.User, evidence.System, evidence.Dependency, evidence.Cancelled}
	retries := []evidence.Retry{evidence.Retryable, evidence.Terminal, evidence.Undecided}
	for _, table := range evidence.Tables() {
		assert.NotEmpty(t, table.Kind, table.Title)
		assert.Regexp(t, `^https://`, table.Source, table.Title)
		seen := map[string]evidence.Row{}
		for _, row := range table.Rows {
			assert.Contains(t, faults, row.Fault, table.Title)
			assert.Contains(t, retries, row.Retry, table.Title)
			for field := range strings.FieldsSeq(row.Codes) {
				code, _, _ := strings.Cut(field, "=")
				other, twice := seen[code]
				assert.False(t, twice, "%s: code %s is both %s %s and %s %s", table.Title, code, other.Fault, other.Retry, row.Fault, row.Retry)
				assert.LessOrEqual(t, len(code), 80, "%s: %s", table.Title, code)
				seen[code] = row
			}
		}
	}
}
