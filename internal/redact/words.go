package redact

import "github.com/failure-enrichers/enricher/internal/redact/secretkey"

// redactWords masks what follows a word and a space, or the comma of a list:
//
//	Bearer secret
//	password hunter2
//	vault login hunter2
//	["vault","login","hunter2"]
func redactWords(s string) string {
	e := edit{src: s}
	for i := 2; i < len(s); i++ {
		if s[i] != ' ' && s[i] != ',' {
			continue
		}
		end := i
		if s[i-1] == '"' {
			end--
		} else if s[i] == ',' {
			continue
		}
		if i < e.done || end < 2 || !wordEnds[pairOf(s[end-2:end])] {
			continue
		}
		if end < i || !redactCredential(&e, i) && !redactPhrase(&e, i) {
			redactArgument(&e, i, end)
		}
	}
	return e.String()
}

// wordEnds are the last two bytes of the words that a secret may follow, and of a few
// more.
var wordEnds = func() (table [1 << 10]bool) {
	words := []string{"bearer", "basic", "replace"}
	for _, p := range phrases {
		words = append(words, p.text)
	}
	for _, p := range positions {
		words = append(words, p.command)
	}
	for _, word := range append(words, secretkey.Ends()...) {
		table[pairOf(word[len(word)-2:])] = true
	}
	return table
}()

// pairOf returns a number of the two bytes of s, which is the same if they are letters
// of another case.
func pairOf(s string) int { return int(s[0]&31)<<5 | int(s[1]&31) }
