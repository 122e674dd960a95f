package enricher_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/hostile"
)

func TestIs(t *testing.T) {
	t.Parallel()
	notComparable := fmt.Errorf("job: %w", notComparableError{[]string{"a"}})
	cyclic := &cyclicError{}
	cyclic.wraps = []error{fs.ErrNotExist, cyclic}
	for what, c := range map[string]struct {
		err, target error
		want        bool
	}{
		"wrapped":                      {fmt.Errorf("job: %w", fs.ErrNotExist), fs.ErrNotExist, true},
		"joined":                       {errors.Join(errors.ErrUnsupported, fs.ErrNotExist), fs.ErrNotExist, true},
		"by a method Is":               {isError{fs.ErrNotExist}, fs.ErrNotExist, true},
		"another":                      {fs.ErrExist, fs.ErrNotExist, false},
		"nil in nil":                   {nil, nil, true},
		"a target in nil":              {nil, fs.ErrNotExist, false},
		"nil in an error":              {fs.ErrExist, nil, false},
		"a target that == cannot take": {notComparable, notComparableError{[]string{"a"}}, false},
		"values that == cannot take":   {anyError{[]int{1}}, anyError{[]int{1}}, false},
		"a cyclic tree":                {cyclic, fs.ErrNotExist, true},
		"a method Is that panics":      {errors.Join(panickingIs{}, fs.ErrNotExist), fs.ErrNotExist, true},
		"a method Unwrap that panics":  {errors.Join(&panicker{unwrap: true}, fs.ErrNotExist), fs.ErrNotExist, true},
	} {
		assert.Equal(t, c.want, enricher.Is(c.err, c.target), what)
	}
}

type (
	isError            struct{ is error }
	notComparableError struct{ parts []string }
	anyError           struct{ value any } // comparable, but == may panic
	panickingIs        struct{}
)

func (isError) Error() string            { return "is" }
func (e isError) Is(target error) bool   { return target == e.is }
func (notComparableError) Error() string { return "not comparable" }
func (anyError) Error() string           { return "any" }
func (panickingIs) Error() string        { return "panicking" }
func (panickingIs) Is(error) bool        { panic("Is") }

// A viciousError panics with itself, so that printing the panic panics again.
type viciousError struct{}

func (v viciousError) Error() string { panic(v) }

func TestPanicErrorDoesNotPanic(t *testing.T) {
	t.Parallel()
	assert.EqualError(t, enricher.NewPanicError(viciousError{}, nil), "panic: (a enricher_test.viciousError that panics when it is printed)")
}

func TestChainEndsOnAWideTreeThatContainsItself(t *testing.T) {
	t.Parallel()
	wide := &cyclicError{make([]error, 300_000)}
	for i := range wide.wraps {
		wide.wraps[i] = wide
	}
	assert.Len(t, slices.Collect(enricher.Chain(wide)), 100)
	assert.Empty(t, enricher.LabelsOf(wide))
}

func TestChainIsDepthFirst(t *testing.T) {
	t.Parallel()
	a, b, c := &node{name: "a"}, &node{name: "b"}, &node{name: "c"}
	ab := fmt.Errorf("%w and %w", a, b)
	abLabeled := labeled("k", "v", ab)
	top := errors.Join(nil, abLabeled, &link{c}, &link{nil}, a)
	var texts []string
	for err := range enricher.Chain(top) {
		texts = append(texts, strings.ReplaceAll(err.Error(), "\n", ";"))
	}
	assert.Equal(t, []string{"a and b;link;link;a", "a and b", "a and b", "a", "b", "link", "c", "link", "a"}, texts)
	for range enricher.Chain(nil) {
		assert.Fail(t, "nil wraps nothing, and is no error")
	}
}

func TestChainFollowsOlderJoinedErrors(t *testing.T) {
	t.Parallel()
	path := &fs.PathError{Op: "open", Path: "/x", Err: fs.ErrNotExist}
	all := []error{labeled("order", "7", path), nil, io.EOF}
	for _, err := range []error{hostile.Multi(all), hostile.Aggregate(all)} {
		assert.Equal(t, []error{err, all[0], path, fs.ErrNotExist, io.EOF}, slices.Collect(enricher.Chain(err)))
		got, ok := enricher.AsType[*fs.PathError](fmt.Errorf("job 7: %w", err))
		assert.True(t, ok)
		assert.Same(t, path, got)
		assert.True(t, enricher.Is(err, io.EOF))
		assert.Equal(t, enricher.Labels{"order": "7"}, enricher.LabelsOf(err))
	}
}

