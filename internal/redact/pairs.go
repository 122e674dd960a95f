package redact

import "strings"

// redactPairs masks the values of secret keys.
func redactPairs(s string) string {
	e := edit{src: s}
	for i := 0; i < len(s); {
		at := nextSeparator(s, i)
		if at < 0 {
			break
		}
		i = redactPair(&e, i, at)
	}
	return e.String()
}

// nextSeparator returns where a key may end, or a flag begin.
func nextSeparator(s string, i int) int {
	for ; i < len(s); i++ {
		switch s[i] {
		case '=', ':', '>':
			return i
		case '%':
			if strings.HasPrefix(s[i+1:], "3D") || strings.HasPrefix(s[i+1:], "3d") {
				return i
			}
		case '-':
			if i == 0 || !isWord(s[i-1]) {
				return i
			}
		}
	}
	return -1
}

// redactPair masks the value after the separator at i if its key, which begins at
// start or later, is secret. It returns where to continue.
func redactPair(e *edit, start, i int) int {
	s := e.src
	switch s[i] {
	case '-':
		return redactFlag(e, i)
	case '>':
		return redactElement(e, i)
	case '%':
		return redactEscaped(e, start, i)
	}
	from := i + 1
	if s[i] == ':' && from < len(s) && (s[from] == ':' || s[from] == '/') {
		if s[from] == ':' {
			return from + 1 // a name in C++, Ruby or Rust
		}
		if from+1 < len(s) && s[from+1] == '/' {
			return from // a URL
		}
	}
	key, begin, bare := keyBefore(s, start, i)
	if !isSecretKey(key) && !(s[i] == '=' && isKeyWord(key)) && !isApart(s[:i], key) ||
		s[i] == ':' && bare && (isProseKey(s[start:i], key) || isResource(s, start, begin)) {
		return i + 1
	}
	for from < len(s) && (s[from] == '=' || s[from] == '>') { // ==, :=, =>
		from++
	}
	value := from
	for from < len(s) && (s[from] == ' ' || s[from] == '\t') {
		from++
	}
	if (key == "PWD" || key == "OLDPWD") && from < len(s) && s[from] == '/' {
		return from // the working directory
	}
	if s[i] == ':' && from > value && isClause(s[from:]) && !hasSuffixFold(key, "phrase") {
		return from
	}
	return redactValue(e, key, s[i], from)
}

// redactElement masks the text after the > at i if it ends the tag of a secret.
func redactElement(e *edit, i int) int {
	s := e.src
	low := max(0, i-maxTag)
	open := low + strings.LastIndexByte(s[low:i], '<')
	if open < low {
		return i + 1
	}
	key := open + 1
	for key < i && (isWord(s[key]) || s[key] == ':') {
		key++
	}
	if name := s[open+1 : key]; key < i && !isSpace(s[key]) || s[i-1] == '/' || !isSecretKey(name[strings.LastIndexByte(name, ':')+1:]) {
		return i + 1
	}
	to := i + 1
	for to < len(s) && s[to] != '<' {
		to++
	}
	e.mask(i+1, to)
	return to
}

// maxTag bounds how far from its end the beginning of a tag is looked for.
const maxTag = 256

// redactEscaped masks the value after the %3D at i, which is a = in a URL that is a
// parameter of another.
func redactEscaped(e *edit, start, i int) int {
	s := e.src
	key, begin := wordBefore(s, start, i)
	if begin > 0 && s[begin-1] == '%' && len(key) > 2 {
		key = key[2:] // %26key
	}
	from := i + len("%3D")
	if !isSecretKey(key) {
		return from
	}
	to := valueEnd(s, from)
	for _, end := range []string{"%26", "%23", "&"} {
		if n := strings.Index(s[from:to], end); n >= 0 {
			to = from + n
		}
	}
	e.mask(from, to)
	return to
}

// redactFlag masks the secret of --password secret, also if each word is quoted.
func redactFlag(e *edit, i int) int {
	s := e.src
	to := i
	for to < len(s) && isWord(s[to]) {
		to++
	}
	from := to
	if from < len(s) && isQuote(s[from]) {
		from++
		if from < len(s) && s[from] == ',' {
			from++
		}
	}
	start := from
	for from < len(s) && s[from] == ' ' {
		from++
	}
	if from == start || from < len(s) && s[from] == '-' {
		return i + 1 // it may be the key of --password=secret
	}
	if !isSecretKey(s[i:to]) {
		if begin, end := flagSecret(s, i, to, from); begin < end {
			e.mask(begin, end)
			return end
		}
		return i + 1
	}
	if word := s[from : from+wordEnd(s[from:])]; isVerb(word) {
		return from // --token is required
	}
	return redactValue(e, s[i:to], '=', from)
}

// maxKey bounds how many bytes of a key are looked at.
const maxKey = 64

// keyBefore returns the key before the separator at i, where it begins, and whether
// it stands there without quotes.
func keyBefore(s string, start, i int) (key string, begin int, bare bool) {
	for i > start && (s[i-1] == ' ' || s[i-1] == '\t') {
		i--
	}
	bare = true
	if n := len(htmlQuote); i-start > n && s[i-n:i] == htmlQuote {
		i -= n
		bare = false
	}
	if i > start && isQuote(s[i-1]) {
		bare = false
		i--
		for i > start && s[i-1] == '\\' {
			i--
		}
	}
	if i > start && s[i-1] == ']' { // user[password]
		i--
	}
	key, begin = wordBefore(s, start, i)
	for n := 0; n < 2 && hasSuffixFold(key, "key") && begin > start && s[begin-1] == ' ' && !isSecretKey(key); n++ {
		_, before := wordBefore(s, start, begin-1) // Secret Access Key
		if before == begin-1 {
			break
		}
		key, begin = s[before:i], before
	}
	return key, begin, bare
}

// htmlQuote is a quotation mark in HTML.
const htmlQuote = "&quot;"

// wordBefore returns the word that ends at i, and where it begins.
func wordBefore(s string, start, i int) (word string, from int) {
	from = i
	for from > start && i-from < maxKey && isWord(s[from-1]) {
		from--
	}
	return s[from:i], from
}

func hasSuffixFold(s, suffix string) bool {
	return len(s) >= len(suffix) && strings.EqualFold(s[len(s)-len(suffix):], suffix)
}
