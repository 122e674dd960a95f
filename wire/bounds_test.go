package wire_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fault"
	"github.com/failure-enrichers/enricher/internal/hostile"
	"github.com/failure-enrichers/enricher/redact"
	"github.com/failure-enrichers/enricher/wire"
)

// A document is what the tests look at of an encoded failure.
type document struct {
	V     int
	Cut   bool
	Chain []struct {
		Depth   int
		Type    string
		Text    string
		TextCut bool
		Has     map[string]any
		Frames  []any
	}
	Failure map[string]any
}

func documentOf(t *testing.T, data []byte) (d document) {
	t.Helper()
	require.NoError(t, json.Unmarshal(data, &d))
	require.True(t, utf8.Valid(data))
	require.LessOrEqual(t, len(data), 64<<10)
	_, err := wire.Decode(data)
	require.NoError(t, err)
	return d
}

func TestBounds(t *testing.T) {
	t.Parallel()
	t.Run("64 errors", func(t *testing.T) {
		var steps hostile.Steps
		for _, tree := range append(hostile.Trees(&steps), hostile.Named{Name: "one too many", Err: hostile.Deep(65)}) {
			d := documentOf(t, wire.Encode(tree.Err, enricher.FailureContext{}))
			assert.Len(t, d.Chain, 64, tree.Name)
			assert.True(t, d.Cut, tree.Name)
		}
		assert.False(t, steps.Exceeded())
		assert.False(t, documentOf(t, wire.Encode(hostile.Deep(64), enricher.FailureContext{})).Cut)
	})
	t.Run("64 errors that Unwrap does not return", func(t *testing.T) {
		var all listError
		for i := range 64 {
			all = append(all, fmt.Errorf("item %d", i))
		}
		assert.False(t, documentOf(t, wire.Encode(all, enricher.FailureContext{})).Cut)
		assert.True(t, documentOf(t, wire.Encode(append(all, context.Canceled), enricher.FailureContext{})).Cut)
		assert.True(t, documentOf(t, wire.Encode(listError{all, context.Canceled}, enricher.FailureContext{})).Cut)
	})
	t.Run("8 KiB of a text, its first and last half", func(t *testing.T) {
		first, last := strings.Repeat("\u20ac", 1300), strings.Repeat("\u00e9", 2000)
		d := documentOf(t, wire.Encode(errors.New(first+strings.Repeat("x", 10<<20)+last), enricher.FailureContext{}))
		text := d.Chain[0].Text
		assert.True(t, d.Chain[0].TextCut)
		assert.LessOrEqual(t, len(text), 8<<10)
		assert.Greater(t, len(text), 8000)
		assert.True(t, strings.HasPrefix(text, first) && strings.HasSuffix(text, last))
	})
	t.Run("64 KiB in all, with the type and a part of each text", func(t *testing.T) {
		err := errors.New("a cause")
		for i := range 63 {
			err = fmt.Errorf("step %d of %s: %w", i, strings.Repeat("x", 500), err)
		}
		d := documentOf(t, wire.Encode(err, enricher.FailureContext{Attributes: many("k", 500, "v")}))
		assert.True(t, d.Chain[0].TextCut)
		assert.Len(t, d.Chain, 64)
	})
	t.Run("a context beyond all bounds", func(t *testing.T) {
		long := strings.Repeat("\x02\xff", 20_000)
		fc := enricher.FailureContext{
			ID: long, JobName: long, Attributes: many(long, 200, long), Labels: many("l", 1000, long), Type: 9, Time: time.Date(12_000, 1, 1, 0, 0, 0, 0, time.UTC),
		}
		d := documentOf(t, wire.Encode(hostile.Long(), fc))
		assert.NotContains(t, d.Failure, "type")
		assert.NotContains(t, d.Failure, "time")
		assert.Len(t, d.Chain, 1)
	})
	t.Run("32 frames", func(t *testing.T) {
		stack := strings.Repeat("main.f(0x1)\n\t/src/main.go:7 +0x1\n", 100)
		assert.Len(t, documentOf(t, wire.Encode(enricher.NewPanicError("x", []byte(stack)), enricher.FailureContext{})).Chain[0].Frames, 32)
	})
	t.Run("a status that is none", func(t *testing.T) {
		assert.NotContains(t, documentOf(t, wire.Encode(statusError{-5}, enricher.FailureContext{})).Chain[0].Has, "statusCode")
	})
}

// many returns a map with n pairs.
func many(key string, n int, value string) map[string]string {
	m := map[string]string{}
	for i := range n {
		m[fmt.Sprintf("%s%d", key, i)] = value
	}
	return m
}

