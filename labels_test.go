package enricher_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func TestLabelsPrintInTheOrderOfTheirKeys(t *testing.T) {
	t.Parallel()
	for want, l := range map[string]enricher.Labels{
		"":                       {},
		"a=":                     {"a": ""},
		"B=2, a=1, b=x=y, z, c=": {"b": "x=y, z", "a": "1", "c": "", "B": "2"},
	} {
		assert.Equal(t, want, l.String())
		assert.Equal(t, want, fmt.Sprint(l))
	}
	assert.Empty(t, enricher.Labels(nil).String())
}

func TestKeysAreSorted(t *testing.T) {
	t.Parallel()
	assert.Equal(t, []string{"B", "a", "b"}, enricher.Labels{"b": "", "B": "", "a": ""}.Keys())
	assert.Empty(t, enricher.Labels{}.Keys())
	assert.Empty(t, enricher.Labels(nil).Keys())
}

func TestACloneIsACopy(t *testing.T) {
	t.Parallel()
	l := enricher.Labels{"a": "1"}
	c := l.Clone()
	assert.Equal(t, l, c)
	c["a"] = "2"
	assert.Equal(t, enricher.Labels{"a": "1"}, l)
	assert.Nil(t, enricher.Labels(nil).Clone())
	assert.NotNil(t, enricher.Labels{}.Clone())
}

func TestLabelsAreLoggedAsASortedGroup(t *testing.T) {
	t.Parallel()
	var buf bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&buf, &slog.HandlerOptions{
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey {
				return slog.Attr{}
			}
			return a
		},
	}))
	logger.Info("failed", "labels", enricher.Labels{"b": "2", "a": "1", "c": ""})
	assert.Equal(t, `{"level":"INFO","msg":"failed","labels":{"a":"1","b":"2","c":""}}`+"\n", buf.String())
	buf.Reset()
	logger.Info("failed", "labels", enricher.Labels(nil))
	assert.Equal(t, `{"level":"INFO","msg":"failed"}`+"\n", buf.String(), "an empty group is left out")
	assert.Equal(t, slog.KindGroup, enricher.Labels(nil).LogValue().Kind())
}

func TestARestartIsVetoedByAnyValueButFalse(t *testing.T) {
	t.Parallel()
	assert.Equal(t, "JOB_CANNOT_RESTART", enricher.KeyJobCannotRestart)
	for value, want := range map[string]bool{
		"true": true, "": true, "no": true, "False": true, " false": true, "the schema has changed": true, "false": false,
	} {
		assert.Equal(t, want, enricher.Labels{"JOB_CANNOT_RESTART": value}.CannotRestart(), value)
	}
	assert.False(t, enricher.Labels{"job_cannot_restart": "true"}.CannotRestart())
	assert.False(t, enricher.Labels{}.CannotRestart())
	assert.False(t, enricher.Labels(nil).CannotRestart())
}

// A ruleError is an error of a type and with a text in %+v of its own.
type ruleError struct{ rule string }

func (e *ruleError) Error() string { return "rule " + e.rule }

func (e *ruleError) Format(s fmt.State, verb rune) {
	_, _ = io.WriteString(s, e.Error())
	if verb == 'v' && s.Flag('+') {
		_, _ = io.WriteString(s, " at line 3")
	}
}

func TestAnErrorWithLabelsIsSeenThrough(t *testing.T) {
	t.Parallel()
	inner := &ruleError{"payments"}
	err := enricher.WithLabels(fmt.Errorf("%w: %w", io.EOF, inner), enricher.Labels{"a": "1"})
	assert.EqualError(t, err, "EOF: rule payments")
	assert.ErrorIs(t, err, io.EOF)
	var found *ruleError
	require.ErrorAs(t, err, &found)
	assert.Same(t, inner, found)
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(err))

	err = enricher.WithLabels(inner, nil)
	assert.Equal(t, "rule payments", fmt.Sprintf("%v", err))
	assert.Equal(t, "rule payments at line 3", fmt.Sprintf("%+v", err))
	err = enricher.WithLabels(errors.New("a\nb"), nil)
	assert.Equal(t, `"a\nb"`, fmt.Sprintf("%q", err))
	assert.Equal(t, "   a\nb|a", fmt.Sprintf("%6s|%.1s", err, err))
	assert.Equal(t, enricher.Labels{}, enricher.LabelsOf(err))
}

