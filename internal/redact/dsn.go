package redact

import "strings"

// redactDSNs masks passwords in data source names without a scheme: what stands
// before an @.
func redactDSNs(s string) string {
	e := edit{src: s}
	for i := 0; i < len(s); {
		n := strings.IndexByte(s[i:], '@')
		if n < 0 {
			break
		}
		end := i + len(strings.TrimRight(s[i:i+n], "\r\n"))
		from := wordStart(s, i, end)
		if from == end {
			from = i + n
		}
		to := i + n + passwordEnd(s[i+n:])
		redactDSN(&e, from, to)
		i = to
	}
	return e.String()
}

// redactDSN masks the password in the word src[from:to], which has an @:
//
//	user:password@tcp(host)/db
//	user:password@/db
//	user:password@host
//	user/password@host:port
func redactDSN(e *edit, from, to int) {
	word := e.src[from:to]
	at := strings.LastIndexByte(word, '@')
	if n := strings.Index(word, "://"); n >= 0 && n < at {
		return
	}
	colon := strings.IndexByte(word, ':')
	if colon == 1 && len(word) > 2 && (word[2] == '/' || word[2] == '\\') { // C:/...
		return
	}
	if proto, ok := protocolAt(word); ok {
		if strings.HasPrefix(word, "jdbc:") && word[proto-1] == ':' {
			return // without a user
		}
		user, _, slash := strings.Cut(word[:proto], "/")
		if strings.HasPrefix(word[proto+1:], "//") && slash && (isOracle(user, word[proto+len("@//"):]) || isOracleTool(e.src, from)) {
			e.mask(from+len(user)+1, from+proto)
		} else if colon >= 0 && colon < proto {
			e.mask(from+colon+1, from+proto)
		} else if colon := colonBehind(e.src, from, word[proto+1] != '/'); colon >= 0 {
			e.mask(colon+1, from+proto)
		}
		return
	}
	if at+1 == len(word) || !isWord(word[at+1]) && word[at+1] != '[' {
		return
	}
	host, start := word[at+1:], from
	if user, _, ok := strings.Cut(word[:at], "/"); ok && (isOracle(user, host) || isOracleTool(e.src, from)) {
		e.mask(from+len(user)+1, from+at)
		return
	}
	if colon < 0 || colon > at {
		colon := colonBehind(e.src, from, false)
		if colon < 0 || strings.IndexByte(host, '/') < 0 && strings.IndexByte(host, ':') < 0 {
			return
		}
		start = colon
		for start > 0 && isWord(e.src[start-1]) {
			start--
		}
	}
	word = e.src[start:to]
	colon, at = strings.IndexByte(word, ':'), strings.LastIndexByte(word, '@')
	user, password := word[:colon], word[colon+1:at]
	if user == "" || isPort(user) && isPort(password) || // 12:30@utc
		!isWord(user[colon-1]) && user[colon-1] != '*' ||
		strings.IndexByte(password, '/') >= 0 || // a path with a version
		isDigest(host) || hasSuffixOf(user, mailSchemes) ||
		strings.IndexByte(password, '\n') >= 0 && !strings.ContainsAny(host, ":/") { // more likely a line that begins with an @
		return
	}
	e.mask(start+colon+1, start+at)
}

// mailSchemes are the schemes of URLs without slashes that have an address.
var mailSchemes = []string{"mailto", "sip", "sips", "xmpp", "acct", "im"}

// maxProtocol is the length of the longest name that is looked for.
const maxProtocol = 16

// protocolAt returns where the last @ is that tcp(host), (host) or /db follows.
func protocolAt(word string) (at int, ok bool) {
	for at = len(word); ; {
		at = strings.LastIndexByte(word[:at], '@')
		if at < 0 {
			return 0, false
		}
		rest, n := word[at+1:], 0
		for n < len(rest) && n < maxProtocol && (isLetter(rest[n]) || isDigit(rest[n])) {
			n++
		}
		if n < len(rest) && (rest[n] == '(' || n == 0 && rest[n] == '/') {
			return at, true
		}
	}
}

// colonBehind returns where the colon is after which a password begins that has a
// quotation mark or, if it may, white space before the word at from; -1 if nowhere.
func colonBehind(s string, from int, spaces bool) int {
	for i := from; i > max(0, from-maxPassword); {
		i-- // past what ends a word
		if s[i] == '\n' || isSpace(s[i]) && !spaces {
			return -1
		}
		to := i
		i = wordStart(s, max(0, to-maxPassword), to)
		word := s[i:to]
		if strings.Contains(word, "//") || strings.Contains(word, "@") {
			return -1 // a URL, or another data source name
		}
		if n := strings.IndexByte(word, ':'); n > 0 {
			return i + n
		} else if n == 0 || strings.ContainsAny(word, ",{[(") {
			return -1 // between quotes: a value begins
		}
	}
	return -1
}

// isOracleTool reports whether a tool is before s[i] that takes user/password@name.
func isOracleTool(s string, i int) bool {
	return containsAny(lineBefore(s, i), "sqlplus ", "expdp ", "impdp ")
}

// isOracle reports whether user/password@host is that of a database: the host has a port.
// It is not a file or package with a version.
func isOracle(user, host string) bool {
	name, port, ok := strings.Cut(host, ":")
	return ok && name != "" && strings.IndexByte(name, '/') < 0 && len(port) >= 4 && isPort(port[:4]) && user != "" && !isDigest(host) &&
		(strings.Contains(user, "jdbc:oracle:") || !strings.ContainsAny(user, ".:"))
}

// isDigest reports whether host is none: it says which image is meant.
func isDigest(host string) bool {
	return strings.HasPrefix(host, "sha256:") || strings.HasPrefix(host, "sha512:")
}