func TestEncodeSurvivesMethodsThatDoNotReturn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		release := make(chan struct{})
		hangs := hostile.Wrap("outside", hostile.Hangs{Release: release})
		for i := range 70 {
			start := time.Now()
			d := documentOf(t, wire.Encode(hangs, enricher.FailureContext{ID: "1"}))
			assert.True(t, d.Cut)
			assert.Equal(t, "1", d.Failure["id"])
			if i < 64 {
				assert.Equal(t, time.Second, time.Since(start))
				require.Len(t, d.Chain, 2)
				assert.Equal(t, "(the methods of a hostile.Hangs do not return)", d.Chain[1].Text)
			} else { // enough goroutines hang
				assert.Zero(t, time.Since(start))
				require.Len(t, d.Chain, 1)
			}
		}
		close(release)
		synctest.Wait()
		d := documentOf(t, wire.Encode(hangs, enricher.FailureContext{}))
		assert.False(t, d.Cut, "all have returned")
		assert.Equal(t, "released", d.Chain[1].Text)

		d = documentOf(t, wire.Encode(hostile.Join(io.EOF, hostile.Exits{}, io.EOF), enricher.FailureContext{}))
		assert.True(t, d.Cut)
		assert.Len(t, d.Chain, 3)
		assert.Equal(t, "EOF", d.Chain[1].Text)
	})
}

func TestDecode(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, data, want string }{
		{"no JSON", `{`, "wire: unexpected end of JSON input"},
		{"no object", `[1]`, "wire: json: cannot unmarshal array"},
		{"no version", `{}`, "wire: version 0: must be 1"},
		{"another version", `{"v":2}`, "wire: version 2: must be 1"},
	} {
		_, err := wire.Decode([]byte(c.data))
		assert.ErrorContains(t, err, c.want, c.name)
	}

	f, err := wire.Decode([]byte(`{"v":1,"deadlineMs":480,"later":{"a":1},"chain":[
		{"depth":7,"type":"*shop.Error","text":"a","has":{"statusCode":70000,"retryAfterMs":1e99,"code":{"a":1},"timeout":"yes","sqlState":"23505"},
		 "is":["io.EOF","later.Err"],"frames":[{"function":"main.f","line":"7"}],"later":1,"evidence":[{"weight":"later","fault":"USER"}],"wait":"soon"},
		{"depth":3,"text":"b"},{"depth":"x","type":"*fs.PathError","typePath":"*io/fs.PathError","text":"c","fields":{"Path":"c"}}],
		"failure":{"type":"LATER","time":"12026-01-01","attempt":"three","jobId":"j"}}`))
	require.NoError(t, err)
	assert.Equal(t, 480*time.Millisecond, f.Deadline)
	assert.Equal(t, enricher.FailureContext{JobID: "j"}, f.Context())
	cause := f.Cause()
	require.EqualError(t, cause, "a")
	require.ErrorIs(t, cause, io.EOF)
	state, ok := enricher.AsType[interface {
		error
		SQLState() string
	}](cause)
	require.True(t, ok)
	assert.Equal(t, "23505", state.SQLState())
	for _, target := range []any{
		new(interface{ StatusCode() int }), new(interface{ RetryAfter() time.Duration }),
		new(interface{ Code() string }), new(interface{ Code() int }), new(interface{ Timeout() bool }),
	} {
		assert.False(t, errors.As(cause, target), "%T", target)
	}
}

func TestAnswersWithUnknownFields(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		into       any
		data, want string // "": accepted
	}{
		{&wire.Answer{}, `{"labels":{"label":"a"},"error":{"option":"a","text":"b"}}`, ""},
		{&wire.Answer{}, `{}`, ""},
		{&wire.Answer{}, `{"label":{"a":"b"}}`, `json: unknown field "label"; known fields: labels, error (option, text)`},
		{&wire.Answer{}, `{"error":{"message":"a"}}`, `unknown field "message"`},
		{&wire.Info{}, `{"v":1,"name":"a","version":"b","outputKeys":[],"inputKeys":[],"inputValues":{},"labels":[{"key":"a","doc":"b","values":[]}]}`, ""},
		{&wire.Info{}, `{"v":1,"outputKey":[]}`, `unknown field "outputKey"; known fields: v, name, version, outputKeys, `},
		{&wire.Info{}, `{"v":1,"labels":[{"value":[]}]}`, `unknown field "value"`},
	} {
		err := json.Unmarshal([]byte(c.data), c.into)
		if c.want == "" {
			assert.NoError(t, err, c.data)
		} else {
			assert.ErrorContains(t, err, c.want)
		}
	}
}