func TestNilWithLabelsStaysNil(t *testing.T) {
	t.Parallel()
	assert.NoError(t, enricher.WithLabels(nil, enricher.Labels{"a": "1"}))
	// Unlike a typed nil, which is an error.
	err := enricher.WithLabels((*ruleError)(nil), enricher.Labels{"a": "1"})
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(err))
}

func TestAttachedLabelsAreCopiedOnTheWayInAndOut(t *testing.T) {
	t.Parallel()
	l := enricher.Labels{"a": "1"}
	err := enricher.WithLabels(io.EOF, l)
	l["a"] = "changed"
	enricher.LabelsOf(err)["a"] = "changed"
	err.(interface{ FailureLabels() map[string]string }).FailureLabels()["a"] = "changed"
	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(err))

	own := carrier{labels: map[string]string{"a": "1"}}
	enricher.LabelsOf(own)["a"] = "changed"
	assert.Equal(t, map[string]string{"a": "1"}, own.labels)
}

// A carrier is an error of somebody else that has labels. It is no pointer, and
// not comparable.
type carrier struct {
	labels map[string]string
	wraps  []error
}

func (c carrier) Error() string                    { return "carrier" }
func (c carrier) FailureLabels() map[string]string { return c.labels }
func (c carrier) Unwrap() []error                  { return c.wraps }

// labeled returns err with one label.
func labeled(key, value string, err error) error {
	return enricher.WithLabels(err, enricher.Labels{key: value})
}

// wrapped returns err below n others.
func wrapped(n int, err error) error {
	for range n {
		err = fmt.Errorf("wrapped: %w", err)
	}
	return err
}

func TestTheOutermostLabelWins(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		err  error
		want enricher.Labels
	}{
		"of a chain": {
			labeled("a", "outer", wrapped(2, labeled("a", "inner", labeled("b", "innermost", io.EOF)))),
			enricher.Labels{"a": "outer", "b": "innermost"},
		},
		"of a later branch that is less deep": {
			errors.Join(wrapped(2, labeled("a", "deep", io.EOF)), wrapped(1, labeled("a", "middle", io.EOF)), labeled("a", "shallow", io.EOF)),
			enricher.Labels{"a": "shallow"},
		},
		"of an earlier branch that is less deep": {
			errors.Join(labeled("a", "shallow", labeled("b", "1", io.EOF)), wrapped(1, labeled("a", "deep", io.EOF))),
			enricher.Labels{"a": "shallow", "b": "1"},
		},
		"the first of equally deep ones": {
			errors.Join(io.EOF, wrapped(1, labeled("a", "first", io.EOF)), wrapped(1, labeled("a", "second", io.EOF))),
			enricher.Labels{"a": "first"},
		},
		"key by key": {
			errors.Join(wrapped(1, enricher.WithLabels(io.EOF, enricher.Labels{"a": "deep", "b": "deep"})), labeled("b", "shallow", io.EOF)),
			enricher.Labels{"a": "deep", "b": "shallow"},
		},
		"of anybody's errors": {
			carrier{map[string]string{"a": "outer"}, []error{carrier{map[string]string{"a": "inner", "b": "inner"}, nil}}},
			enricher.Labels{"a": "outer", "b": "inner"},
		},
		"though it is empty": {
			labeled("a", "", labeled("a", "inner", io.EOF)),
			enricher.Labels{"a": ""},
		},
	} {
		assert.Equal(t, test.want, enricher.LabelsOf(test.err), what)
	}
}

