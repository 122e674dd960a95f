package enricherwasm_test

import (
	"bytes"
	"context"
	"log/slog"
	"math"
	"regexp"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enricherwasm"
)

// one returns the only outcome of a failure, and its labels.
func one(t *testing.T, e *enricher.Enricher, fc enricher.FailureContext) (enricher.Outcome, enricher.Labels) {
	res := e.EnrichContext(context.Background(), errFailed, fc)
	require.Len(t, res.Outcomes, 1)
	return res.Outcomes[0], res.Labels
}

func TestGrant(t *testing.T) {
	t.Parallel()
	hand := module{}.bytes()
	for _, test := range []struct {
		plugin any
		want   string // "": accepted
	}{
		{options{"memory": "1MiB"}, ""},
		{options{"memory": "1 GiB"}, ""},
		{options{"memory": 16 << 20}, ""},
		{options{"memory": "200KB"}, "200000 bytes: must be between 1MiB and 4GiB"},
		{options{"memory": 64}, "64 bytes: must be between 1MiB and 4GiB"},
		{options{"memory": "64"}, `must be a size with a unit`},
		{options{"memory": "5GiB"}, "plugin.memory"},
		{options{"memory": "9999999999GiB"}, "plugin.memory"},
		{options{"memory": 0}, ""},
		{options{"memory": "0"}, ""},
		{options{"instances": "3"}, ""},
		{options{"instances": 0}, ""},
		{options{"instances": -1}, "-1: must be between 1 and 1024"},
		{options{"instances": 1025}, "plugin.instances"},
		{options{"env": "PATH, PATH"}, ""},
		{options{"env": "PATH, NOT_SET"}, `option "plugin.env": the environment variable "NOT_SET" is not set`},
		{options{"env": []string{"A=b"}}, `"A=b": must be names of environment variables`},
		{options{"sha256": "abc"}, `"abc": must be 64 hexadecimal digits`},
		{options{"sha256": strings.Repeat("0", 64)}, "plugin.sha256"},
		{options{"files": true}, "plugin.files"},
		{"all", "plugin"},
	} {
		_, err := create(t, hand, options{"plugin": test.plugin})
		if test.want == "" {
			assert.NoError(t, err, test.plugin)
		} else {
			assert.ErrorContains(t, err, test.want, test.plugin)
		}
	}
	_, err := create(t, hand, options{"plugin": options{"memory": "1MiB"}, "Plugin": options{}})
	assert.ErrorContains(t, err, `option "plugin": the same option as "Plugin"`)

	t.Run("of a SHA-256", func(t *testing.T) {
		e := newGuest(t, nil)
		sum := e.Enrichers()[0].Location.Sum
		newGuest(t, options{"plugin": options{"sha256": sum}})
		newGuest(t, options{"Plugin": options{"sha256": "sha256:" + strings.ToUpper(sum)}})
		_, err := create(t, hand, options{"plugin": options{"sha256": sum}})
		require.ErrorContains(t, err, `option "plugin.sha256": the SHA-256 of the file is `)
		assert.ErrorContains(t, err, "and only "+sum+" is accepted")
	})

	t.Run("of memory", func(t *testing.T) {
		outcome, _ := one(t, newGuest(t, nil), do("grow"))
		assert.Equal(t, enricher.StatusOK, outcome.Status, outcome.Err)
		outcome, _ = one(t, newGuest(t, options{"plugin": options{"memory": "16MiB"}}), do("grow"))
		assert.Equal(t, enricher.StatusPanicked, outcome.Status)
		assert.ErrorContains(t, outcome.Err, "out of memory")
	})

	t.Run("of no files", func(t *testing.T) {
		_, labels := one(t, newGuest(t, nil), do("files"))
		assert.Equal(t, 3, strings.Count(labels["guest"], "Bad file number"), labels)
	})
}

