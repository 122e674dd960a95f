package fault_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fault"
)

var (
	errSoldOut = errors.New("sold out")
	errOther   = errors.New("sold out")
)

func init() { fault.RegisterSentinel("Sold-Out", errSoldOut) }

type stockError struct{ error }

func (e *stockError) Unwrap() error { return e.error }

type code string

func (c code) Error() string    { return string(c) }
func (c code) SQLState() string { return string(c) }

type status int

func (s status) Error() string   { return fmt.Sprint(int(s)) }
func (s status) StatusCode() int { return int(s) }

func label(t *testing.T, fe enricher.FailureEnricher, cause error) string {
	t.Helper()
	labels, err := fe.ProcessFailure(context.Background(), cause, enricher.FailureContext{})
	require.NoError(t, err)
	require.Len(t, labels, 1)
	return labels[fault.KeyType]
}

func counts(fe enricher.FailureEnricher) map[string]uint64 {
	return fe.(enricher.CountReporter).Counts()
}

func TestProcessFailureAlwaysSetsTheType(t *testing.T) {
	e, err := fault.New(fault.Options{})
	require.NoError(t, err)
	_, missing := os.Open("/no/such/file")
	for want, cause := range map[fault.Type]error{
		fault.User:       missing,
		fault.System:     &fs.PathError{Op: "write", Path: "x", Err: syscall.ENOSPC},
		fault.Dependency: status(503),
		fault.Cancelled:  fmt.Errorf("job: %w", context.Canceled),
		fault.Unknown:    errOther,
	} {
		assert.Equal(t, string(want), label(t, e, cause))
	}
	assert.Equal(t, map[string]uint64{
		"type=USER": 1, "type=SYSTEM": 1, "type=DEPENDENCY": 1, "type=CANCELLED": 1, "type=UNKNOWN": 1,
		"type=UNKNOWN error_type=*errors.errorString": 1,
	}, counts(e))
}

func TestOverridesTakePrecedence(t *testing.T) {
	exit := func(status int) error { return exec.Command("sh", "-c", fmt.Sprint("exit ", status)).Run() }
	killed := exec.Command("sh", "-c", "kill -9 $$").Run()
	one := func(key string, value fault.Type) map[string]fault.Type { return map[string]fault.Type{key: value} }
	for _, c := range []struct {
		name    string
		opts    fault.Options
		cause   error
		want    fault.Type
		decides string // the override that is counted
	}{
		{"a sentinel", fault.Options{Sentinels: one("sold-out", fault.User)}, fmt.Errorf("a: %w", errSoldOut), fault.User, "sentinels sold-out"},
		{"an equal error is not the sentinel", fault.Options{Sentinels: one("sold-out", fault.User)}, errOther, fault.Unknown, ""},
		{"a type", fault.Options{Types: one("*fault_test.stockError", fault.User)}, &stockError{status(503)}, fault.User, "types *fault_test.stockError"},
		{
			"a type with its path, in lower case",
			fault.Options{Types: one("*"+here+".stockerror", fault.User)},
			&stockError{status(503)},
			fault.User, "types *" + here + ".stockerror",
		},
		{"an errno", fault.Options{Errnos: one("ENOENT", fault.System)}, &fs.PathError{Err: syscall.ENOENT}, fault.System, "errnos ENOENT"},
		{"an errno without a name", fault.Options{Errnos: one("4095", fault.User)}, syscall.Errno(4095), fault.User, "errnos 4095"},
		{"an errno in lower case", fault.Options{Errnos: one("enoent", fault.System)}, syscall.ENOENT, fault.System, "errnos enoent"},
		{"a SQLSTATE", fault.Options{SQLStates: one("23505", fault.System)}, code("23505"), fault.System, "sqlstates 23505"},
		{"a class of SQLSTATE", fault.Options{SQLStates: one("23", fault.System)}, code("23505"), fault.System, "sqlstates 23"},
		{
			"a SQLSTATE before its class",
			fault.Options{SQLStates: map[string]fault.Type{"23": fault.System, "23505": fault.Dependency}},
			code("23505"),
			fault.Dependency, "sqlstates 23505",
		},
		{"a status", fault.Options{Statuses: one("404", fault.Dependency)}, status(404), fault.Dependency, "statuses 404"},
		{"a class of statuses", fault.Options{Statuses: one("4XX", fault.Dependency)}, status(404), fault.Dependency, "statuses 4XX"},
		{"an exit status", fault.Options{ExitStatuses: one("3", fault.User)}, exit(3), fault.User, "exit-statuses 3"},
		{"a signal", fault.Options{Signals: one("SIGKILL", fault.User)}, killed, fault.User, "signals SIGKILL"},
		{"a signal that a shell reports", fault.Options{Signals: one("SIGKILL", fault.User)}, exit(137), fault.User, "signals SIGKILL"},
		{
			"the outermost",
			fault.Options{Statuses: one("503", fault.System), Types: one("*fault_test.stockError", fault.User)},
			&stockError{status(503)},
			fault.User, "types *fault_test.stockError",
		},
		{"none for another error", fault.Options{Statuses: one("404", fault.System)}, status(503), fault.Dependency, ""},
		{"a status in a text", fault.Options{Statuses: one("404", fault.Dependency)}, errors.New("unexpected status code: 404"), fault.Dependency, "statuses 404"},
		{"its class", fault.Options{Statuses: one("4xx", fault.Dependency)}, fmt.Errorf("a: %v", errors.New("status 404")), fault.Dependency, "statuses 4xx"},
		{"an exit status in a text", fault.Options{ExitStatuses: one("3", fault.User)}, errors.New("tar: exit status 3"), fault.User, "exit-statuses 3"},
		{"an errno in a text", fault.Options{Errnos: one("ENOSPC", fault.User)}, errors.New("write /a: no space left on device"), fault.User, "errnos ENOSPC"},
		{
			"a method before a text",
			fault.Options{Statuses: map[string]fault.Type{"404": fault.System, "503": fault.User}},
			errors.Join(errors.New("unexpected status code: 404"), status(503)),
			fault.User, "statuses 503",
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := fault.New(c.opts)
			require.NoError(t, err)
			assert.Equal(t, string(c.want), label(t, e, c.cause))
			decided := ""
			for name, n := range counts(e) {
				if n > 0 && !strings.HasPrefix(name, "type=") {
					decided += name
				}
			}
			assert.Equal(t, c.decides, decided)
		})
	}
}