func TestChainMayBeStoppedAndRepeated(t *testing.T) {
	t.Parallel()
	all := enricher.Chain(errors.Join(errors.Join(io.EOF, io.ErrClosedPipe), io.ErrNoProgress))
	for stop := range 5 {
		seen := 0
		for range all {
			if seen++; seen > stop {
				break
			}
		}
		assert.Equal(t, stop+1, seen)
	}
	assert.Len(t, slices.Collect(all), 5)
}

func TestChainIsAtMost100Deep(t *testing.T) {
	t.Parallel()
	deep := wrapped(1000, io.EOF)
	assert.Len(t, slices.Collect(enricher.Chain(deep)), 100)
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(wrapped(99, labeled("a", "1", io.EOF))))
	assert.Equal(t, enricher.Labels{}, enricher.LabelsOf(wrapped(100, labeled("a", "1", io.EOF))))

	var joined error = &node{name: "innermost"}
	for range 999 {
		joined = &node{name: "joined", wraps: []error{joined}}
	}
	assert.Len(t, slices.Collect(enricher.Chain(joined)), 100)

	// The end of one branch is not that of the others.
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(errors.Join(deep, labeled("a", "1", io.EOF))))
}

func TestChainVisitsAtMost10000(t *testing.T) {
	t.Parallel()
	wide := &node{name: "wide"}
	for range 9_997 {
		wide.wraps = append(wide.wraps, io.EOF)
	}
	wide.wraps = append(wide.wraps, nil, labeled("last", "seen", io.EOF))
	assert.Len(t, slices.Collect(enricher.Chain(wide)), 9_999, "a nil error is visited, not yielded")
	assert.Equal(t, enricher.Labels{"last": "seen"}, enricher.LabelsOf(wide))
	wide.wraps = append([]error{io.EOF}, wide.wraps...)
	assert.Len(t, slices.Collect(enricher.Chain(wide)), 9_999)
	assert.Equal(t, enricher.Labels{}, enricher.LabelsOf(wide))

	// However many are nil.
	nils := &node{name: "nils", wraps: make([]error, 10_000_000)}
	nils.wraps[9_998] = io.EOF
	assert.Len(t, slices.Collect(enricher.Chain(nils)), 2)
	nils.wraps[9_998], nils.wraps[9_999] = nil, io.EOF
	assert.Len(t, slices.Collect(enricher.Chain(nils)), 1)
}

func TestChainEndsOnACyclicTree(t *testing.T) {
	t.Parallel()
	self := &link{}
	self.next = self
	assert.Len(t, slices.Collect(enricher.Chain(self)), 100)

	double := &node{name: "double"}
	double.wraps = []error{double, labeled("a", "1", double), double}
	assert.LessOrEqual(t, len(slices.Collect(enricher.Chain(double))), 10_000)
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(double))

	round := labeled("a", "outer", &node{name: "round"})
	errors.Unwrap(round).(*node).wraps = []error{labeled("b", "1", round)}
	assert.Equal(t, enricher.Labels{"a": "outer", "b": "1"}, enricher.LabelsOf(round))
}

func TestChainSurvivesPanics(t *testing.T) {
	t.Parallel()
	below := labeled("below", "1", io.EOF)
	for what, test := range map[string]struct {
		err   error
		want  enricher.Labels
		chain int // how many errors there are in it
	}{
		"Error":              {&panicker{wraps: below}, enricher.Labels{"panicker": "1", "below": "1"}, 3},
		"Unwrap":             {&panicker{unwrap: true, wraps: below}, enricher.Labels{"panicker": "1"}, 1},
		"FailureLabels":      {&panicker{labels: true, wraps: below}, enricher.Labels{}, 3},
		"Unwrap of several":  {panicsToUnwrap{}, enricher.Labels{}, 1},
		"of a typed nil":     {(*panicker)(nil), enricher.Labels{}, 1},
		"Unwrap of no value": {(*link)(nil), enricher.Labels{}, 1},
	} {
		assert.Len(t, slices.Collect(enricher.Chain(test.err)), test.chain, what)
		assert.Equal(t, test.want, enricher.LabelsOf(test.err), what)

		// The other branches are looked at.
		joined := &node{wraps: []error{labeled("before", "1", io.EOF), test.err, labeled("after", "1", io.EOF)}}
		assert.Len(t, slices.Collect(enricher.Chain(joined)), test.chain+5, what)
		want := test.want.Clone()
		want["before"], want["after"] = "1", "1"
		assert.Equal(t, want, enricher.LabelsOf(joined), what)
	}
}

func TestChainPassesOnAPanicOfItsCaller(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "boom", func() {
		for range enricher.Chain(errors.Join(io.EOF)) {
			panic("boom")
		}
	})
}

