package redact

import "strings"

// redactTokens masks credentials that follow "bearer" or "basic", and private keys.
func redactTokens(s string) string {
	e := edit{src: s}
	for i := 0; i < len(s); {
		n := nextToken(s[i:])
		if n < 0 {
			break
		}
		i = redactToken(&e, i+n)
	}
	return redactPort(redactPEM(redactPhrases(e.String())))
}

// nextToken returns where "bearer " or "basic " may begin.
func nextToken(s string) int {
	for i := 0; i < len(s); i++ {
		if c := s[i]; (c == 'b' || c == 'B') && i+1 < len(s) {
			if next := s[i+1] | 0x20; next == 'e' || next == 'a' {
				return i
			}
		}
	}
	return -1
}

// redactToken masks what follows a "bearer" or "basic" at i, and returns where to
// continue.
func redactToken(e *edit, i int) int {
	s := e.src
	if i > 0 && isLetter(s[i-1]) {
		return i + 1
	}
	bearer := hasPrefixFold(s[i:], "bearer")
	from := i + len("bearer")
	if !bearer {
		if !hasPrefixFold(s[i:], "basic") {
			return i + 1
		}
		from = i + len("basic")
	}
	start := from
	for from < len(s) && (s[from] == ' ' || s[from] == '\t') {
		from++
	}
	to := from
	for to < len(s) && isTokenByte(s[to]) {
		to++
	}
	token := s[from:to]
	if from == start || token == "" {
		return from
	}
	if strings.HasSuffix(token, "=") && to < len(s) && isQuote(s[to]) {
		return to // a parameter of a challenge
	}
	if bearer && !isProse(token) || !bearer && looksEncoded(token) {
		e.mask(from, to)
	}
	return to
}

// isTokenByte reports whether c can be in a token, as RFC 6750 has it.
func isTokenByte(c byte) bool {
	return isWord(c) || c == '~' || c == '+' || c == '/' || c == '=' || c == '*' || c == ':' || c == '%' || c == '|' || c >= 0x80
}

// isProse reports whether the word after "bearer" is one of a sentence, or of a
// challenge: Bearer realm="..."
func isProse(word string) bool {
	switch strings.ToLower(strings.TrimRight(word, ".:,=")) {
	case "token", "tokens", "auth", "authentication", "authorization", "credential", "credentials",
		"scheme", "realm", "scope", "header", "headers", "error", "format", "is", "was", "not", "and", "or",
		"in", "for", "from", "of", "required", "missing", "expired", "invalid":
		return true
	}
	return false
}

// looksEncoded reports whether the word after "basic", which is common in
// sentences, is in base 64: there are capitals inside, digits or padding.
func looksEncoded(word string) bool {
	if len(word) < 4 || isLetters(word) && strings.ToUpper(word) == word { // Basic HTTP
		return false
	}
	for i := range len(word) {
		c := word[i]
		if isDigit(c) || c == '=' || c == '+' || c >= 'A' && c <= 'Z' && i > 0 {
			return true
		}
	}
	return false
}

// maxKeyKind is how long "BEGIN RSA " and the like may be.
const maxKeyKind = 32

// redactPEM masks private keys, also if their spaces are escaped as in a URL.
func redactPEM(s string) string {
	const begin, end, dashes = "PRIVATE", "-----END", "-----"
	e := edit{src: s}
	for i := 0; ; {
		n := strings.Index(s[i:], begin)
		if n < 0 {
			return e.String()
		}
		before := s[max(i, i+n-maxKeyKind) : i+n]
		from := i + n + len(begin)
		i = from
		kind := s[from:min(len(s), from+maxKeyKind)]
		n = strings.Index(kind, dashes)
		if n < 0 || !strings.Contains(before, "BEGIN") || !isKeyKind(kind[:n]) {
			continue
		}
		from += n + len(dashes)
		to := len(s)
		if n := strings.Index(s[from:], end); n >= 0 {
			to = from + n
			i = to + len(end)
			if n := strings.Index(s[i:], dashes); n >= 0 {
				i += n + len(dashes) // past the PRIVATE KEY of the end
			}
		} else {
			i = to
		}
		e.mask(from, to)
	}
}

// isKeyKind reports whether s is what is between PRIVATE and the dashes: " KEY", or
// " KEY BLOCK" of PGP.
func isKeyKind(s string) bool {
	s = strings.NewReplacer("%20", "", "+", "", " ", "").Replace(s)
	return s == "KEY" || s == "KEYBLOCK"
}

// redactPort masks what net/url reports as an invalid port: if there is a slash in
// the password of a URL, it is a part of the password.
func redactPort(s string) string {
	const before = `invalid port `
	e := edit{src: s}
	for i := 0; ; {
		n := strings.Index(s[i:], before)
		if n < 0 {
			return e.String()
		}
		i += n + len(before)
		start := i
		for i < len(s) && (s[i] == '\\' || isQuote(s[i])) {
			i++
		}
		if i == start {
			continue
		}
		from := i
		for i < len(s) && !isSpace(s[i]) && s[i] != '"' && s[i] != '\\' {
			i++
		}
		e.mask(from, i)
	}
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}
