package redact

import "strings"

// separators are a =, a colon and a > in what is escaped once more. The colon counts
// only between quotation marks.
var separators = []string{"%3D", "%3A", "&#61;", "&#x3D;", `\u003d`, "&gt;", `\u003e`}

// escapedSeparator returns the length of the one of separators that s begins with, or 0.
// It may be percent-encoded more than twice: %253D.
func escapedSeparator(s string) int {
	more := 0
	if s[0] == '%' {
		for more < maxEncoded && strings.HasPrefix(s[1+more:], "25") {
			more += len("25")
		}
	}
	for _, separator := range separators {
		if s[0] == separator[0] && hasPrefixFold(s[1+more:], separator[1:]) {
			return more + len(separator)
		}
	}
	return 0
}

// maxEncoded bounds how often a text is percent-encoded, in bytes.
const maxEncoded = 8

// redactEscaped masks the value after the escaped separator at i: token%3Dsecret,
// %22token%22%3A%22secret%22.
func redactEscaped(e *edit, start, i int) int {
	s := e.src
	for k, end := range tagEnds {
		if strings.HasPrefix(s[i:], end) {
			return redactEscapedElement(e, start, i, k)
		}
	}
	from, to := i+escapedSeparator(s[i:]), i
	quoted := hasSuffixFold(s[start:to], percentQuote) && hasPrefixFold(s[from:], percentQuote)
	if quoted {
		to -= len(percentQuote)
	} else if s[i] == '%' && s[from-1]|0x20 == 'a' {
		return from
	}
	key, begin := wordBefore(s, start, to)
	if begin > 0 && s[begin-1] == '%' && len(key) > 2 {
		key = key[2:] // %26key
	}
	if !isSecretKey(key) {
		return from
	}
	if quoted {
		return redactUpTo(e, from+len(percentQuote), percentQuote)
	}
	to = valueEnd(s[:escapedValueEnd(s, from)], from)
	e.mask(from, to)
	return to
}

// tagBegins and tagEnds are < and > in HTML and, as Go writes them, in JSON.
var tagBegins, tagEnds = [2]string{"&lt;", `\u003c`}, [2]string{"&gt;", `\u003e`}

// redactEscapedElement masks the text behind the k-th of tagEnds at i if it ends the tag
// of a secret: \u003cpassword\u003ehunter2\u003c/password\u003e.
func redactEscapedElement(e *edit, start, i, k int) int {
	s, from := e.src, i+len(tagEnds[k])
	key, begin := wordBefore(s, start, i)
	if k == 1 { // the letters of the escape are before the key
		name, ok := strings.CutPrefix(key, tagBegins[k][1:])
		if !ok || begin == 0 || s[begin-1] != '\\' {
			return from
		}
		key = name
	} else if !strings.HasSuffix(s[:begin], tagBegins[k]) {
		return from
	}
	if !isSecretKey(key) {
		return from
	}
	return redactUpTo(e, from, tagBegins[k])
}

// valueEnds end a value that is escaped once more.
var valueEnds = []string{"%26", "%23", "%2526", "%2523", `\u0026`, "&"}

// escapedValueEnd returns where one of valueEnds or white space is, from i on.
func escapedValueEnd(s string, i int) int {
	for ; i < len(s) && (!isSpace(s[i]) || s[i] == ' ' && s[i-1] == '\\'); i++ {
		if s[i] != '%' && s[i] != '&' && s[i] != '\\' {
			continue
		}
		for _, end := range valueEnds {
			if strings.HasPrefix(s[i:], end) {
				return i
			}
		}
	}
	return i
}