// TestDecodeOfOtherPrograms has what a program may write that is not in Go.
func TestDecodeOfOtherPrograms(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		chain, errorType, code string
		fault                  fault.Type
	}{
		{`{"type":"OSError","text":"x","has":{"errno":"ENOSPC"}}`, "OSError", "ENOSPC", fault.System},
		{`{"text":"x","has":{"statusCode":503}}`, "error", "503", fault.Dependency},
		{`{"text":"x"},{"depth":1,"type":"psycopg.Error","text":"y","has":{"sqlState":"23505"}}`, "error", "23505", fault.User},
		{`{"type":"job","text":"x","has":{"signal":"SIGKILL","exitStatus":-1}}`, "job", "SIGKILL", fault.System},
		{`{"type":"job","text":"x","has":{"exitReason":"OOMKilled","exitStatus":137}}`, "job", "OOMKilled", fault.System},
		{`{"type":"E","text":"x","has":{"errorType":"Own","timeout":true}}`, "Own", "", fault.Dependency},
		{`{"type":"E","text":"x","evidence":[{"weight":"coded","fault":"LATER","retry":"later","kind":"later","code":"C"}]}`, "E", "C", fault.Unknown},
		{`{"type":"syscall.Errno","text":"Connection refused on another system","has":{"errno":"ECONNREFUSED"}}`, "syscall.Errno", "ECONNREFUSED", fault.Dependency},
	} {
		f, err := wire.Decode([]byte(`{"v":1,"chain":[` + c.chain + `]}`))
		require.NoError(t, err)
		e, err := enricher.New(enricher.Config{FailureEnrichers: []string{"error", "type"}}, enricher.WithLogger(slog.New(slog.DiscardHandler)))
		require.NoError(t, err)
		got := e.EnrichContext(t.Context(), f.Cause(), f.Context()).Labels
		assert.Equal(t, []string{c.errorType, c.code, string(c.fault)}, []string{got["error_type"], got["error_code"], got["type"]}, c.chain)
		assert.Equal(t, c.code == "ECONNREFUSED", errors.Is(f.Cause(), syscall.ECONNREFUSED))
	}
}

func TestRedact(t *testing.T) {
	t.Parallel()
	const secret, known = "hunter2hunter2", "c0ffee-known"
	cause := fmt.Errorf("job: %w", enricher.WithLabels(&stateError{SQLState: "23505", ConstraintName: known},
		enricher.Labels{"password": secret, "url": "https://u:" + secret + "@host/"}))
	f := wire.New(errors.Join(cause, fmt.Errorf("password=%s and %s", secret, known)), enricher.FailureContext{
		JobName: "job " + known, Attributes: map[string]string{"api_token": secret, "note": known, known: "x"}, Labels: enricher.Labels{"secret": secret},
	})
	f.Deadline = 1500 * time.Microsecond
	before := f.Cause()
	f.Redact(redact.New(known))
	assert.Contains(t, enricher.Text(before), secret)
	data, err := json.Marshal(f)
	require.NoError(t, err)
	assert.NotContains(t, string(data), secret)
	assert.NotContains(t, string(data), known)
	assert.Contains(t, string(data), `"deadlineMs":1,`)
	assert.Contains(t, string(data), "23505")
	assert.NotContains(t, enricher.Text(f.Cause()), secret)
	assert.Equal(t, "***", enricher.LabelsOf(f.Cause())["password"])
	assert.Equal(t, map[string]string{"api_token": "***", "note": "***", "***": "x"}, f.Context().Attributes)
}

func TestDecodeIgnoresADeadlineThatIsOutOfRange(t *testing.T) {
	t.Parallel()
	for _, ms := range []string{"-1", "9223372036855", "9223372036854775807"} {
		f, err := wire.Decode([]byte(`{"v":1,"deadlineMs":` + ms + `}`))
		require.NoError(t, err)
		assert.Zero(t, f.Deadline, ms)
	}
}

func TestRedactMasksSecretsAcrossTheCut(t *testing.T) {
	t.Parallel()
	const url = " postgres://u:hunter2hunter2@db/x "
	more := strings.Repeat("y ", 4<<10)
	for i := range 2 * len(url) {
		for _, s := range []string{strings.Repeat("x", 4<<10-i) + url + more, more + url + strings.Repeat("x", 4<<10-i)} {
			f := wire.New(errors.New(s), enricher.FailureContext{})
			f.Redact(redact.Redactor{})
			text := f.Cause().Error()
			assert.NotContains(t, text, "hunter", i)
			assert.Contains(t, text, "\n…\n")
			assert.Greater(t, len(text), 8000, "no more is lost than that")
		}
	}
}
