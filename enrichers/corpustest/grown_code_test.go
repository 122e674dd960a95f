//go:build linux

package corpustest

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	goerrors "github.com/go-errors/errors"
	pkgerrors "github.com/pkg/errors"
	"golang.org/x/sys/unix"

	"github.com/failure-enrichers/enricher"
)

// contextFailures are those of jobs that were cancelled or reached their own deadline.
var contextFailures = []provocation{
	{"job cancelled", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		return work(ctx)
	}},
	{"job cancelled, for a reason", func(t *testing.T) error {
		ctx, cancel := context.WithCancelCause(t.Context())
		cancel(errors.New("superseded by job 17"))
		return fmt.Errorf("%w: %w", work(ctx), context.Cause(ctx))
	}},
	{"job cancelled by a signal", func(t *testing.T) error {
		ctx, stop := signal.NotifyContext(t.Context(), unix.SIGUSR1)
		defer stop()
		if err := unix.Kill(unix.Getpid(), unix.SIGUSR1); err != nil {
			return err
		}
		<-ctx.Done()
		return fmt.Errorf("stop: %w", context.Cause(ctx))
	}},
	{"job past its deadline", func(t *testing.T) error {
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		return work(ctx)
	}},
	{"job past its deadline, for a reason", func(t *testing.T) error {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Millisecond, errors.New("batch window over"))
		defer cancel()
		return errors.Join(work(ctx), context.Cause(ctx))
	}},
	{"job past its deadline, bare", func(t *testing.T) error {
		ctx, cancel := context.WithDeadline(t.Context(), time.Now())
		defer cancel()
		return ctx.Err()
	}},
	{"job cancelled as its sibling failed", func(t *testing.T) error {
		ctx, cancel := context.WithCancel(t.Context())
		_, err := net.Dial("tcp", refusing(t))
		cancel()
		return errors.Join(fmt.Errorf("shard 1: %w", err), fmt.Errorf("shard 2: %w", work(ctx)))
	}},
}

// work goes on until ctx ends.
func work(ctx context.Context) error {
	<-ctx.Done()
	return fmt.Errorf("process row 42: %w", ctx.Err())
}

// panicFailures are those of jobs that panicked, as a job manager reports them.
var panicFailures = []provocation{
	panicking("index out of range", func() { _ = make([]int, zero)[zero] }),
	panicking("slice bounds out of range", func() { _ = make([]int, zero)[:zero+1] }),
	panicking("map is nil", func() { noMap["x"] = 1 }),
	panicking("pointer is nil", func() { _ = *(*int)(nil) }),
	panicking("division by zero", func() { _ = 1 / zero }),
	panicking("type assertion", func() { _ = any(zero).(string) }),
	panicking("channel closed, sending", func() { closed := newClosed(); closed <- 1 }),
	panicking("channel closed, closing", func() { close(newClosed()) }),
	panicking("make of a negative length", func() { _ = make([]int, zero-1) }),
	panicking("slice too short for an array", func() { _ = [2]int(make([]int, zero)) }),
	panicking("shift by a negative count", func() { _ = 1 << (zero - 1) }),
	panicking("map key not hashable", func() { _ = map[any]int{any([]int{}): 1} }),
	panicking("interfaces not comparable", func() { _ = any([]int{}) == any([]int{}) }),
	panicking("function is nil", func() { var f func(); f() }),
	panicking("reflection", func() { reflect.ValueOf(1).Len() }),
	panicking("wait group negative", func() { new(sync.WaitGroup).Done() }),
	panicking("negative repeat count", func() { _ = strings.Repeat("x", zero-1) }),
	panicking("nil", func() { panic(nil) }),
	panicking("text", func() { panic("unreachable state") }),
	panicking("struct", func() { panic(struct{ row int }{1}) }),
	panicking("error", func() { panic(io.ErrUnexpectedEOF) }),
	panicking("error of the network", func() {
		_, err := net.Dial("tcp", "127.0.0.1:0")
		panic(fmt.Errorf("connect to broker: %w", err))
	}),
}

// What the compiler does not know to be nothing.
var (
	zero  int
	noMap map[string]int
)

func newClosed() chan int {
	ch := make(chan int)
	close(ch)
	return ch
}

// panicking is a job that panics.
func panicking(name string, job func()) provocation {
	return provocation{"panic: " + name, func(*testing.T) error {
		return fmt.Errorf("job nightly-orders: %w", recovered(job))
	}}
}