const here = "github.com/failure-enrichers/enricher/enrichers/fault_test"

func TestNewRejectsBadOptions(t *testing.T) {
	one := func(key string, value fault.Type) map[string]fault.Type { return map[string]fault.Type{key: value} }
	for _, c := range []struct {
		opts fault.Options
		want string
	}{
		{fault.Options{Types: one("*fs.PathError", "user")}, `option "types": "*fs.PathError": unknown type "user": must be one of ["USER" "SYSTEM" "DEPENDENCY" "CANCELLED" "UNKNOWN"]`},
		{fault.Options{Types: one("", fault.User)}, `option "types": "": must be a Go type with its package, such as "*fs.PathError" or "*io/fs.PathError", and no pattern`},
		{fault.Options{Types: one("*StockError", fault.User)}, `option "types": "*StockError": must be a Go type with its package, such as "*fs.PathError" or "*io/fs.PathError", and no pattern`},
		{fault.Options{Types: map[string]fault.Type{"*a.B": fault.User, "*A.b": fault.System}}, `option "types": "*a.B": conflicts with "*A.b": keys are case-insensitive`},
		{fault.Options{Sentinels: one("sold", fault.User)}, `option "sentinels": "sold": unknown sentinel: must be registered with fault.RegisterSentinel; registered: ["sold-out"]`},
		{fault.Options{SQLStates: one("235", fault.User)}, `option "sqlstates": "235": must be a SQLSTATE of five digits and upper case letters, or a class of two`},
		{fault.Options{Statuses: one("4x", fault.User)}, `option "statuses": "4x": must be an HTTP status from 300 to 599, such as "404", or a class such as "4xx"`},
		{fault.Options{Statuses: one("200", fault.User)}, `option "statuses": "200": must be an HTTP status from 300 to 599, such as "404", or a class such as "4xx"`},
		{fault.Options{ExitStatuses: one("256", fault.User)}, `option "exit-statuses": "256": must be an exit status, 1 to 255`},
		{fault.Options{ExitStatuses: one("137", fault.User)}, `option "exit-statuses": "137": is the status of a command that was ended by a signal: must be "SIGKILL" in option "signals"`},
		{fault.Options{Sentinels: map[string]fault.Type{"sold-out": fault.User, "Sold-Out": fault.System}}, `option "sentinels": "sold-out": conflicts with "Sold-Out", which is the same error: names are case-insensitive`},
		{fault.Options{Errnos: map[string]fault.Type{"ENOSPC": fault.User, "enospc": fault.System}}, `option "errnos": "enospc": conflicts with "ENOSPC": keys are case-insensitive`},
		{fault.Options{Errnos: one("2", fault.User)}, `option "errnos": "2": must be given by its name, "ENOENT"`},
	} {
		_, err := fault.New(c.opts)
		assert.EqualError(t, err, c.want)
	}
	_, err := fault.New(fault.Options{Errnos: one("ENOSPACE", fault.User), GRPCCodes: one("OK", fault.User)})
	assert.ErrorContains(t, err, `option "errnos": "ENOSPACE": unknown system error: must be one of E2BIG, `)
	assert.ErrorContains(t, err, `; did you mean "ENOSPC"?`)
	assert.ErrorContains(t, err, `option "grpc-codes": "OK": unknown gRPC code: must be one of CANCELLED, `)
}

