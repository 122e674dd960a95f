package redact_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"sync"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/internal/redact"
)

func TestRedactorMasksWhatItIsTold(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		values     []string
		text, want string
	}{
		"anywhere":                {[]string{"hunter2"}, "a hunter2, xhunter2y", "a ***, x***y"},
		"and what Text masks":     {[]string{"hunter2"}, "hunter2 and token=abc", "*** and token=***"},
		"ignores short ones":      {[]string{"abc", ""}, "abc and abcd", "abc and abcd"},
		"ignores white space":     {[]string{" \thunter2\n", " abc \n"}, "hunter2 abc", "*** abc"},
		"of 4 bytes":              {[]string{"abcd"}, "abcd abc", "*** abc"},
		"the longest one":         {[]string{"hunter2", "hunter22", "hunter"}, "hunter22", "***"},
		"those that overlap":      {[]string{"abcdef", "defghi"}, "abcdefghi.", "***."},
		"one within another":      {[]string{"abcdefgh", "cdef"}, "abcdefgh.", "***."},
		"one after the other":     {[]string{"hunter2"}, "hunter2hunter2", "******"},
		"with white space":        {[]string{"two words"}, "password=two words, host=db", "password=***, host=db"},
		"one that is a key":       {[]string{"password", "token"}, "password=hunter2 token", "***=*** ***"},
		"one that is part of one": {[]string{"word"}, "my_password: hunter2, word", "my_pass***: ***, ***"},
		"with a key in it":        {[]string{"a token"}, "a token=hunter2", "***=hunter2"},
		"nothing":                 {nil, "hunter2 password=hunter2", "hunter2 password=***"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := redact.New(c.values...)
			assert.Equal(t, c.want, r.Text(c.text))
			assert.Equal(t, c.want, r.Text(c.want), "what is redacted stays as it is")
		})
	}
}

func TestRedactorZeroValueIsText(t *testing.T) {
	t.Parallel()
	var r redact.Redactor
	assert.Equal(t, "a password=*** hunter2", r.Text("a password=secret1 hunter2"))
}

func TestRedactorMasksValuesThatAreEncoded(t *testing.T) {
	t.Parallel()
	const head, tail = "Zebra", "Yakxx"
	for c := byte(' '); c <= '~'; c++ {
		secret := head + string(c) + tail + "é\n" + head
		r := redact.New(secret)
		asJSON, err := json.Marshal(secret)
		require.NoError(t, err)
		for _, form := range []string{
			secret,
			string(asJSON),
			fmt.Sprintf("%q", secret),
			fmt.Sprintf("%+q", secret),
			fmt.Sprintf("%q", asJSON),
			fmt.Sprintf("%q", fmt.Sprintf("%q", secret)),
			url.QueryEscape(secret),
			strings.ToLower(url.QueryEscape("é/")) + url.PathEscape(secret),
			url.UserPassword("u", secret).String(),
			(&url.URL{Scheme: "x", Host: "h", Path: "/" + secret}).String(),
		} {
			redacted := r.Text("found " + form + " there")
			assert.NotContains(t, redacted, head, form)
			assert.NotContains(t, redacted, tail, form)
		}
	}
	assert.Equal(t, "***", redact.New("p/ss wörd").Text("p%2fss%20w%c3%b6rd"), "in lower case")

	const secret = "a!b*c'(d)~ e@f&g=h+i/j"
	for by, form := range map[string]string{
		"RFC 3986":           "a%21b%2Ac%27%28d%29~%20e%40f%26g%3Dh%2Bi%2Fj", // also Python's quote(s, safe="")
		"Python":             "a%21b%2Ac%27%28d%29~%20e%40f%26g%3Dh%2Bi/j",
		"encodeURIComponent": "a!b*c'(d)~%20e%40f%26g%3Dh%2Bi%2Fj",
		"encodeURI":          "a!b*c'(d)~%20e@f&g=h+i/j",
		"URLSearchParams":    "a%21b*c%27%28d%29%7E+e%40f%26g%3Dh%2Bi%2Fj", // also URLEncoder of Java
		"http_build_query":   "a%21b%2Ac%27%28d%29%7E+e%40f%26g%3Dh%2Bi%2Fj",
		"a fragment":         (&url.URL{Fragment: secret}).EscapedFragment(),
	} {
		assert.Equal(t, "x ***", redact.New(secret).Text("x "+form), by)
	}
}

func TestRedactorDoesNotShowItsValues(t *testing.T) {
	t.Parallel()
	r := redact.New("hunter2")
	for _, format := range []string{"%v", "%+v", "%#v", "%s"} {
		assert.NotContains(t, fmt.Sprintf(format, r), "hunter2")
		assert.NotContains(t, fmt.Sprintf(format, &r), "hunter2")
	}
}

func TestRedactorIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	r := redact.New("hunter2")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { assert.Equal(t, "a *** b", r.Text("a hunter2 b")) })
	}
	wg.Wait()
}

func FuzzRedactor(f *testing.F) {
	f.Add("hunter2", "password=hunter2 token")
	f.Add("token", "token=hunter2")
	f.Add("a b=c", `{"a":"a b=c"}`)
	f.Fuzz(func(t *testing.T, value, text string) {
		r := redact.New(value)
		value = strings.TrimSpace(value)
		if len(value) < 4 || strings.Contains(value, "*") || !utf8.ValidString(value) {
			return
		}
		once := r.Text(text + value + "\npassword=hunter2hunter2\n")
		require.NotContains(t, once, value)
		require.Equal(t, once, r.Text(once), "it changes what is redacted")
		if utf8.ValidString(text) {
			require.True(t, utf8.ValidString(once))
		}
		if !strings.Contains(text+value, "PRIVATE KEY") {
			require.NotContains(t, once, "hunter2hunter2")
		}
	})
}
