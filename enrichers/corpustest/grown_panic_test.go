//go:build linux

package corpustest

import (
	"fmt"
	"io"
	"net"
	"reflect"
	"strings"
	"sync"
	"testing"
)

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