func TestGrantOfEnvironment(t *testing.T) {
	t.Setenv("GRANTED", "seen")
	t.Setenv("HIDDEN", "unseen")
	_, labels := one(t, newGuest(t, options{"plugin": options{"env": []string{"GRANTED"}}}), do("environment"))
	assert.Equal(t, enricher.Labels{"guest": "seen 1"}, labels)
	_, labels = one(t, newGuest(t, nil), do("environment"))
	assert.Equal(t, enricher.Labels{"guest": " 0"}, labels)
}

func TestInstancesOfAName(t *testing.T) {
	t.Parallel()
	dir, err := goFolder()
	require.NoError(t, err)
	e := load(t, dir, enricher.Config{
		FailureEnrichers: []string{"guest/payments", "guest/infra"},
		Options:          map[string]map[string]any{"guest/payments": {"key": "payments"}, "guest/infra": {"key": "infra"}},
	})
	assert.Equal(t, enricher.Labels{"payments": "1", "infra": "1"}, e.Enrich(errFailed))
}

func TestOptions(t *testing.T) {
	t.Parallel()
	dir, err := goFolder()
	require.NoError(t, err)
	f, _ := registry(t, dir).Factory("guest")
	for want, own := range map[string]options{
		`"options":{"do":"echo"}`:      {"plugin": options{"instances": 1}},
		`"wait":"1.5s"`:                {"wait": 1500 * time.Millisecond},
		`{"1":"one","true":["2s",""]}`: {"any": map[any]any{1: "one", true: []any{2 * time.Second, ""}}},
		`"level":"WARN"`:               {"level": slog.LevelWarn},
		`"n":9223372036854775807`:      {"n": int64(math.MaxInt64)},
	} {
		own["do"] = "echo"
		_, err := f.CreateFailureEnricher(enricher.NewFactoryConfig("guest/a", own))
		assert.ErrorContains(t, err, want)
		assert.ErrorContains(t, err, `"name":"guest/a"`)
		ce, ok := enricher.AsType[*enricher.ConfigError](err)
		require.True(t, ok)
		assert.Equal(t, "do", ce.Option)
	}
	_, err = f.CreateFailureEnricher(enricher.NewFactoryConfig("guest", options{"n": math.NaN()}))
	assert.ErrorContains(t, err, "the options cannot be written as JSON")
}

