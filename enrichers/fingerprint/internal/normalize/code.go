package normalize

// isCode reports whether the token from start to end is a code: an exit status,
// an HTTP status, an errno, an SQLSTATE. Codes distinguish failures.
func (s *scanner) isCode(start, end int) bool {
	return !s.dotted(end) && looksLikeCode(s.in[start:end]) && s.afterCodeWord()
}

// looksLikeCode reports whether text has the form of a code: at most five digits (42,
// 23505), at most six digits and capitals (42P01, TS2304), or a hexadecimal
// number of at most 32 bits (0xc0000005).
func looksLikeCode(text string) bool {
	if isHexLiteral(text) {
		return len(text) <= 10
	}
	letters := 0
	for i := range len(text) {
		switch {
		case isUpper(text[i]):
			letters = 1
		case !isDigit(text[i]):
			return false
		}
	}
	return len(text) <= 5+letters
}

// afterCodeWord reports whether a code may follow what was written last: a word such
// as status, and at most a space, a mark and a space.
func (s *scanner) afterCodeWord() bool {
	before, mark := separator(s.out)
	if mark == '(' && len(before) > 0 && isDigit(before[len(before)-1]) {
		// Error 1045 (28000): the one in brackets goes with the one before.
		n := len(before)
		for n > 0 && isDigit(before[n-1]) {
			n--
		}
		before, mark = separator(before[:n])
	} else if version := httpVersion(before); mark == ' ' && version > 0 {
		// HTTP/1.1 503.
		before = before[:len(before)-version]
	}
	switch word := lastWord(before); {
	case equalFold(word, "error"):
		// "error: 5 rows" counts, "error5" is a name.
		return mark != ':' && mark != 0
	default:
		return isCodeWord(word)
	}
}

// separator cuts a space, a mark and a space from the end of text, each of which
// may be missing, and returns the mark, or else the space, or 0.
func separator(text []byte) (before []byte, mark byte) {
	cut := func(c byte) bool {
		if n := len(text); n > 0 && text[n-1] == c {
			text, mark = text[:n-1], c
			return true
		}
		return false
	}
	cut(' ')
	for _, c := range [...]byte{'=', ':', '#', '(', '[', '-', '_', '/'} {
		if cut(c) {
			found := c
			cut(' ')
			return text, found
		}
	}
	return text, mark
}

// httpVersion returns the length of the version at the end of text, as in
// HTTP/1.1, with its slash.
func httpVersion(text []byte) int {
	n := len(text)
	if n >= len(phNum) && string(text[n-len(phNum):]) == phNum {
		n -= len(phNum)
	} else {
		for n > 0 && isDigit(text[n-1]) {
			n--
		}
	}
	if n == len(text) || n < len("http/") || !equalFold(text[n-len("http/"):n], "http/") {
		return 0
	}
	return len(text) - n + 1
}

// lastWord returns the word at the end of text; of StatusCode, it is Code.
func lastWord(text []byte) []byte {
	n := len(text)
	for n > 0 && len(text)-n <= maxCodeWord && isLetter(text[n-1]) {
		n--
		if isUpper(text[n]) && n+1 < len(text) && isLower(text[n+1]) {
			break
		}
	}
	return text[n:]
}

const maxCodeWord = len("returncode")

// isCodeWord reports whether codes follow this word. error is one as well, with
// more conditions.
func isCodeWord(word []byte) bool {
	var lower [maxCodeWord]byte
	if len(word) < 2 || len(word) > len(lower) {
		return false
	}
	for i, c := range word {
		lower[i] = c | 0x20
	}
	switch string(lower[:len(word)]) {
	case "code", "status", "exit", "exited", "errno", "signal", "http", "sqlstate", "rc",
		"errcode", "errorcode", "exitcode", "retcode", "returncode", "statuscode", "ora":
		return true
	}
	return false
}

// equalFold reports whether word equals lower, ignoring case.
func equalFold(word []byte, lower string) bool {
	if len(word) != len(lower) {
		return false
	}
	for i, c := range word {
		if c|0x20 != lower[i]|0x20 {
			return false
		}
	}
	return true
}

// known reports whether text is a word whose digits are not a number: v and one or
// two digits, and the names of machines, formats and protocols.
func known(text string) bool {
	var lower [8]byte
	if len(text) < 2 || len(text) > len(lower) {
		return false
	}
	for i := range len(text) {
		lower[i] = text[i]
		if isUpper(text[i]) {
			lower[i] |= 0x20
		}
	}
	if lower[0] == 'v' && len(text) <= 3 {
		return isDigit(lower[1]) && isDigit(lower[len(text)-1])
	}
	switch string(lower[:len(text)]) {
	case "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64", "float32", "float64",
		"utf8", "utf16", "utf32", "utf8mb4", "base32", "base64", "ipv4", "ipv6", "i18n", "l10n",
		"md5", "sha1", "sha224", "sha256", "sha384", "sha512", "x509", "p256", "p384", "p521",
		"http2", "http3", "h2", "h2c", "h3", "oauth2", "tls12", "tls13", "s3", "ec2", "k8s", "log4j", "db2",
		"x86", "amd64", "arm64", "win32", "lz4", "mp3", "mp4", "h264",
		"1xx", "2xx", "3xx", "4xx", "5xx":
		return true
	}
	return false
}
