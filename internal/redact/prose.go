package redact

import (
	"slices"
	"strings"
)

// isProseKey reports whether the word before a colon is more likely to end a
// clause than to be a key: "unexpected token:", which parsers say, or "auth:".
func isProseKey(before, key string) bool {
	return hasSuffixFold(before, "unexpected token") || strings.EqualFold(key, "auth") || hasSuffixFold(key, "sig") || key == "PASS"
}

// clauseWords begin a clause after a colon, or are one, and are no passwords.
var clauseWords = []string{
	"dial", "lookup", "get", "post", "put", "open", "read", "write", "eof", "unauthorized", "forbidden", "invalid", "missing",
	"required", "expired", "malformed", "unexpected", "unsupported", "denied", "not", "no", "cannot", "could", "failed", "unable", "illegal",
	"yes", "rpc", "expected", "got", "must", "should", "is", "was",
	"unknown", "duplicate", "status", "stat", "lstat", "mkdir", "timeout", "refused", "exceeded", "notfound", "accessdenied",
}

// packages are those whose errors begin with their name, which has a digit.
var packages = []string{"oauth2", "x509", "asn1"}

// isClause reports whether s, which follows a colon and a space, goes on as a sentence
// does, such as "dial tcp: i/o timeout" after "cannot fetch token:". It does if there
// are only letters in the first two words. A colon after the second may be that of
// another key, unless it is a clause word: "permission denied: x".
func isClause(s string) bool {
	s = s[:min(len(s), maxPassword)]
	s = s[:lineEnd(s, 0)]
	first, rest, _ := strings.Cut(s, " ")
	word := strings.TrimRight(first, ":,.;)]}\"'`\\")
	if slices.Contains(clauseWords, strings.ToLower(word)) {
		return true
	}
	if strings.HasSuffix(first, ":") && len(word) == len(first)-1 && word != "" {
		return rest != "" && (isLetters(strings.Replace(word, "/", "", 1)) || slices.Contains(packages, word))
	}
	second := strings.Trim(rest, " \"'`(")
	second = strings.TrimRight(second[:wordEnd(second)], ".,;)'")
	if clause := strings.TrimSuffix(second, ":"); slices.Contains(clauseWords, clause) {
		second = clause
	}
	first = strings.TrimSuffix(first, "n't")
	if len(word) == 3 && word == strings.TrimSpace(s) && (word[0] == '4' || word[0] == '5') && isPort(word) {
		return true // 400
	}
	isScheme := slices.Contains(schemes, strings.ToLower(first))
	if strings.HasPrefix(rest, `"`) && isLetters(first) && !isScheme { // pod "web-7f9c" not found
		return true
	}
	if len(first) <= 3 && isPort(first) { // 400 Bad Request
		return isLetters(second)
	}
	return isLetters(strings.Replace(first, "/", "", 1)) && isLetters(strings.Replace(second, "-", "", 1)) && (!isScheme || isVerb(second) || slices.Contains(clauseWords, second))
}

// verbs follow the name of a flag in a sentence.
var verbs = []string{"is", "are", "was", "must", "can", "cannot", "and", "or", "not", "requires", "required", "contains", "for", "flag", "option", "has", "needs"}

func isVerb(word string) bool { return slices.Contains(verbs, strings.TrimRight(word, ".,:;")) }

// isSentence reports whether s, the quoted value of a key, says what is wrong with the
// value that was given: "This password is too short."
func isSentence(s string) bool {
	words := strings.Fields(s[:min(len(s), maxPassword)])
	return len(words) > 1 && slices.Contains([]string{"is", "must", "cannot", "not"}, words[0]) || len(words) > 2 && slices.ContainsFunc(words, func(word string) bool {
		return slices.Contains([]string{"is", "must", "be", "cannot", "should", "not", "too", "required"}, strings.Trim(word, ".,"))
	})
}

// isResource reports whether the key that begins at begin is within the name of a
// resource: arn:aws:secretsmanager:us-east-1:1:secret:name.
func isResource(s string, start, begin int) bool {
	if begin == 0 || s[begin-1] != ':' {
		return false
	}
	word := s[wordStart(s, max(0, begin-maxPassword), begin):begin]
	return strings.Contains(word, "arn:")
}

// isName reports whether the word at the beginning of s is like that of a file or key,
// without digits: tls.crt.
func isName(s string) bool {
	word := strings.TrimRight(s[:wordEnd(s)], ".,;:")
	for i := range len(word) {
		if !isWord(word[i]) || isDigit(word[i]) {
			return false
		}
	}
	return word != ""
}

func isLetters(s string) bool {
	for i := range len(s) {
		if !isLetter(s[i]) {
			return false
		}
	}
	return s != ""
}