func TestFaults(t *testing.T) {
	t.Parallel()
	e := newGuest(t, options{"plugin": options{"instances": 1}})
	for _, test := range []struct {
		do     string
		status enricher.Status
		want   []string
	}{
		{"exit", enricher.StatusPanicked, []string{"the plugin exited with status 3"}},
		{"panic", enricher.StatusPanicked, []string{"the plugin was trapped: wasm error: unreachable; it printed: the reason\n", "panic: a fault", "goroutine "}},
		{"print", enricher.StatusPanicked, []string{"0123456789abcdef\n0123456789abcdef", "bytes …", "panic: the end"}},
		{"deep", enricher.StatusPanicked, []string{"out of memory"}},
	} {
		outcome, labels := one(t, e, do(test.do))
		assert.Equal(t, test.status, outcome.Status, test.do)
		assert.Empty(t, labels)
		for _, want := range test.want {
			assert.ErrorContains(t, outcome.Err, want, test.do)
		}
		// The next one is answered by a new instance.
		outcome, labels = one(t, e, do(""))
		assert.Equal(t, enricher.StatusOK, outcome.Status, "after %s: %v", test.do, outcome.Err)
		assert.Equal(t, enricher.Labels{"guest": "1"}, labels, test.do)
	}
	assert.Equal(t, map[string]uint64{"started": 5, "crashed": 4, "ended": 0, "malformed": 0}, e.Stats().Enrichers[0].Counts)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		code   module
		status enricher.Status
		want   string
	}{
		"an error":          {module{processed: `{"error":{"text":"no connection"}}`}, enricher.StatusFailed, "no connection"},
		"a misspelt field":  {module{processed: `{"label":{"hand":"x"}}`}, enricher.StatusFailed, `unknown field "label"; known fields: labels, error (option, text)`},
		"in the error":      {module{processed: `{"error":{"message":"x"}}`}, enricher.StatusFailed, `unknown field "message"; known fields: labels, error (option, text)`},
		"too many fields":   {module{processed: `{"labels":{},"more":1}`}, enricher.StatusFailed, `unknown field "more"`},
		"no labels":         {module{processed: `{}`}, enricher.StatusOK, ""},
		"no JSON":           {module{processed: `{"labels":`}, enricher.StatusFailed, "the answer is not the JSON that is expected"},
		"another JSON":      {module{processed: `{"labels":[1]}`}, enricher.StatusFailed, "the answer is not the JSON that is expected"},
		"no address":        {module{process: append(result(0xffffffff, 2), 0x0f)}, enricher.StatusFailed, "2 bytes at the address 4294967295, is not in the memory of 262144 bytes"},
		"beyond the end":    {module{process: append(result(256<<10-1, 2), 0x0f)}, enricher.StatusFailed, "is not in the memory"},
		"nothing":           {module{process: append(i64(0), 0x0f)}, enricher.StatusFailed, "the answer is not the JSON that is expected"},
		"4 GiB":             {module{process: append(i64(0xffffffff), 0x0f)}, enricher.StatusFailed, "the answer has 4294967295 bytes"},
		"no place":          {module{}, enricher.StatusFailed, "which is not in the memory of 262144 bytes"},
		"a trap":            {module{process: unreachable}, enricher.StatusPanicked, "the plugin was trapped: wasm error: unreachable"},
		"a system call":     {module{process: drop(i32(0), i32(0), i32(1<<28), i32(0), call(fnPoll))}, enricher.StatusPanicked, "trapped"},
		"an undeclared key": {module{processed: `{"labels":{"other":"x"}}`}, enricher.StatusOK, ""},
	} {
		t.Run(name, func(t *testing.T) {
			code := test.code
			if name == "no place" { // alloc is right for create, which has less than 60 bytes, and wrong for process
				code.alloc = join([]byte{0x20, 0}, i32(60), []byte{0x49, 0x04, 0x7f}, i32(inputAt), []byte{0x05}, i32(256<<10-50), []byte{0x0b})
			}
			e := load(t, open(t, folder(t, map[string][]byte{"guest.wasm": code.bytes()})), enricher.Config{
				Options: map[string]map[string]any{"guest": {"plugin": options{"instances": 1}}},
			})
			for n := range uint64(2) {
				outcome, labels := one(t, e, do(""))
				assert.Equal(t, test.status, outcome.Status, outcome.Err)
				assert.Empty(t, labels)
				if test.want != "" {
					assert.ErrorContains(t, outcome.Err, test.want)
				}
				// An instance that answered badly is not used again.
				bad := test.status != enricher.StatusOK && name != "an error"
				counts := e.Stats().Enrichers[0].Counts
				assert.Equal(t, bad, counts["started"] == n+1 && counts["crashed"]+counts["malformed"] == n+1, counts)
			}
		})
	}
}

func TestReader(t *testing.T) {
	t.Parallel()
	code := module{created: `{"v":1,"outputKeys":["hand"],"inputKeys":["type"],"inputValues":{"type":["USER"]},"labels":[{"key":"hand","doc":"What it is.","values":["made"]}]}`}
	fe, err := create(t, code.bytes(), nil)
	require.NoError(t, err)
	r := fe.(enricher.ValueReader)
	assert.Equal(t, []string{"type"}, r.InputKeys())
	assert.Equal(t, map[string][]string{"type": {"USER"}}, r.InputValues())
	assert.Equal(t, []enricher.LabelDescription{{Key: "hand", Doc: "What it is.", Values: []string{"made"}}}, fe.(enricher.LabelDescriber).DescribeLabels())
	fe, err = create(t, module{}.bytes(), nil)
	require.NoError(t, err)
	_, ok := fe.(enricher.LabelReader)
	assert.False(t, ok)
}

func TestDeadline(t *testing.T) {
	t.Parallel()
	dir, err := goFolder()
	require.NoError(t, err)
	e := load(t, dir, enricher.Config{Timeout: 100 * time.Second})
	_, labels := one(t, e, do("deadline"))
	ms, err := time.ParseDuration(strings.TrimPrefix(labels["guest"], "deadlineMs=") + "ms")
	require.NoError(t, err)
	assert.LessOrEqual(t, ms, 95*time.Second)
	assert.Greater(t, ms, 50*time.Second)
}

