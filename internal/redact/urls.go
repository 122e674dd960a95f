package redact

import "strings"

// maxPassword is how far from its beginning the end of a password is looked for that
// has white space or quotation marks in it.
const maxPassword = 128

// maxPlainUser is how long a user without a password may be before it is taken
// for a token.
const maxPlainUser = 20

// pathSchemes are the schemes of URLs whose paths often have an @ in them. In a URL of
// another scheme, such as that of a database, an @ ends a password.
var pathSchemes = []string{"http", "https", "ws", "wss", "ftp", "file", "git", "ssh", "oci", "docker", "npm", "pkg"}

// redactURLs masks passwords in URLs.
func redactURLs(s string) string {
	const sep = "://"
	e := edit{src: s}
	for n := strings.Index(s, sep); n >= 0; {
		from, to, next := n+len(sep), len(s), -1
		if i := strings.Index(s[from:], sep); i >= 0 {
			next = from + i
			_, to = wordBefore(s, from, next)
		}
		scheme, _ := wordBefore(s, 0, n)
		if from, to := passwordOf(s[from:to], s[to:], scheme); from < to {
			e.mask(n+len(sep)+from, n+len(sep)+to)
		}
		n = next
	}
	s = each(each(e.String(), "%2F%2F", redactEscapedURL), "%2f%2f", redactEscapedURL)
	return each(s, invalidPort, redactPort)
}

// redactEscapedURL masks the password in a URL that is escaped once more, if the two
// slashes at i are behind its scheme: postgres%3A%2F%2Fuser%3Asecret%40host. It returns
// where to continue.
func redactEscapedURL(e *edit, i int) int {
	const slashes, colon, at = "%2F%2F", "%3A", "%40"
	s, from := e.src, i+len(slashes)
	if !hasSuffixFold(s[:i], colon) {
		return from
	}
	user, end, to := -1, -1, from
	for ; to < len(s) && encoded.has(s[to]) && !hasPrefixFold(s[to:], slashes[:3]); to++ {
		if user < 0 && hasPrefixFold(s[to:], colon) {
			user = to
		} else if strings.HasPrefix(s[to:], at) {
			end = to
		}
	}
	if from < user && user < end {
		e.mask(user+len(colon), end)
	}
	return to
}

// passwordOf returns where the password is in url, which begins after "scheme://" and
// may have more text at its end; after follows it. If there is none, from is to.
func passwordOf(url, after, scheme string) (from, to int) {
	word := url[:passwordEnd(url)]
	host := word
	if n := strings.IndexAny(word, "/?#"); n >= 0 {
		host = word[:n]
	}
	colon, at := strings.IndexByte(host, ':'), strings.LastIndexByte(host, '@')
	hasPaths := hasSuffixOf(strings.ToLower(scheme), pathSchemes)
	switch {
	case colon < 0 || at >= 0 && at < colon:
		if at >= maxPlainUser && isHTTP(scheme) || at > 0 && hasSuffixFold(scheme, "nats") {
			return 0, at // https://<token>@host
		}
		return 0, 0
	case at > colon && isHTTP(scheme) && isTokenUser(host[:colon]):
		return 0, at // https://<token>:x@host
	case at > colon:
		if !hasPaths {
			// The password may have a slash and an @.
			path, _, _ := strings.Cut(word, "?")
			at = strings.LastIndexByte(path, '@')
		}
		// The password may have an @ and a ?, behind which a query has names.
		if n := strings.LastIndexByte(word, '@'); n > at && (!hasPaths || word[len(host)] == '?') && !strings.Contains(word[at:n], "=") {
			at = n
		}
		return colon + 1, at
	case host[0] == '[':
		return 0, 0
	}
	// There is no @ where a host ends: it is host:port, or the password has a
	// character that ends a host or even the URL.
	secret := host[colon+1:]
	inPath := len(host) < len(word)
	if isPort(secret) && (hasPaths || !inPath) || secret == "" && hasPaths && inPath && word[len(host)] == '/' {
		return 0, 0
	}
	if at = strings.LastIndexByte(word, '@'); at < 0 && !inPath {
		at = atBehind(url, colon+1, len(word))
	}
	if at < 0 && isInvalidPort(url[len(word):]+after[:min(len(after), maxKey)]) {
		at = len(host) // net/url has cut what follows the #
	}
	return colon + 1, max(at, colon+1)
}

