package text_test

import (
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher/internal/text"
)

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s    string
		n    int
		want string
	}{
		{"abc", 3, "abc"},
		{"abc", 2, "ab"},
		{"abc", 0, ""},
		{"abc", -1, ""},
		{"aé", 2, "a"},
		{"aé", 3, "aé"},
		{"a€", 3, "a"},
		{"😀b", 4, "😀"},
		{"😀b", 3, ""},
		{"\x80\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80\x80"}, // not UTF-8
	} {
		assert.Equal(t, c.want, text.Cut(c.s, c.n), "%q %d", c.s, c.n)
	}
}

func TestClean(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		s     string
		limit int
		want  string
	}{
		{"a\tb\nc", 10, "a\tb\nc"},
		{"a\x00b\x1b\r\u0085", 20, "a�b���"},
		{"a\xffb", 10, "a�b"},
		{"a\x00b", 3, "a"}, // what replaces one byte has three
		{"aé", 2, "a"},
		{"abc", 0, ""},
	} {
		assert.Equal(t, c.want, text.Clean(c.s, c.limit), "%q %d", c.s, c.limit)
	}
}

func FuzzClean(f *testing.F) {
	f.Add("a\x00é", 3)
	f.Fuzz(func(t *testing.T, s string, limit int) {
		limit &= 0xff
		clean := text.Clean(s, limit)
		assert.True(t, utf8.ValidString(clean), "%q", clean)
		assert.LessOrEqual(t, len(clean), limit)
		assert.Equal(t, clean, text.Clean(clean, limit))
	})
}