// wrappedFailures are those that are wrapped, and those of unknown types.
var wrappedFailures = []provocation{
	{"wrapped by pkg/errors", func(t *testing.T) error {
		_, err := os.Open(filepath.Join(t.TempDir(), "orders.csv"))
		return pkgerrors.Wrap(pkgerrors.WithStack(err), "load orders")
	}},
	{"wrapped by pkg/errors and fmt", func(t *testing.T) error {
		_, err := net.Dial("tcp", refusing(t))
		return fmt.Errorf("step 2: %w", pkgerrors.WithMessage(err, "connect to broker"))
	}},
	{"wrapped by go-errors", func(*testing.T) error {
		_, err := strconv.Atoi("seven")
		return goerrors.WrapPrefix(err, "parse price", 0)
	}},
	{"wrapped in labels", func(*testing.T) error {
		err := json.Unmarshal([]byte("{"), &order{})
		return enricher.WithLabels(fmt.Errorf("parse order: %w", err), enricher.Labels{"team": "orders"})
	}},
	{"wrapped in labels twice, and fmt", func(t *testing.T) error {
		_, err := net.Dial("tcp", refusing(t))
		err = enricher.WithLabels(err, enricher.Labels{"target": "broker"})
		err = fmt.Errorf("connect: %w", err)
		return fmt.Errorf("step 2: %w", enricher.WithLabels(err, enricher.Labels{"team": "orders"}))
	}},
	{"joined, two of a kind", func(*testing.T) error {
		_, first := strconv.Atoi("seven")
		_, second := strconv.ParseBool("maybe")
		return fmt.Errorf("validate: %w", errors.Join(first, second))
	}},
	{"joined, a dependency first", func(t *testing.T) error {
		_, first := net.Dial("tcp", refusing(t))
		_, second := os.ReadFile(filepath.Join(t.TempDir(), "fallback.csv"))
		return errors.Join(fmt.Errorf("fetch orders: %w", first), fmt.Errorf("use fallback: %w", second))
	}},
	{"joined, the data first", func(t *testing.T) error {
		_, first := strconv.Atoi("seven")
		_, second := net.Dial("tcp", refusing(t))
		return errors.Join(fmt.Errorf("parse price: %w", first), fmt.Errorf("report it: %w", second))
	}},
	{"joined by fmt, closing second", func(t *testing.T) error {
		file, err := os.Open(newFile(t, "x"))
		if err != nil {
			return err
		}
		_, first := strconv.Atoi("seven")
		second := errors.Join(file.Close(), file.Close())
		return fmt.Errorf("load: %w (closing: %w)", first, second)
	}},
	{"text alone", func(*testing.T) error { return errOutOfStock }},
	{"text alone, wrapped", func(*testing.T) error { return fmt.Errorf("order 7: %w", errOutOfStock) }},
	{"text alone, formatted", func(*testing.T) error { return fmt.Errorf("order %d is strange", 7) }},
	{"text alone, where others said more", func(t *testing.T) error {
		_, err := os.Open(filepath.Join(t.TempDir(), "orders.csv"))
		return fmt.Errorf("load orders: %v", err)
	}},
	{"type of the service", func(*testing.T) error {
		return fmt.Errorf("rule 3: %w", &ruleError{"price", "negative"})
	}},
	{"type of the service, a string", func(*testing.T) error { return fmt.Errorf("rule 3: %w", ruleName("positive-price")) }},
	{"type of the service that timed out", func(*testing.T) error {
		return fmt.Errorf("ask broker: %w", brokerTimeout{})
	}},
	{"unexpected EOF, bare", func(*testing.T) error {
		_, err := io.ReadFull(strings.NewReader("x"), make([]byte, 2))
		return err
	}},
}

var errOutOfStock = errors.New("item is out of stock")

// A ruleError has no method that says anything.
type ruleError struct{ field, reason string }

func (e *ruleError) Error() string { return e.field + " is " + e.reason }

// A ruleName is no pointer, and no struct.
type ruleName string

func (n ruleName) Error() string { return "rule " + string(n) + " is broken" }

// A brokerTimeout is like a [net.Error], as clients of many kinds return them.
type brokerTimeout struct{}

func (brokerTimeout) Error() string   { return "no answer from partition 3" }
func (brokerTimeout) Timeout() bool   { return true }
func (brokerTimeout) Temporary() bool { return true }
