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
	return labels[fault.Key]
}

func TestTypeIsAlwaysSet(t *testing.T) {
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
	}, e.Counts())
}

func TestOverridesCountMoreThanTheEvidence(t *testing.T) {
	exit := func(status int) error { return exec.Command("sh", "-c", fmt.Sprint("exit ", status)).Run() }
	killed := exec.Command("sh", "-c", "kill -9 $$").Run()
	for _, c := range []struct {
		name  string
		opts  fault.Options
		cause error
		want  fault.Type
	}{
		{"a sentinel", fault.Options{Sentinels: map[string]fault.Type{"sold-out": fault.User}}, fmt.Errorf("a: %w", errSoldOut), fault.User},
		{"an equal error is not the sentinel", fault.Options{Sentinels: map[string]fault.Type{"sold-out": fault.User}}, errOther, fault.Unknown},
		{"a type", fault.Options{Types: map[string]fault.Type{"*fault_test.stockError": fault.User}}, &stockError{status(503)}, fault.User},
		{"a type with its path, in lower case", fault.Options{Types: map[string]fault.Type{"*github.com/failure-enrichers/enricher/enrichers/fault_test.stockerror": fault.User}}, &stockError{status(503)}, fault.User},
		{"an errno", fault.Options{Errnos: map[string]fault.Type{"ENOENT": fault.System}}, &fs.PathError{Err: syscall.ENOENT}, fault.System},
		{"an errno that is not known by name", fault.Options{Errnos: map[string]fault.Type{"4095": fault.User}}, syscall.Errno(4095), fault.User},
		{"an errno in lower case", fault.Options{Errnos: map[string]fault.Type{"enoent": fault.System}}, syscall.ENOENT, fault.System},
		{"a SQLSTATE", fault.Options{SQLStates: map[string]fault.Type{"23505": fault.System}}, code("23505"), fault.System},
		{"a class of SQLSTATE", fault.Options{SQLStates: map[string]fault.Type{"23": fault.System}}, code("23505"), fault.System},
		{"a SQLSTATE before its class", fault.Options{SQLStates: map[string]fault.Type{"23": fault.System, "23505": fault.Dependency}}, code("23505"), fault.Dependency},
		{"a status", fault.Options{Statuses: map[string]fault.Type{"404": fault.Dependency}}, status(404), fault.Dependency},
		{"a class of statuses", fault.Options{Statuses: map[string]fault.Type{"4XX": fault.Dependency}}, status(404), fault.Dependency},
		{"an exit status", fault.Options{ExitStatuses: map[string]fault.Type{"3": fault.User}}, exit(3), fault.User},
		{"a signal", fault.Options{Signals: map[string]fault.Type{"SIGKILL": fault.User}}, killed, fault.User},
		{"a signal that a shell reports", fault.Options{Signals: map[string]fault.Type{"SIGKILL": fault.User}}, exit(137), fault.User},
		{"the outermost", fault.Options{Statuses: map[string]fault.Type{"503": fault.System}, Types: map[string]fault.Type{"*fault_test.stockError": fault.User}}, &stockError{status(503)}, fault.User},
		{"of another error, none", fault.Options{Statuses: map[string]fault.Type{"404": fault.System}}, status(503), fault.Dependency},
	} {
		t.Run(c.name, func(t *testing.T) {
			e, err := fault.New(c.opts)
			require.NoError(t, err)
			assert.Equal(t, string(c.want), label(t, e, c.cause))
			counted := uint64(0)
			for name, n := range e.Counts() {
				if !strings.HasPrefix(name, "type=") {
					counted += n
				}
			}
			assert.Equal(t, counted == 1, c.name != "an equal error is not the sentinel" && c.name != "of another error, none", "overrides are counted")
		})
	}
}

