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

// redactChange masks the text that the one that ends at the quotation mark at i changes
// to, as Terraform writes it: "hunter2" -> "hunter3". It returns where to continue.
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