func TestRegisterSentinelPanics(t *testing.T) {
	assert.PanicsWithValue(t, "fault: RegisterSentinel: name is empty", func() { fault.RegisterSentinel("", errSoldOut) })
	assert.PanicsWithValue(t, `fault: RegisterSentinel: error "a" is nil`, func() { fault.RegisterSentinel("a", nil) })
	assert.PanicsWithValue(t, `fault: RegisterSentinel: error "SOLD-OUT" is already registered`, func() { fault.RegisterSentinel("SOLD-OUT", errOther) })
	assert.PanicsWithValue(t, `fault: RegisterSentinel: error "a" is not comparable`, func() { fault.RegisterSentinel("a", notComparable{errOther}) })
}

type notComparable []error

func (notComparable) Error() string { return "not comparable" }

func TestExplainFailureSaysWhatDecides(t *testing.T) {
	e, err := fault.New(fault.Options{Statuses: map[string]fault.Type{"4xx": fault.Dependency}})
	require.NoError(t, err)
	for _, c := range []struct {
		cause error
		why   string
	}{
		{status(404), "option statuses 4xx"},
		{fmt.Errorf("a: %w", syscall.ENOSPC), "errno ENOSPC"},
		{errOther, "no error of the chain has a type or code that tells"},
	} {
		labels, why, err := e.(enricher.Explainer).ExplainFailure(context.Background(), c.cause, enricher.FailureContext{})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{fault.KeyType: c.why}, why)
		assert.Equal(t, label(t, e, c.cause), labels[fault.KeyType])
	}
	assert.EqualValues(t, 1, counts(e)["type=UNKNOWN"], "ExplainFailure does not count")
}

func TestTheRegisteredEnricher(t *testing.T) {
	cfg, err := enricher.ParseConfig(map[string]any{
		"failure-enrichers": "type",
		"failure-enricher":  map[string]any{"type": map[string]any{"statuses": map[string]any{"404": "SYSTEM"}, "grpc-codes": []any{map[string]any{"match": "not_found", "is": "USER"}}}},
	})
	require.NoError(t, err)
	e, err := enricher.New(cfg)
	require.NoError(t, err)
	var wg sync.WaitGroup
	for range 50 {
		wg.Go(func() { assert.Equal(t, enricher.Labels{"type": "SYSTEM"}, e.Enrich(status(404))) })
	}
	wg.Wait()
	assert.EqualValues(t, 50, e.Stats().Enrichers[0].Counts["type=SYSTEM"])
}

func Example() {
	e, err := fault.New(fault.Options{Types: map[string]fault.Type{"*shop.StockError": fault.User}})
	if err != nil {
		panic(err)
	}
	_, cause := os.Open("/no/such/orders.csv")
	labels, _ := e.ProcessFailure(context.Background(), fmt.Errorf("import: %w", cause), enricher.FailureContext{})
	fmt.Println(labels)
	// Output: type=USER
}