func TestThereAreAlwaysLabels(t *testing.T) {
	t.Parallel()
	for _, err := range []error{nil, io.EOF, (*ruleError)(nil), errors.Join(io.EOF, nil), carrier{}, enricher.WithLabels(io.EOF, nil)} {
		assert.Equal(t, enricher.Labels{}, enricher.LabelsOf(err))
	}
}

func TestAttachedLabelsAreNotChecked(t *testing.T) {
	t.Parallel()
	l := enricher.Labels{"": "\xff", "a\n": strings.Repeat("x", 1<<20)}
	assert.Equal(t, l, enricher.LabelsOf(enricher.WithLabels(io.EOF, l)))
}

// A node is an error that wraps others and can wrap itself.
type node struct {
	name  string
	wraps []error
}

func (n *node) Error() string   { return n.name }
func (n *node) Unwrap() []error { return n.wraps }

// A link is an error that wraps one other, which may be itself.
type link struct{ next error }

func (l *link) Error() string { return "link" }
func (l *link) Unwrap() error { return l.next }

func TestAChainIsDepthFirstInTheOrderOfWrapping(t *testing.T) {
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

func TestAChainMayBeLeftAndWalkedAgain(t *testing.T) {
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

func TestAChainIsAtMost100Deep(t *testing.T) {
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

func TestAChainIsAtMost10000Errors(t *testing.T) {
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

func TestACyclicTreeEnds(t *testing.T) {
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

// A panicker is an error whose methods panic as they are told.
type panicker struct {
	unwrap, labels bool
	wraps          error
}

func (p *panicker) Error() string { panic("Error") }

func (p *panicker) Unwrap() error {
	if p.unwrap {
		panic("Unwrap")
	}
	return p.wraps
}

func (p *panicker) FailureLabels() map[string]string {
	if p.labels {
		panic("FailureLabels")
	}
	return map[string]string{"panicker": "1"}
}

// panicsToUnwrap is an error that is to wrap several and panics.
type panicsToUnwrap struct{ wraps []error }

func (panicsToUnwrap) Error() string     { return "panics" }
func (p panicsToUnwrap) Unwrap() []error { _ = p.wraps[0]; return p.wraps }

func TestAPanicOfAStrangersMethodEndsItsBranch(t *testing.T) {
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

func TestAPanicOfWhoeverWalksAChainIsHisOwn(t *testing.T) {
	t.Parallel()
	assert.PanicsWithValue(t, "boom", func() {
		for range enricher.Chain(errors.Join(io.EOF)) {
			panic("boom")
		}
	})
}

func TestAPanicIsAnErrorThatWrapsTheOneItWasCalledWith(t *testing.T) {
	t.Parallel()
	stack := []byte("goroutine 1 [running]:")
	p := enricher.NewPanicError("boom", stack)
	assert.EqualError(t, p, "panic: boom")
	assert.Equal(t, "boom", p.Value)
	assert.Equal(t, stack, p.Stack)
	assert.NoError(t, p.Unwrap())

	p = enricher.NewPanicError(fmt.Errorf("read: %w", io.EOF), nil)
	assert.EqualError(t, p, "panic: read: EOF")
	assert.ErrorIs(t, p, io.EOF)
	assert.Nil(t, p.Stack)

	assert.Equal(t, enricher.Labels{"a": "1"}, enricher.LabelsOf(enricher.NewPanicError(labeled("a", "1", io.EOF), nil)))
}

func TestAPanicWithAnyValueHasAText(t *testing.T) {
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
}

// An unprintable error panics with itself where package fmt prints it, and again
// where that prints the panic.
type unprintable struct{}

func (unprintable) Error() string { panic(unprintable{}) }

func TestAsTypeFindsTheFirstThatIsNoNilPointer(t *testing.T) {
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
