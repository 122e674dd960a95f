package inspect_test

import (
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

const here = "github.com/failure-enrichers/enricher/internal/evidence/inspect_test"

type frame uintptr

type stackTrace []frame

// stacked is an error as those of github.com/pkg/errors.
type stacked struct{ stack stackTrace }

func newStacked() error {
	pcs := make([]uintptr, 10)
	var s stacked
	for _, pc := range pcs[:runtime.Callers(1, pcs)] {
		s.stack = append(s.stack, frame(pc))
	}
	return &s
}

func (s *stacked) Error() string          { return "stacked" }
func (s *stacked) StackTrace() stackTrace { return s.stack }

// called is an error as those of github.com/go-errors/errors.
type called []uintptr

func newCalled() error {
	pcs := make([]uintptr, 10)
	return called(pcs[:runtime.Callers(1, pcs)])
}

func (called) Error() string        { return "called" }
func (c called) Callers() []uintptr { return c }

type mismatched struct{}

func (mismatched) Error() string                   { return "mismatched" }
func (mismatched) StackTrace(depth int) stackTrace { return nil }

type broken struct{}

func (*broken) Error() string          { return "broken" }
func (*broken) StackTrace() stackTrace { panic("no stack") }

type job[T any] struct{ rows []T }

func (j *job[T]) run() { _ = j.rows[3] }

// recovered is how a job manager recovers a job.
func recovered(job func()) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = enricher.NewPanicError(v, debug.Stack())
		}
	}()
	job()
	return nil
}

func TestOrigin(t *testing.T) {
	for _, c := range []struct {
		name     string
		err      error
		function string
	}{
		{"an index out of range, in a method of a generic type", recovered((&job[int]{}).run), here + ".(*job[...]).run"},
		{"a panic with a value", recovered(func() { panic("x") }), here + ".TestOrigin.func1"},
		{"a nil map, wrapped", fmt.Errorf("job 7: %w", recovered(writeNilMap)), here + ".writeNilMap"},
		{"a panic that was recovered and repeated", recovered(func() {
			defer func() { panic(recover()) }()
			writeNilMap()
		}), here + ".writeNilMap"},
		{"a method StackTrace", newStacked(), here + ".newStacked"},
		{"the innermost stack", fmt.Errorf("%w", &wrapper[error]{newStacked()}), here + ".newStacked"},
		{"a method Callers", newCalled(), here + ".newCalled"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, ok := inspect.Origin(c.err)
			require.True(t, ok)
			assert.Equal(t, c.function, got.Function)
			assert.Equal(t, here, got.Package)
			assert.Equal(t, "origin_test.go", filepath.Base(got.File))
			assert.Positive(t, got.Line)
		})
	}

	for name, err := range map[string]error{
		"no stack":                            errors.New("x"),
		"no stack in a panic":                 enricher.NewPanicError("x", nil),
		"a stack that is none":                enricher.NewPanicError("x", []byte("panic(\n)\n\t\n\t:\n(\n")),
		"a typed nil":                         (*enricher.PanicError)(nil),
		"no program counters":                 called{},
		"program counters of nothing":         called{1, 2, 3},
		"a method StackTrace that panics":     &broken{},
		"a method StackTrace of another form": mismatched{},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := inspect.Origin(err)
			assert.False(t, ok)
			assert.Zero(t, got)
		})
	}
}

var nothing map[string]int

func writeNilMap() { nothing["a"] = 1 }

func FuzzOrigin(f *testing.F) {
	f.Add([]byte("goroutine 1 [running]:\npanic({0x1, 0x2})\n\t/go/panic.go:1 +0x1\nmain.(*T[...]).f(0x1)\n\t/a/b.go:12 +0x3\n"))
	f.Fuzz(func(t *testing.T, stack []byte) {
		got, ok := inspect.Origin(enricher.NewPanicError("x", stack))
		assert.Equal(t, got.Function != "", ok)
	})
}