func TestPanicErrorWrapsItsValue(t *testing.T) {
	t.Parallel()
	stack := []byte("goroutine 1 [running]:")
	p := enricher.NewPanicError("boom", stack)
	assert.EqualError(t, p, "panic: boom")
	assert.Equal(t, "boom", p.Value)
	assert.Equal(t, "goroutine 1 [running]:", p.Stack())
	assert.NoError(t, p.Unwrap())

	p = enricher.NewPanicError(fmt.Errorf("read: %w", io.EOF), nil)
	assert.EqualError(t, p, "panic: read: EOF")
	assert.ErrorIs(t, p, io.EOF)
	assert.Empty(t, p.Stack())

	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(enricher.NewPanicError(labeled("a", "1", io.EOF), nil)))
}

func TestPanicErrorText(t *testing.T) {
	t.Parallel()
	type name string
	circle := map[string]any{}
	circle["self"] = circle
	for want, value := range map[string]any{
		"panic: <nil>":                     nil,
		"panic: 42":                        42,
		"panic: 7":                         uint8(7),
		"panic: 1.5":                       1.5,
		"panic: true":                      true,
		"panic: x":                         name("x"),
		"panic: 1m0s":                      time.Minute,
		"panic: link":                      &link{},
		"panic: ([]int)":                   []int{1, 2},
		"panic: (map[string]interface {})": circle, // to print it would exhaust the stack
		"panic: (a *enricher_test.panicker that panics when it is printed)": &panicker{},
	} {
		assert.EqualError(t, enricher.NewPanicError(value, nil), want)
	}
	assert.EqualError(t, &enricher.PanicError{}, "panic: <nil>", "the zero value is usable")
	assert.EqualError(t, enricher.NewPanicError(unprintable{}, nil),
		"panic: (a enricher_test.unprintable that panics when it is printed)")

	huge := strings.Repeat("x", 100<<20)
	for _, value := range []any{huge, name(huge), errors.New(huge)} {
		text := enricher.NewPanicError(value, nil).Error()
		assert.Equal(t, "panic: "+huge[:64<<10], text, "%T", value)
	}
}

func TestAsType(t *testing.T) {
	t.Parallel()
	inner := &fs.PathError{Op: "inner", Err: io.EOF}
	outer := &fs.PathError{Op: "outer", Err: inner}
	found, ok := enricher.AsType[*fs.PathError](fmt.Errorf("a: %w", errors.Join((*fs.PathError)(nil), outer, inner)))
	assert.True(t, ok)
	assert.Same(t, outer, found)

	timeout, ok := enricher.AsType[interface {
		error
		Timeout() bool
	}](outer)
	assert.True(t, ok)
	assert.Same(t, outer, timeout)

	none, ok := enricher.AsType[*fs.PathError]((*fs.PathError)(nil))
	assert.False(t, ok)
	assert.Nil(t, none)
	_, ok = enricher.AsType[*fs.PathError](nil)
	assert.False(t, ok)

	self := &link{}
	self.next = self
	_, ok = enricher.AsType[*fs.PathError](self)
	assert.False(t, ok, "and it ends")
}

func TestRecovered(t *testing.T) {
	t.Parallel()
	var first, again *enricher.PanicError
	func() {
		defer func() { again = enricher.Recovered(recover()) }()
		func() {
			defer func() {
				v := recover()
				first = enricher.Recovered(v)
				panic(v)
			}()
			explode()
		}()
	}()
	for _, p := range []*enricher.PanicError{first, again} {
		assert.EqualError(t, p, "panic: boom")
		f, _ := runtime.CallersFrames(p.Callers()).Next()
		assert.Equal(t, "github.com/failure-enrichers/enricher_test.explode", f.Function)
		assert.True(t, strings.HasPrefix(p.Stack(), "github.com/failure-enrichers/enricher_test.explode(...)\n\t"), p.Stack())
	}
	assert.Nil(t, enricher.NewPanicError("boom", []byte("goroutine 1")).Callers())
	assert.Equal(t, "goroutine 1", enricher.NewPanicError("boom", []byte("goroutine 1")).Stack())
	assert.Empty(t, enricher.NewPanicError("boom", nil).Stack())
}

//go:noinline
func explode() { panic("boom") }

func TestText(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "EOF", enricher.Text(io.EOF))
	assert.Equal(t, "(no error)", enricher.Text(nil))
	assert.Equal(t, "(the Error method of a *enricher_test.panicker panicked: Error)", enricher.Text(&panicker{unwrap: true}))
	assert.Equal(t, "(the Error method of a enricher_test.oddError called runtime.Goexit)",
		enricher.Text(oddError{func() string { runtime.Goexit(); return "" }}))
	assert.Len(t, enricher.Text(errors.New(strings.Repeat("x", 100_000))), 64<<10)
}

type exitsInUnwrap struct{}

func (exitsInUnwrap) Error() string { return "x" }
func (exitsInUnwrap) Unwrap() error { runtime.Goexit(); return nil }
