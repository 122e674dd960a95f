package redact

import (
	"slices"
	"strings"
)

// verdicts are what a server says of a secret that it repeats before them.
var verdicts = []string{"is not a valid api key", "is not a valid token", "is not a valid access token", "is an invalid api key", "is an invalid token"}

func isVerdict(s string) bool {
	return slices.ContainsFunc(verdicts, func(verdict string) bool { return hasPrefixFold(s, verdict) })
}

// rejections are what a server says of a secret that it repeats, behind it.
var rejections = []string{" is invalid", " is not valid", " is expired", " has expired", " has been revoked", " expired"}

// isRejected reports whether one of rejections follows word, which is soon after i.
func isRejected(s string, i int, word string) bool {
	_, rest, _ := strings.Cut(s[i:min(len(s), i+len(word)+maxKey)], word)
	rest = strings.TrimLeft(rest, "'\"`")
	return slices.ContainsFunc(rejections, func(text string) bool { return strings.HasPrefix(rest, text) })
}

// redactBefore masks the word that ends at i if it looks like a password.
func redactBefore(e *edit, i int) {
	s := e.src
	from := wordStart(s, max(e.done, i-maxPassword), i)
	if i-from == maxPassword {
		return
	}
	word := s[from:i]
	inside := strings.TrimLeft(word, `'"\`+"`")
	from += len(word) - len(inside)
	if inside = strings.TrimRight(inside, `'"\`+"`"); isRather(inside) {
		e.mask(from, from+len(inside))
	}
}

// isPlainSecret reports whether what is before the space at i is followed by a secret
// even if this is a word: "PASS " in a dialogue, "password " in a file .netrc, and
// "requirepass " in one of Redis.
func isPlainSecret(s string, i int) bool {
	if s[i-1]|0x20 != 's' && s[i-1]|0x20 != 'd' {
		return false
	}
	before := s[max(0, i-2*maxKey):i]
	if strings.HasSuffix(before, "PASS") { // FTP and POP3: USER bob, PASS hunter2
		return strings.Contains(before, "USER ") || strings.HasSuffix(before, "> PASS") || strings.HasSuffix(before, "C: PASS")
	}
	if line := before[strings.LastIndexByte(before, '\n')+1:]; line == "requirepass" { // redis.conf
		return true
	}
	if !strings.HasSuffix(before, " password") {
		return false
	}
	words := strings.Fields(before)
	n := len(words)
	return n >= 4 && words[n-3] == "login" && (words[n-4] == "default" || n >= 5 && words[n-5] == "machine")
}

// isQueryValue reports whether the value at the beginning of s of one of queryKeys
// looks random. A code of OAuth may have any separator in it.
func isQueryValue(key, s string) bool {
	if !strings.EqualFold(key, "code") {
		return isLong(s[:wordLen(s)])
	}
	code := wordAt(s, 0)
	if n := strings.IndexAny(code, "&#"); n >= 0 {
		code = code[:n]
	}
	return isLong(s[:wordLen(s)]) || len(code) >= 20 && isMixed(code) && hasLower(code)
}

// wordAt returns the word at i, as far as it is looked at.
func wordAt(s string, i int) string {
	s = s[i:min(len(s), i+maxPassword)]
	return s[:wordEnd(s)]
}