func isHTTP(scheme string) bool {
	return hasSuffixFold(scheme, "http") || hasSuffixFold(scheme, "https")
}

// isTokenUser reports whether a user with a password is a token, as services expect it that
// ignore the password.
func isTokenUser(user string) bool { return len(user) >= maxPlainUser && isLong(user) }

// atBehind returns where the @ is that ends the password that begins at from and
// goes on at to, after its first white space or quotation mark; -1 if nowhere.
func atBehind(url string, from, to int) int {
	rest := url[to:max(to, min(len(url), from+maxPassword))]
	end := lineEnd(rest, 0)
	if n := end + breakLen(rest[end:]); n < len(rest) && rest[n] == '@' {
		end = lineEnd(rest, n)
	}
	rest = rest[:end]
	if from == to && strings.HasPrefix(rest, " ") { // more likely a colon of the sentence
		rest = rest[:1+wordEnd(rest[1:])]
	}
	n := strings.IndexByte(rest, '@')
	if n < 0 {
		return -1
	}
	for i := n + 1; i < len(rest) && !endsURL(rest[i]) && strings.IndexByte("/?#", rest[i]) < 0; i++ {
		if rest[i] == '@' {
			n = i
		}
	}
	return to + n
}

// isInvalidPort reports whether s is what net/url writes after a URL whose host it
// cannot understand.
func isInvalidPort(s string) bool {
	return strings.HasPrefix(strings.TrimLeft(s, `\"`), ": invalid port ")
}

// isPort reports whether s begins with a number: host:80, or host:80,host:81.
func isPort(s string) bool {
	n := digitsLen(s)
	return n > 0 && (n == len(s) || !isWord(s[n]))
}

// endsURL reports whether no URL contains c. An apostrophe may be in a password.
func endsURL(c byte) bool { return isSpace(c) || c == '"' || c == '`' || c == '<' || c == '>' }

// wordEnd returns where the word at the beginning of s ends.
func wordEnd(s string) int {
	for i := range len(s) {
		if endsURL(s[i]) {
			return i
		}
	}
	return len(s)
}

// wordAt returns the word at i, as far as it is looked at.
func wordAt(s string, i int) string {
	s = s[i:min(len(s), i+maxPassword)]
	return s[:wordEnd(s)]
}

// passwordEnd is like wordEnd, but if line breaks and an @ follow, which stand for no host
// in the word, it returns where the word behind them ends: a file that has a password
// often ends with a line break.
func passwordEnd(s string) int {
	end := wordEnd(s)
	at := end + breakLen(s[end:])
	if at == end || at == len(s) || s[at] != '@' {
		return end
	}
	if n := strings.LastIndexByte(s[:end], '@'); n >= 0 && strings.ContainsAny(s[n:end], ".:/") {
		return end // it has a host
	}
	return at + wordEnd(s[at:])
}

// wordStart returns where the word that ends at i begins, low or later.
func wordStart(s string, low, i int) int {
	for i > low && !endsURL(s[i-1]) {
		i--
	}
	return i
}

// invalidPort is what net/url writes before a port that it does not accept.
const invalidPort = "invalid port "

// redactPort masks what net/url reports as the invalid port at i: if there is a slash in
// the password of a URL, it is a part of the password. It returns where to continue.
func redactPort(e *edit, i int) int {
	s := e.src
	i += len(invalidPort)
	from := skipQuotes(s, i)
	if from == i {
		return i
	}
	to := from
	for to < len(s) && !isSpace(s[to]) && s[to] != '"' && s[to] != '\\' {
		to++
	}
	e.mask(from, to)
	return to
}

func hasSuffixOf(s string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}
