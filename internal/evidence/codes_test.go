//go:build linux

package evidence_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
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
	lines := strings.Split(string(have), "\n")
	for i, want := range strings.Split(text, "\n") {
		if i == len(lines) || lines[i] != want {
			require.Fail(t, "CODES.md is not up to date", "run go test ./internal/evidence -update; line %d is to be:\n%s", i+1, want)
		}
	}
	require.Equal(t, len(text), len(have), "CODES.md is too long: run go test ./internal/evidence -update")
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
	number := regexp.MustCompile(`^-?[0-9]+(=[^=]+)?$`)
	for _, table := range evidence.Tables() {
		assert.NotEmpty(t, table.Kind, table.Title)
		assert.Regexp(t, `^https://`, table.Source, table.Title)
		form := `^[^=]{1,80}(=[^=]+)?$`
		switch first := strings.Fields(table.Rows[0].Codes)[0]; {
		case table.Kind == evidence.SQLState:
			form = `^[0-9A-Z]{2}([0-9A-Z]{3})?(=[^=]+)?$`
		case table.Kind != evidence.AMQPReply && number.MatchString(first): // all are numbers then
			form = number.String()
		}
		seen := map[string]evidence.Row{}
		for _, row := range table.Rows {
			assert.Contains(t, faults, row.Fault, table.Title)
			assert.Contains(t, retries, row.Retry, table.Title)
			for field := range strings.FieldsSeq(row.Codes) {
				assert.Regexp(t, form, field, "%s: names have _ for a space", table.Title)
				code, _, _ := strings.Cut(field, "=")
				other, twice := seen[code]
				assert.False(t, twice, "%s: code %s is both %s %s and %s %s", table.Title, code, other.Fault, other.Retry, row.Fault, row.Retry)
				seen[code] = row
			}
		}
	}
}

func TestTablesAreAllListed(t *testing.T) {
	files, err := filepath.Glob("*.go")
	require.NoError(t, err)
	made := 0
	for _, name := range files {
		source, err := os.ReadFile(name)
		require.NoError(t, err)
		if !strings.HasSuffix(name, "_test.go") {
			made += strings.Count(string(source), "&Table{")
		}
	}
	assert.Len(t, evidence.Tables(), made, "Tables in clients.go lists all")
}

func TestTextsAreUnique(t *testing.T) {
	seen := map[string]bool{}
	for _, text := range evidence.Texts() {
		assert.False(t, seen[text], "%q stands twice in texts.go and libraries.go", text)
		seen[text] = true
	}
}
