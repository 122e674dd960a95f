package rules_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload/reloadtest"
	"github.com/failure-enrichers/enricher/enrichers/rules"
)

func TestConditions(t *testing.T) {
	t.Parallel()
	path := &fs.PathError{Op: "open", Path: "x", Err: syscall.ENOENT}
	wrapped := fmt.Errorf("load: %w", enricher.WithLabels(errors.Join(path, context.Canceled), nil))
	type fc = enricher.FailureContext
	type values = map[string]string
	tests := []struct {
		name  string
		rule  rules.Rule
		cause error
		fc    fc
		want  bool
	}{
		{"no condition is met by anything", rules.Rule{}, nil, fc{}, true},

		{"the type is that of %T", rules.Rule{Type: []string{"*fs.PathError"}}, path, fc{}, true},
		{"or with the full path", rules.Rule{Type: []string{"*io/fs.PathError"}}, path, fc{}, true},
		{"a pointer is another type", rules.Rule{Type: []string{"fs.PathError"}}, path, fc{}, false},
		{"one of several types is enough", rules.Rule{Type: []string{"a.B", "*fs.PathError"}}, path, fc{}, true},
		{"plain wrappers are looked through", rules.Rule{Type: []string{"*fs.PathError"}}, wrapped, fc{}, true},
		{"others are not", rules.Rule{Type: []string{"syscall.Errno"}}, path, fc{}, false},
		{"of joined errors the first has the type", rules.Rule{Type: []string{"*errors.errorString"}}, wrapped, fc{}, false},

		{"the chain has what is wrapped", rules.Rule{Chain: []string{"syscall.Errno"}}, wrapped, fc{}, true},
		{"and what is joined", rules.Rule{Chain: []string{"*errors.errorString"}}, wrapped, fc{}, true},
		{"and the error itself", rules.Rule{Chain: []string{"*fmt.wrapError"}}, wrapped, fc{}, true},
		{"and nothing else", rules.Rule{Chain: []string{"*os.SyscallError"}}, wrapped, fc{}, false},
		{
			"a panic has the type of its value in its chain",
			rules.Rule{Type: []string{"*enricher.PanicError"}, Chain: []string{"*fs.PathError"}},
			enricher.NewPanicError(path, nil),
			fc{},
			true,
		},

		{"an expression is found anywhere", rules.Rule{Message: "file"}, path, fc{}, true},
		{"unless it is anchored", rules.Rule{Message: "^file"}, path, fc{}, false},
		{"its case counts", rules.Rule{Message: "OPEN"}, path, fc{}, false},
		{"unless it says otherwise", rules.Rule{Message: "(?i)OPEN X"}, path, fc{}, true},
		{"the message is that of the wrapper", rules.Rule{Message: "^load: open x"}, wrapped, fc{}, true},
		{"beyond 64 KiB nothing is found", rules.Rule{Message: "end"}, errors.New(strings.Repeat("x", 64<<10) + "end"), fc{}, false},
		{"up to there it is", rules.Rule{Message: "end$"}, errors.New(strings.Repeat("x", 64<<10-3) + "end and more"), fc{}, true},

		{"a job matches a glob", rules.Rule{Job: []string{"import-*"}}, nil, fc{JobName: "import-a/b"}, true},
		{"as a whole", rules.Rule{Job: []string{"import"}}, nil, fc{JobName: "import-a"}, false},
		{"or another glob", rules.Rule{Job: []string{"x", "import-?"}}, nil, fc{JobName: "import-a"}, true},
		{"a job of no name matches *", rules.Rule{Job: []string{"*"}}, nil, fc{}, true},
		{"but not ?*", rules.Rule{Job: []string{"?*"}}, nil, fc{}, false},
		{"a task matches a glob", rules.Rule{Task: []string{"load-[0-9]"}}, nil, fc{TaskName: "load-7", JobName: "x"}, true},
		{"the job's name is not the task's", rules.Rule{Task: []string{"x"}}, nil, fc{TaskName: "load-7", JobName: "x"}, false},

		{"an attribute matches", rules.Rule{Attributes: map[string][]string{"a": {"x", "y*"}}}, nil, fc{Attributes: values{"a": "yz"}}, true},
		{"or not", rules.Rule{Attributes: map[string][]string{"a": {"x", "y*"}}}, nil, fc{Attributes: values{"a": "z"}}, false},
		{"one that is not there does not", rules.Rule{Attributes: map[string][]string{"a": {"*"}}}, nil, fc{}, false},
		{"an empty one is there", rules.Rule{Attributes: map[string][]string{"a": {"*"}}}, nil, fc{Attributes: values{"a": ""}}, true},
		{"all of them have to match", rules.Rule{Attributes: map[string][]string{"a": {"x"}, "b": {"x"}}}, nil, fc{Attributes: values{"a": "x", "b": "y"}}, false},

		{"a label matches", rules.Rule{Labels: map[string][]string{"l": {"USER", "SYS*"}}}, nil, fc{Labels: enricher.Labels{"l": "SYSTEM"}}, true},
		{"or not", rules.Rule{Labels: map[string][]string{"l": {"USER", "SYS*"}}}, nil, fc{Labels: enricher.Labels{"l": "user"}}, false},
		{"an attribute is no label", rules.Rule{Labels: map[string][]string{"l": {"*"}}}, nil, fc{Attributes: values{"l": "USER"}}, false},

		{"a number is that attempt", rules.Rule{Attempt: "3"}, nil, fc{Attempt: 3}, true},
		{"and no other", rules.Rule{Attempt: "3"}, nil, fc{Attempt: 2}, false},
		{"= says the same", rules.Rule{Attempt: "= 3"}, nil, fc{Attempt: 3}, true},
		{"!= is any other", rules.Rule{Attempt: "!=3"}, nil, fc{Attempt: 2}, true},
		{"that is known", rules.Rule{Attempt: "!=3"}, nil, fc{}, false},
		{">= has the number", rules.Rule{Attempt: " >= 3 "}, nil, fc{Attempt: 3}, true},
		{"and no lower one", rules.Rule{Attempt: ">= 3"}, nil, fc{Attempt: 2}, false},
		{"> has higher ones", rules.Rule{Attempt: ">3"}, nil, fc{Attempt: 4}, true},
		{"and not the number", rules.Rule{Attempt: ">3"}, nil, fc{Attempt: 3}, false},
		{"< has lower ones", rules.Rule{Attempt: "<3"}, nil, fc{Attempt: 2}, true},
		{"and not the number itself", rules.Rule{Attempt: "<3"}, nil, fc{Attempt: 3}, false},
		{"and not an unknown one", rules.Rule{Attempt: "<3"}, nil, fc{}, false},
		{"<= has the number", rules.Rule{Attempt: "<=3"}, nil, fc{Attempt: 3}, true},
		{"and no higher one", rules.Rule{Attempt: "<=3"}, nil, fc{Attempt: 4}, false},
		{"nor an unknown one", rules.Rule{Attempt: "<=3"}, nil, fc{}, false},
		{"the last attempt is the last", rules.Rule{Attempt: "last"}, nil, fc{Attempt: 3, MaxAttempts: 3}, true},
		{"and not the one before", rules.Rule{Attempt: "last"}, nil, fc{Attempt: 2, MaxAttempts: 3}, false},
		{"without a limit there is no last attempt", rules.Rule{Attempt: "last"}, nil, fc{Attempt: 2}, false},

		{
			"a failure type is one of those",
			rules.Rule{FailureType: []enricher.FailureType{enricher.FailureTypeTask, enricher.FailureTypeGlobal}},
			nil,
			fc{Type: enricher.FailureTypeGlobal},
			true,
		},
		{"or not", rules.Rule{FailureType: []enricher.FailureType{enricher.FailureTypeTask}}, nil, fc{Type: enricher.FailureTypeTaskManager}, false},
		{"an unknown one is none", rules.Rule{FailureType: []enricher.FailureType{enricher.FailureTypeTask}}, nil, fc{}, false},

		{"all conditions have to be met", rules.Rule{Message: "file", Job: []string{"a"}, Attempt: "1"}, path, fc{JobName: "a", Attempt: 1}, true},
		{"a single one that is not is enough", rules.Rule{Message: "file", Job: []string{"a"}, Attempt: "1"}, path, fc{JobName: "b", Attempt: 1}, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			tt.rule.Set = hit
			if tt.cause == nil {
				tt.cause = errors.New("failed")
			}
			var want enricher.Labels
			if tt.want {
				want = hit
			}
			assert.Equal(t, want, reloadtest.Process(t, load(t, tt.rule), tt.cause, tt.fc))
		})
	}
}

