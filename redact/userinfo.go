package redact

import "strings"

// redactUserinfo masks passwords in URLs and in data source names: what stands
// before an @.
func redactUserinfo(s string) string {
	e := edit{src: s}
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '@')
		if n < 0 {
			break
		}
		from := i + n
		for from > i && !endsURL(s[from-1]) {
			from--
		}
		to := i + n
		for to < len(s) && !endsURL(s[to]) {
			to++
		}
		if !redactURLs(&e, from, to) {
			redactDSN(&e, from, to)
		}
		i = to
	}
	return e.String()
}

// endsURL reports whether no URL contains c. An apostrophe may be in a password.
func endsURL(c byte) bool { return isSpace(c) || c == '"' || c == '`' || c == '<' || c == '>' }

// redactURLs masks the passwords of the URLs in src[from:to], which is one word,
// and reports whether there are URLs.
func redactURLs(e *edit, from, to int) bool {
	word := e.src[from:to]
	last := strings.LastIndexByte(word, '@')
	found := false
	for i := 0; ; {
		n := strings.Index(word[i:], "://")
		if n < 0 || i+n > last {
			return found
		}
		found = true
		scheme := word[i : i+n]
		i += n + len("://")
		end := len(word)
		if n := strings.IndexAny(word[i:], "/?#"); n >= 0 {
			end = i + n
		}
		authority := word[i:end]
		at := strings.LastIndexByte(authority, '@')
		colon := strings.IndexByte(authority, ':')
		switch {
		case at >= 0 && colon >= 0 && colon < at:
			e.mask(from+i+colon+1, from+i+at)
		case at >= maxPlainUser && strings.HasSuffix(scheme, "http") || at >= maxPlainUser && strings.HasSuffix(scheme, "https"):
			e.mask(from+i, from+i+at) // https://<token>@host
		case at < 0 && colon >= 0 && last > end && authority[0] != '[' && !isPort(authority[colon+1:]):
			// Not a URL, strictly: a password with a slash in it.
			e.mask(from+i+colon+1, from+last)
			return true
		}
		// On from here, not from the end: in http://https://... the first authority
		// is the second scheme.
	}
}

// maxPlainUser is how long a user without a password may be before it is taken
// for a token.
const maxPlainUser = 20

func isPort(s string) bool {
	for i := range len(s) {
		if !isDigit(s[i]) {
			return false
		}
	}
	return true
}

// redactDSN masks the password in user:password@tcp(host)/db,
// user:password@/db or user:password@host in src[from:to], which is one word.
func redactDSN(e *edit, from, to int) {
	word := e.src[from:to]
	colon := strings.IndexByte(word, ':')
	if colon < 0 || colon == 1 && len(word) > 2 && (word[2] == '/' || word[2] == '\\') { // C:/...
		return
	}
	for at := len(word); ; {
		at = strings.LastIndexByte(word[:at], '@')
		if at <= colon {
			break
		}
		rest := word[at+1:]
		n := 0
		for n < len(rest) && n < maxProtocol && (isLetter(rest[n]) || isDigit(rest[n])) {
			n++
		}
		if n < len(rest) && (rest[n] == '(' || n == 0 && rest[n] == '/') {
			e.mask(from+colon+1, from+at)
			return
		}
	}
	at := strings.LastIndexByte(word, '@')
	if at <= colon || colon == 0 || at+1 == len(word) || strings.IndexByte(word[colon:at], '/') >= 0 {
		return // nothing, or a path with a version
	}
	host, user := word[at+1:], word[:colon]
	if !isWord(host[0]) && host[0] != '[' || !isWord(user[colon-1]) && user[colon-1] != '*' ||
		strings.HasPrefix(host, "sha256:") || strings.HasPrefix(host, "sha512:") || // an image
		strings.HasSuffix(user, "mailto") {
		return
	}
	e.mask(from+colon+1, from+at)
}

// maxProtocol is the length of the longest name that is looked for.
const maxProtocol = 16
