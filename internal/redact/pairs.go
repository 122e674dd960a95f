package redact

import (
	"strings"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

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
		if !separator.has(s[i]) {
			continue
		}
		switch s[i] {
		case '=', ':', '>':
			return i
		case '(':
			if i+1 < len(s) && isQuote(s[i+1]) {
				return i
			}
		case wideColon[0]:
			if strings.HasPrefix(s[i:], wideColon) {
				return i
			}
		case '%', '&', '\\':
			if escapedSeparator(s[i:]) > 0 {
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
	case '(':
		return redactCall(e, start, i)
	case '%', '&', '\\':
		return redactEscaped(e, start, i)
	}
	from := i + 1
	if s[i] == wideColon[0] {
		from = i + len(wideColon)
	}
	if s[i] == ':' && from < len(s) {
		if s[from] == ':' && !isInStruct(s, i) {
			return from + 1 // a name in C++, Ruby or Rust
		}
		if strings.HasPrefix(s[from:], "//") {
			return from // a URL
		}
	}
	if strings.HasPrefix(s[i:], "=(") && i > start && s[i-1] == ')' { // PostgreSQL: Key (token)=(secret)
		if key, _ := wordBefore(s, start, i-1); isSecretKey(key) && !isNumber(s[i+len("=("):]) {
			return redactUpTo(e, i+len("=("), ")")
		}
	}
	key, begin, bare := keyBefore(s, start, i)
	if s[i] == '=' {
		if text := skipSpaces(s, from); text < len(s) && s[text] == '\'' && setsPassword(s, i) {
			return redactValue(e, key, '=', text)
		}
	}
	if s[i] == ':' && strings.HasSuffix(s[:begin], "//") && (isPort(s[from:]) || strings.IndexByte(wordAt(s, from), '@') >= 0) {
		return from // a host or user in a URL
	}
	if key == "" && (begin == 0 || s[begin-1] < 0x80) {
		return i + 1
	}
	if key == "name" && s[i] == '=' {
		return redactFormField(e, from)
	}
	for from < len(s) && (s[from] == '=' || s[from] == '>') { // ==, :=, =>
		from++
	}
	value := skipSpaces(s, from)
	list := skipList(s, value)
	if list > value && hasPluralEnd(key) {
		return redactList(e, list, isRather)
	}
	if !isSecretPair(s, key, begin, i, value) {
		return i + 1
	}
	value = onNextLine(s, begin, value, !bare)
	switch {
	case list > value && s[list-1] == '{': // Go: []string{"secret"}
		return redactList(e, list, nil)
	case s[i] == ':' && !bare && value < len(s) && s[value] == '{', // JSON
		s[i] == '=' && value > from && isVerb(s[value:value+wordLen(s[value:])]), // undefined method password= for nil
		s[i] == ':' && bare && (isProseKey(s[start:i], key) || isResource(s, start, begin)),
		s[i] == ':' && value > from && isClause(s[value:]) && !hasSuffixFold(key, "phrase"),
		strings.IndexByte(key, ' ') >= 0 && isName(s[value:]): // no secret key: tls.crt
		return i + 1
	}
	if value < len(s) && s[value] == '/' && (key == "PWD" || key == "OLDPWD" || key == "pwd" && s[i] == ':') {
		return value // the working directory
	}
	return redactValue(e, key, s[i], value)
}

// isNumber reports whether s begins with digits in parentheses: 42).
func isNumber(s string) bool {
	n := digitsLen(s)
	return n > 0 && n < len(s) && s[n] == ')'
}

// isInStruct reports whether a struct or map begins on the line before s[i], as Go writes
// them: {Password::secret User:bob}.
func isInStruct(s string, i int) bool {
	line := lineBefore(s, i)
	return strings.IndexByte(line, '{') >= 0 || strings.Contains(line, "map[")
}

// isSecretPair reports whether the key, which begins at begin and is before the
// separator at i, or what is around it, makes the value at value a secret.
func isSecretPair(s, key string, begin, i, value int) bool {
	switch {
	case isSecretKey(key), s[i] == '=' && isKeyWord(key), isApart(s, key, begin):
		return true
	case secretkey.HasEnd(key, "secretid"): // of Vault and Nomad, but AWS has names there
		value = skipQuotes(s, value)
		return isUUID(s[value:min(len(s), value+len("01234567-89ab-cdef-0123-456789abcdef"))])
	case isNumberKey(key):
		return isCode(s[skipQuotes(s, value):])
	case isQueryKey(key):
		return s[i] == '=' && begin > 0 && (s[begin-1] == '?' || s[begin-1] == '&') && isQueryValue(key, s[value:])
	case isVariable(key):
		value = skipQuotes(s, value)
		return s[i] == '=' && isLong(s[value:value+wordLen(s[value:])])
	case (key == "is" || key == "provided") && s[i] == ':' && begin > 0: // the password is: hunter2
		before, _, _ := keyBefore(s, max(0, begin-maxKey), begin-1)
		return isSecretKey(before) && isMixed(strings.TrimRight(wordAt(s, value), "\"'`.,;)"))
	case strings.HasPrefix(key, "user_"):
		return strings.Contains(lineBefore(s, begin), "PlainLoginModule ") // JAAS: user_bob="secret"
	case begin > 0 && s[begin-1] >= 0x80, strings.EqualFold(key, "passe"):
		return isForeignKey(s[:begin+len(key)])
	}
	return false
}

// wideColon is a colon in Chinese and Japanese.
const wideColon = "："

// redactFormField masks the value of a field of a form in several parts whose name, in
// quotation marks, begins at i: name="password", an empty line, the value. It returns
// where to continue.
func redactFormField(e *edit, i int) int {
	s := e.src
	name, _, ok := strings.Cut(s[i:min(len(s), i+maxKey)], "\"\r\n\r\n")
	if !ok || name == "" || !isSecretKey(name[1:]) {
		return i
	}
	from := i + len(name) + len("\"\r\n\r\n")
	to := lineEnd(s, from)
	e.mask(from, from+len(strings.TrimRight(s[from:to], "\r")))
	return to
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
	name := s[open+1 : key]
	name = name[strings.LastIndexByte(name, ':')+1:]
	if key < i && !isSpace(s[key]) || s[i-1] == '/' || !isSecretKey(name) && !isSecretKey(attribute(s[key:i])) {
		return i + 1
	}
	from, end := i+1, "<"
	if strings.HasPrefix(s[from:], cdata) {
		from, end = from+len(cdata), "]]>"
	}
	if end == "<" && from < len(s) && isSpace(s[from]) && !isClosed(s[from:]) {
		return i + 1
	}
	to := len(s)
	if n := strings.Index(s[from:], end); n >= 0 {
		to = from + n
	}
	e.mask(from, to)
	return to
}

// isClosed reports whether an element ends behind its text. In a text that explains a
// command, none does: login <user> <password> <host>.
func isClosed(s string) bool {
	s = s[:min(len(s), maxTag)]
	n := strings.IndexByte(s, '<')
	return n >= 0 && strings.HasPrefix(s[n:], "</")
}

// attribute returns the value of name="..." or key="..." in the attributes of a tag.
func attribute(s string) string {
	for _, before := range []string{` name="`, ` key="`} {
		if _, value, ok := strings.Cut(s, before); ok {
			value, _, _ = strings.Cut(value, `"`)
			return value
		}
	}
	return ""
}

const cdata = "<![CDATA["

// maxTag bounds how far from its end the beginning of a tag is looked for.
const maxTag = 256

// maxKey bounds how many bytes of a key are looked at.
const maxKey = 64

// keyBefore returns the key before the separator at i, where it begins, and whether
// it stands there without quotes.
func keyBefore(s string, start, i int) (key string, begin int, bare bool) {
	separator := s[i]
	for i > start && (s[i-1] == ' ' || s[i-1] == '\t') {
		i--
	}
	bare = true
	if i > start && (s[i-1] == ';' || isDigit(s[i-1])) {
		for _, quote := range escapedQuotes {
			if strings.HasSuffix(s[start:i], quote) {
				i -= len(quote)
				bare = false
				break
			}
		}
	}
	if hasSuffixFold(s[max(start, i-len(percentBracket)):i], percentBracket) { // user%5Bpassword%5D=
		i -= len(percentBracket)
	}
	if i > start && s[i-1] == ']' && (separator != ':' || i-1 == start || !isQuote(s[i-2])) {
		i-- // user[password]=, config['password'] =
	}
	if i > start && isQuote(s[i-1]) {
		bare = false
		i--
		if i > start && s[i-1] == s[i] { // ""password"" in CSV
			i--
		}
		for i > start && s[i-1] == '\\' {
			i--
		}
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

// escapedQuotes are quotation marks in HTML, and in JSON within JSON.
var escapedQuotes = []string{"&quot;", "&#34;", "&#39;", "&apos;", `\u0022`, `\u0027`}

// percentQuote is a quotation mark in a URL.
const percentQuote = "%22"

// percentBracket is a closing bracket in a URL.
const percentBracket = "%5D"

// escapedQuote returns which of escapedQuotes s begins with, or "".
func escapedQuote(s string) string {
	if s != "" && (s[0] == '&' || s[0] == '\\') {
		for _, quote := range escapedQuotes {
			if strings.HasPrefix(s, quote) {
				return quote
			}
		}
	}
	return ""
}

// skipSpaces returns where the next byte from i is that is no space or tab.
func skipSpaces(s string, i int) int {
	for i < len(s) && (s[i] == ' ' || s[i] == '\t') {
		i++
	}
	return i
}

// skipQuotes returns where the next byte from i is that is no quotation mark or
// backslash.
func skipQuotes(s string, i int) int {
	for i < len(s) && (s[i] == '\\' || isQuote(s[i])) {
		i++
	}
	return i
}

// wordBefore returns the word that ends at i, and where it begins.
func wordBefore(s string, start, i int) (word string, from int) {
	from = i
	for from > start && i-from < maxKey && isWord(s[from-1]) {
		from--
	}
	return s[from:i], from
}

func hasSuffixFold(s, suffix string) bool {
	n, m := len(s), len(suffix)
	if n < m || suffix[m-1] < utf8.RuneSelf && s[n-1]|0x20 != suffix[m-1]|0x20 {
		return false // most are other ones
	}
	return strings.EqualFold(s[n-m:], suffix)
}