func TestBadOptionsAreNamed(t *testing.T) {
	one := func(key string, value fault.Type) map[string]fault.Type { return map[string]fault.Type{key: value} }
	for _, c := range []struct {
		opts fault.Options
		want string
	}{
		{fault.Options{Types: one("*fs.PathError", "user")}, `option "types": "*fs.PathError": unknown type "user": want one of ["USER" "SYSTEM" "DEPENDENCY" "CANCELLED" "UNKNOWN"]`},
		{fault.Options{Types: one("", fault.User)}, `option "types": "": want the name of a Go type, such as "*fs.PathError"`},
		{fault.Options{Sentinels: one("sold", fault.User)}, `option "sentinels": "sold": no such sentinel: want one given to fault.RegisterSentinel, which are ["sold-out"]`},
		{fault.Options{SQLStates: one("235", fault.User)}, `option "sqlstates": "235": want a SQLSTATE of five digits and upper case letters, or a class of two`},
		{fault.Options{Statuses: one("4x", fault.User)}, `option "statuses": "4x": want an HTTP status such as "404", or a class such as "4xx"`},
		{fault.Options{ExitStatuses: one("256", fault.User)}, `option "exit-statuses": "256": want an exit status, 1 to 255`},
		{fault.Options{ExitStatuses: one("137", fault.User)}, `option "exit-statuses": "137": a command that ends so was ended by a signal: want "SIGKILL" in option "signals"`},
	} {
		_, err := fault.New(c.opts)
		assert.EqualError(t, err, c.want)
	}
	_, err := fault.New(fault.Options{Errnos: map[string]fault.Type{"ENOSPC": fault.User, "enospc": fault.System}})
	assert.EqualError(t, err, `option "errnos": "enospc": "ENOSPC" is there too: want keys that differ in more than case`)
	_, err = fault.New(fault.Options{Errnos: one("2", fault.User)})
	assert.EqualError(t, err, `option "errnos": "2": that has a name: want "ENOENT"`)
	_, err = fault.New(fault.Options{Errnos: one("ENOSPACE", fault.User)})
	assert.ErrorContains(t, err, `; did you mean "ENOSPC"?`)
	_, err = fault.New(fault.Options{Errnos: one("ENOSUCH", fault.User), GRPCCodes: one("OK", fault.User)})
	assert.ErrorContains(t, err, `option "errnos": "ENOSUCH": unknown system error: want one of E2BIG, `)
	assert.ErrorContains(t, err, `option "grpc-codes": "OK": unknown gRPC code: want one of CANCELLED, `)
}

func TestRegisterSentinelRefuses(t *testing.T) {
	assert.PanicsWithValue(t, "fault: RegisterSentinel: the name is empty", func() { fault.RegisterSentinel("", errSoldOut) })
	assert.PanicsWithValue(t, `fault: RegisterSentinel: the error "a" is nil`, func() { fault.RegisterSentinel("a", nil) })
	assert.PanicsWithValue(t, `fault: RegisterSentinel: an error "SOLD-OUT" is registered already`, func() { fault.RegisterSentinel("SOLD-OUT", errOther) })
	assert.PanicsWithValue(t, `fault: RegisterSentinel: the error "a" cannot be compared: want one made by errors.New, or the like`,
		func() { fault.RegisterSentinel("a", notComparable{errOther}) })
}

type notComparable []error

func (notComparable) Error() string { return "not comparable" }

func TestExplainFailureSaysWhatDecided(t *testing.T) {
	e, err := fault.New(fault.Options{Statuses: map[string]fault.Type{"4xx": fault.Dependency}})
	require.NoError(t, err)
	for _, c := range []struct {
		cause error
		why   string
	}{
		{status(404), "option statuses 4xx"},
		{fmt.Errorf("a: %w", syscall.ENOSPC), "errno ENOSPC"},
		{errOther, "no error of the chain is of a type, or has a code, that says it"},
	} {
		labels, why, err := e.ExplainFailure(context.Background(), c.cause, enricher.FailureContext{})
		require.NoError(t, err)
		assert.Equal(t, map[string]string{fault.Key: c.why}, why)
		assert.Equal(t, label(t, e, c.cause), labels[fault.Key])
	}
	assert.EqualValues(t, 1, e.Counts()["type=UNKNOWN"], "ExplainFailure does not count")
}

func TestConfigured(t *testing.T) {
	cfg, err := enricher.ParseConfig(map[string]any{
		"failure-enrichers": "type",
		"failure-enricher":  map[string]any{"type": map[string]any{"statuses": map[string]any{"404": "SYSTEM"}, "grpc-codes": map[string]any{"not_found": "USER"}}},
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

func BenchmarkProcessFailure(b *testing.B) {
	refused := fmt.Errorf("job 7: %w", fmt.Errorf("push: %w", &os.PathError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}))
	unknown := fmt.Errorf("a: %w", fmt.Errorf("b: %w", fmt.Errorf("c: %w", fmt.Errorf("d: %w", errOther))))
	overrides := fault.Options{Types: map[string]fault.Type{"*shop.StockError": fault.User}, Statuses: map[string]fault.Type{"404": fault.System}}
	for _, bench := range []struct {
		name  string
		opts  fault.Options
		cause error
	}{{"chain of five", fault.Options{}, refused}, {"nothing known", fault.Options{}, unknown}, {"overrides", overrides, refused}} {
		b.Run(bench.name, func(b *testing.B) {
			e, err := fault.New(bench.opts)
			require.NoError(b, err)
			b.ReportAllocs()
			for b.Loop() {
				_, _ = e.ProcessFailure(context.Background(), bench.cause, enricher.FailureContext{})
			}
		})
	}
}
