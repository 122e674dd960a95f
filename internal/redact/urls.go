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
	return redactPort(redactEscapedURLs(e.String()))
}

// redactEscapedURLs masks passwords in URLs that are escaped once more:
// postgres%3A%2F%2Fuser%3Asecret%40host.
func redactEscapedURLs(s string) string {
	const sep, colon, at, slash = "%3A%2F%2F", "%3A", "%40", "%2F"
	e := edit{src: s}
	for i := 0; i < len(s); i++ {
		n := strings.IndexByte(s[i:], '%')
		if n < 0 {
			break
		}
		i += n
		if !hasPrefixFold(s[i:], sep) {
			continue
		}
		from, to, user, end := i+len(sep), i+len(sep), -1, -1
		for ; to < len(s) && encoded.has(s[to]) && !hasPrefixFold(s[to:], slash); to++ {
			if user < 0 && hasPrefixFold(s[to:], colon) {
				user = to
			} else if strings.HasPrefix(s[to:], at) {
				end = to
			}
		}
		if from < user && user < end {
			e.mask(user+len(colon), end)
		}
		i = to - 1
	}
	return e.String()
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
		if at >= maxPlainUser && (hasSuffixFold(scheme, "http") || hasSuffixFold(scheme, "https")) {
			return 0, at // https://<token>@host
		}
		return 0, 0
	case at > colon:
		if !hasPaths {
			// The password may have a slash and an @.
			path, _, _ := strings.Cut(word, "?")
			at = strings.LastIndexByte(path, '@')
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
	n := 0
	for n < len(s) && isDigit(s[n]) {
		n++
	}
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
		from := skipQuotes(s, i)
		if from == i {
			continue
		}
		i = from
		for i < len(s) && !isSpace(s[i]) && s[i] != '"' && s[i] != '\\' {
			i++
		}
		e.mask(from, i)
	}
}

func hasSuffixOf(s string, suffixes []string) bool {
	for _, suffix := range suffixes {
		if strings.HasSuffix(s, suffix) {
			return true
		}
	}
	return false
}
