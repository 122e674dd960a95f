package decode_test

import (
	"errors"
	"log/slog"
	"math/big"
	"regexp"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/decode"
)

func TestATextUnmarshalerTakesStrings(t *testing.T) {
	t.Parallel()
	global := regexp.MustCompile("global")
	number := big.NewInt(1 << 40)
	got := struct {
		Pattern  *regexp.Regexp
		Patterns []*regexp.Regexp
		Since    time.Time
		Number   big.Int
		ByTime   map[time.Time]int
		Matcher  matcher
		Matchers []matcher
		Own      *regexp.Regexp
		Until    time.Time
		Days     []*time.Time
		Level    slog.Level
	}{Pattern: global, Number: *number}
	own := regexp.MustCompile("own")
	day := time.Date(2024, 5, 1, 0, 0, 0, 0, time.UTC)
	require.NoError(t, decode.Into(map[string]any{
		"pattern":  "^a",
		"patterns": "a, b",
		"since":    day,
		"number":   "5",
		"by-time":  map[string]any{"2024-05-01T00:00:00Z": 1},
		"matcher":  map[string]any{"glob": "*"},
		"matchers": []any{"short", map[string]any{"glob": "long"}},
		"own":      own,
		"until":    &day,
		"days":     "2024-05-01T00:00:00Z,2024-05-01T00:00:00Z",
		"level":    "warn",
	}, &got))
	assert.Equal(t, "^a", got.Pattern.String())
	assert.Equal(t, "global", global.String(), "the default is not written to")
	assert.Equal(t, "b", got.Patterns[1].String())
	assert.Equal(t, day, got.Since)
	assert.Equal(t, "5", got.Number.String())
	assert.Equal(t, int64(1<<40), number.Int64(), "the default is not written to")
	assert.Equal(t, map[time.Time]int{day: 1}, got.ByTime)
	assert.Equal(t, matcher{"*"}, got.Matcher)
	assert.Equal(t, []matcher{{"short"}, {"long"}}, got.Matchers)
	assert.Same(t, own, got.Own)
	assert.Equal(t, day, got.Until)
	assert.Equal(t, []*time.Time{&day, &day}, got.Days)
	assert.Equal(t, slog.LevelWarn, got.Level)

	err := decode.Into(map[string]any{
		"pattern": "(",
		"since":   5,
		"by-time": map[string]any{"today": 1, "tomorrow": 1},
		"matcher": "panic",
		"number":  map[string]any{},
		"own":     map[string]any{},
		"level":   4,
	}, &got)
	assert.EqualError(t, err, ""+
		`option "by-time.today": got the string "today": parsing time "today" as "2006-01-02T15:04:05Z07:00": cannot parse "today" as "2006"`+"\n"+
		`option "by-time.tomorrow": got the string "tomorrow": parsing time "tomorrow" as "2006-01-02T15:04:05Z07:00": cannot parse "tomorrow" as "2006"`+"\n"+
		`option "level": got the number "4", want a string`+"\n"+
		`option "matcher": got the string "panic": panic: stranger`+"\n"+
		`option "number": got a map, want a string`+"\n"+
		`option "own": got a map, want a string`+"\n"+
		"option \"pattern\": got the string \"(\": error parsing regexp: missing closing ): `(`\n"+
		`option "since": got the number "5", want a string`)
	var cause *time.ParseError
	assert.ErrorAs(t, err, &cause)
}

// A matcher has a short form and a long one.
type matcher struct{ Glob string }

func (m *matcher) UnmarshalText(text []byte) error {
	if string(text) == "panic" {
		panic("stranger")
	}
	m.Glob = string(text)
	return nil
}

func TestAnUnmarshalerOfMapstructureIsAsked(t *testing.T) {
	t.Parallel()
	var got struct {
		A, B reader
		C    *reader
	}
	got.C = new(reader)
	list := []any{1}
	require.NoError(t, decode.Into(map[string]any{"a": list, "b": map[any]any{"x": 1}, "c": map[string]any{"y": 2}}, &got))
	assert.Equal(t, []any{1}, got.A.got)
	assert.Equal(t, map[string]any{"x": 1}, got.B.got)
	assert.Equal(t, map[string]any{"y": 2}, got.C.got)
	got.A.got.([]any)[0] = 2
	assert.Equal(t, []any{1}, list)

	err := decode.Into(map[string]any{"a": "no"}, &got)
	assert.EqualError(t, err, `option "a": got the string "no": not that`)
}

type reader struct{ got any }

func (r *reader) UnmarshalMapstructure(value any) error {
	if value == "no" {
		return errors.New("not that")
	}
	r.got = value
	return nil
}
