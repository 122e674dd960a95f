//go:build linux

package evidence_test

import (
	"cmp"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

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
	grpc := map[string]evidence.Evidence{}
	for _, row := range evidence.GRPCTable[1:] {
		name, f, r := row.Row()
		grpc[name] = evidence.Evidence{Fault: f, Retry: r}
	}
	signals := map[string]evidence.Evidence{}
	for _, e := range evidence.SignalTable {
		signals[e.Code] = e
	}
	section(&b, "Errno", errnos)
	section(&b, "Signal that ended a command", signals)
	section(&b, "Exit status of a command", evidence.ExitTable)
	section(&b, "Reason of a container, pod or task", evidence.ReasonTable)
	section(&b, "HTTP status, or its first digit", evidence.StatusTable)
	section(&b, "gRPC status", grpc)
	section(&b, "SQLSTATE, or its first two characters", evidence.SQLStateTable)
	section(&b, "Error number of MySQL", evidence.MySQLTable)
	section(&b, "Result code of SQLite", evidence.SQLiteTable)
	section(&b, "First word of a reply of Redis", evidence.RedisTable)
	return b.String()
}

// section lists the codes of one kind by what they mean.
func section[K cmp.Ordered](b *strings.Builder, heading string, table map[K]evidence.Evidence) {
	type meaning struct {
		fault evidence.Fault
		retry evidence.Retry
	}
	codes := map[meaning][]string{}
	for _, code := range slices.Sorted(maps.Keys(table)) {
		m := meaning{table[code].Fault, table[code].Retry}
		codes[m] = append(codes[m], fmt.Sprintf("`%v`", code))
	}
	fmt.Fprintf(b, "\n## %s\n\n| type | retry | codes |\n| --- | --- | --- |\n", heading)
	for _, m := range slices.SortedFunc(maps.Keys(codes), func(x, y meaning) int {
		return cmp.Or(cmp.Compare(x.fault, y.fault), cmp.Compare(x.retry, y.retry))
	}) {
		fmt.Fprintf(b, "| %s | %s | %s |\n", m.fault, m.retry, strings.Join(codes[m], ", "))
	}
}