func TestRulesWithoutAllUseTheFirstMatch(t *testing.T) {
	t.Parallel()
	fe := load(t,
		rules.Rule{Message: "a", Set: map[string]string{"k": "1"}},
		rules.Rule{Message: "ab", Set: map[string]string{"k": "2", "l": "2"}},
		rules.Rule{Set: map[string]string{"m": "3"}},
	)
	assert.Equal(t, []string{"k", "l", "m"}, fe.OutputKeys())
	assert.Empty(t, fe.(enricher.LabelReader).InputKeys())
	assert.Equal(t, enricher.Labels{"k": "1"}, reloadtest.Process(t, fe, errors.New("ab"), enricher.FailureContext{}))
	assert.Equal(t, enricher.Labels{"m": "3"}, reloadtest.Process(t, fe, errors.New("x"), enricher.FailureContext{}))
}

func TestRulesWithAllMergeMatches(t *testing.T) {
	t.Parallel()
	fe, err := rules.New(rules.Options{All: true, Rules: []rules.Rule{
		{Message: "a", Set: map[string]string{"k": "1"}},
		{Message: "ab", Set: map[string]string{"k": "2", "l": "2"}},
		{Message: "c", Set: map[string]string{"l": "3"}},
		{Set: map[string]string{"m": "4", "l": "4"}},
	}})
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"k": "1", "l": "2", "m": "4"}, reloadtest.Process(t, fe, errors.New("ab"), enricher.FailureContext{}))
	assert.Equal(t, enricher.Labels{"l": "3", "m": "4"}, reloadtest.Process(t, fe, errors.New("c"), enricher.FailureContext{}))
}