func TestLog(t *testing.T) {
	t.Parallel()
	var lines bytes.Buffer
	e := newGuest(t, nil, enricher.WithLogger(slog.New(slog.NewTextHandler(&lines, nil))))
	lines.Reset()
	one(t, e, do("log")) // writes 100
	require.NoError(t, e.Shutdown(context.Background()))
	total := strings.Count(lines.String(), `level=WARN msg="a line of the guest" enricher=guest`)
	assert.GreaterOrEqual(t, total, 20)
	assert.Less(t, total, 100)
	assert.Contains(t, lines.String(), `level=WARN msg="Log lines were suppressed" enricher=guest suppressed=`)
	for _, m := range regexp.MustCompile(`suppressed=(\d+)`).FindAllStringSubmatch(lines.String(), -1) {
		n, err := strconv.Atoi(m[1])
		require.NoError(t, err)
		total += n
	}
	assert.Equal(t, 100, total)
}

func TestPool(t *testing.T) {
	t.Parallel()

	t.Run("uses the last instance first", func(t *testing.T) {
		e := newGuest(t, nil)
		for _, want := range []string{"1", "2", "3"} {
			_, labels := one(t, e, do(""))
			assert.Equal(t, want, labels["guest"])
		}
	})

	t.Run("has as many instances as are granted", func(t *testing.T) {
		e := newGuest(t, options{"plugin": options{"instances": 3}})
		var calls sync.WaitGroup
		for range 30 {
			calls.Go(func() {
				outcome, _ := one(t, e, do(""))
				assert.NoError(t, outcome.Err)
			})
		}
		calls.Wait()
		assert.LessOrEqual(t, e.Stats().Enrichers[0].Counts["started"], uint64(3))
	})

	t.Run("lets a call wait as long as its ctx allows", func(t *testing.T) {
		fe, err := create(t, module{process: forever}.bytes(), options{"plugin": options{"instances": 1}})
		require.NoError(t, err)
		ctx, cancel := context.WithCancel(context.Background())
		var busy sync.WaitGroup
		for range 2 {
			busy.Go(func() {
				_, err := fe.ProcessFailure(ctx, errFailed, enricher.FailureContext{})
				assert.ErrorIs(t, err, context.Canceled)
			})
		}
		for range 3 {
			short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			_, err := fe.ProcessFailure(short, errFailed, enricher.FailureContext{})
			assert.ErrorIs(t, err, context.DeadlineExceeded)
			cancel()
		}
		cancel()
		busy.Wait()
	})

	t.Run("replaces an instance whose memory has grown", func(t *testing.T) {
		e := newGuest(t, options{"plugin": options{"instances": 1, "memory": "64MiB"}})
		for _, call := range []struct{ do, want string }{{"grow", "1"}, {"grow", "2"}, {"", "1"}} { // 24 MiB each
			outcome, labels := one(t, e, do(call.do))
			assert.NoError(t, outcome.Err)
			assert.Equal(t, call.want, labels["guest"])
		}
	})
}

func TestClose(t *testing.T) {
	t.Parallel()
	folder := folder(t, map[string][]byte{"hand.wasm": module{}.bytes()})
	dir, err := enricherwasm.Open(folder, enricherwasm.Options{})
	require.NoError(t, err)
	f, _ := registry(t, dir).Factory("hand")
	fe, err := f.CreateFailureEnricher(enricher.NewFactoryConfig("hand", nil))
	require.NoError(t, err)
	require.NoError(t, dir.Close())
	require.NoError(t, dir.Close())
	_, err = fe.ProcessFailure(context.Background(), errFailed, enricher.FailureContext{})
	assert.ErrorContains(t, err, "the plugin is closed")
	_, err = f.CreateFailureEnricher(enricher.NewFactoryConfig("hand", nil))
	assert.ErrorContains(t, err, "the plugin is closed")
}
