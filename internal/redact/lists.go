package redact

import (
	"strings"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

// lists are how lists of texts begin, in Go and in JSON.
var lists = []string{"[]string{", "[]interface {}{", "[]any{", "["}

// skipList returns where the first text of the list at i is, or i.
func skipList(s string, i int) int {
	if i == len(s) || s[i] != '[' {
		return i
	}
	for _, list := range lists {
		if n := i + len(list); strings.HasPrefix(s[i:], list) && n < len(s) && isQuote(s[n]) {
			return n
		}
	}
	return i
}

// hasPluralEnd reports whether key is that of a list of secrets. Other lists have such
// keys, too, so their values count only if they look random.
func hasPluralEnd(key string) bool {
	return secretkey.HasEnd(key, "tokens") || secretkey.HasEnd(key, "secrets") || secretkey.HasEnd(key, "backupcodes") || secretkey.HasEnd(key, "recoverycodes")
}

// redactList masks the texts of the list whose first one is at i, if they are secret, and
// returns where to continue.
func redactList(e *edit, i int, secret func(string) bool) int {
	s := e.src
	for i < len(s) && isQuote(s[i]) {
		to := quoteEnd(s, i+1, s[i], 0)
		if secret == nil || secret(s[i+1:to]) {
			e.mask(i+1, to)
		}
		if i = to + 1; i >= len(s) || s[i] != ',' {
			break
		}
		i = skipSpaces(s, i+1)
	}
	return min(i, len(s))
}

// redactTwo masks the second text of a list of two if the first one, which ends at i,
// is a secret key: ["password","hunter2"].
func redactTwo(e *edit, i int) int {
	s := e.src
	key, begin := wordBefore(s, max(0, i-1-maxKey), i-1)
	from := skipSpaces(s, i+1)
	if begin < 2 || s[begin-1] != s[i-1] || from == len(s) || s[from] != s[i-1] || !isSecretKey(key) {
		return i + 1
	}
	to := quoteEnd(s, from+1, s[from], 0)
	open, end := strings.IndexByte("[(", s[begin-2]), strings.IndexByte("])", s[min(to+1, len(s)-1)])
	if open < 0 || open != end || !isMixed(s[from+1:to]) {
		return i + 1
	}
	e.mask(from+1, to)
	return to
}

// redactArrow masks the value after the -> at i if its key is secret, and the value is in
// quotation marks or looks like a password: password -> hunter2.
func redactArrow(e *edit, i int) int {
	s := e.src
	key, _, _ := keyBefore(s, max(0, i-maxKey), i-1)
	from := skipSpaces(s, i+1)
	if from == len(s) || !isSecretKey(key) {
		return i + 1
	}
	if isQuote(s[from]) {
		return redactQuoted(e, from)
	}
	if word := strings.TrimRight(wordAt(s, from), ".,;:)]}"); isMixed(word) {
		to := from + len(word)
		if len(word) == maxPassword {
			to += wordEnd(s[to:])
		}
		e.mask(from, to)
		return to
	}
	return i + 1
}

// redactQuoted masks the text in quotation marks at i, and the one that it changes to, as
// Terraform writes it: "hunter2" -> "hunter3". It returns where to continue.
func redactQuoted(e *edit, i int) int {
	s := e.src
	if i == len(s) || !isQuote(s[i]) {
		return i
	}
	to := quoteEnd(s, i+1, s[i], 0)
	e.mask(i+1, to)
	return redactChange(e, to)
}

// redactChange masks the text that the one that ends at the quotation mark at i changes
// to. It returns where to continue.
func redactChange(e *edit, i int) int {
	const arrow = ` -> "`
	s := e.src
	if i == len(s) || !strings.HasPrefix(s[i+1:], arrow) {
		return i
	}
	from := i + 1 + len(arrow)
	to := quoteEnd(s, from, '"', 0)
	e.mask(from, to)
	return to
}