func TestValues(t *testing.T) {
	t.Parallel()
	tests := []struct{ message, value, text, want string }{
		{"(a)(b)", "$2-$1", "xab", "b-a"},
		{"(a)(b)", "${1}1$$2", "ab", "a1$2"},
		{"(a)|(b)", "<$1>", "b", "<>"},
		{"(?P<x>a+)(?<y_1>b)", "$x$y_1${x}", "aab", "aabaa"},
		{"a.c", "[$0]", "xabcx", "[abc]"},
		{"(.*)", "$1", "a\tb", "a\tb"},
		{"(?s)(.*)", "$1", "a\x1bb\nc\xff", "a\uFFFDb\nc\uFFFD"},
		{"(x+)", "$1", strings.Repeat("x", 2000), strings.Repeat("x", 1024)},
		{"(ü+)", "a$1", strings.Repeat("ü", 2000), "a" + strings.Repeat("ü", 511)},
		{"", "no $$1 group", "x", "no $1 group"},
		{"", "\x00\xff", "x", "\uFFFD\uFFFD"},
		{"", strings.Repeat("y", 2000), "x", strings.Repeat("y", 1024)},
		{"(.+)", "$1", strings.Repeat("x", 1000) + " redis://:hunter2hunter2@h", strings.Repeat("x", 1000) + " redis://:***@h"},
		{"provided: (.+)", "key $1", "Incorrect API key provided: hunter2hunter2", "key ***"},
		{"password=(.*) user=(.*)", "$1 $2", "password=hunter2 user=bob", "*** bob"},
		{"", "", "x", ""},
	}
	for _, tt := range tests {
		e := load(t, rules.Rule{Message: rules.Expression(tt.message), Set: map[string]string{"k": tt.value}})
		assert.Equal(t, enricher.Labels{"k": tt.want}, reloadtest.Process(t, e, errors.New(tt.text), enricher.FailureContext{}), "%q", tt.value)
	}
}

func TestProcessFailureEndsWithItsContext(t *testing.T) {
	t.Parallel()
	list := slices.Repeat([]rules.Rule{{Message: "x", Set: hit}}, 100)
	for i := range list {
		list[i].Job = []string{fmt.Sprint(i)}
	}
	fe := load(t, list...)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(context.DeadlineExceeded)
	labels, err := fe.ProcessFailure(ctx, errors.New("a"), enricher.FailureContext{})
	require.EqualError(t, err, "time was up after 15 of 100 rules: context deadline exceeded")
	require.ErrorIs(t, err, context.DeadlineExceeded)
	assert.Nil(t, labels)
	assert.Zero(t, reloadtest.Counts(fe)["unmatched"])
	_, _, err = fe.(enricher.Explainer).ExplainFailure(ctx, errors.New("a"), enricher.FailureContext{})
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestLiteral(t *testing.T) {
	t.Parallel()
	tests := map[string]string{
		"": "", "abc": "abc", "^abc$": "abc", "a.*bcd": "bcd", "(abc)+": "abc", "(?:abc){2,}x": "abc",
		"(abc)?": "", "(abc)*x": "x", "(abc){0,2}": "", "abc|abd": "ab", "x|y": "", "(?i)abc": "", "a(?i:bcd)e": "a",
		`\d+ errors? of (?P<n>\w+) in`: " error", "[a]bc": "abc", "ü+": "ü", ".": "", "ab?": "a",
	}
	for expression, want := range tests {
		assert.Equal(t, want, rules.Literal(expression), expression)
	}
}

func FuzzLiteral(f *testing.F) {
	f.Add("a(b|c)+d{2,3}?", "xabdd")
	f.Add("(?i)a(?-i)b|ab", "Ab")
	f.Fuzz(func(t *testing.T, expression, text string) {
		re, err := regexp.Compile(expression)
		text = strings.ToValidUTF8(text, "\uFFFD") // like messages
		if err == nil && re.MatchString(text) {
			require.Contains(t, text, rules.Literal(expression))
		}
	})
}
