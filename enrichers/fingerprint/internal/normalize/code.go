package normalize

import (
	"bytes"
	"strings"
)

// isCode reports whether the token from start to end is a code: an exit status,
// an HTTP status, an errno, an SQLSTATE. Codes distinguish failures.
func (s *scanner) isCode(start, end int) bool {
	text := s.in[start:end]
	return looksLikeCode(text) && !s.dotted(end) &&
		(s.afterCodeWord(start, end) || s.isStatus(text, end) || s.inTuple(text, end)) ||
		isHRESULT(text) || s.isDecimalHRESULT(start, end) || isMessageNumber(text) || s.isLogonData(text, end)
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

// isMessageNumber reports whether text is a message number with its severity, as IBM
// has them: SQL0204N, AMQ9208E, CWWKZ0002E. Three digits follow three letters only.
func isMessageNumber(text string) bool {
	if rest, ok := strings.CutPrefix(text, "AADSTS"); ok { // of Microsoft Entra: AADSTS7000215
		return digits(rest, 0) == len(rest)
	}
	letters := 0
	for letters < len(text) && isUpper(text[letters]) {
		letters++
	}
	end := digits(text, letters)
	if letters < 3 || letters > 6 || end < letters+3 || end > letters+5 || end != len(text)-1 || letters > 3 && end == letters+3 {
		return false
	}
	switch text[end] {
	case 'E', 'W', 'I', 'N', 'S', 'C':
		return true
	}
	return false
}

// isLogonData reports whether text, which ends at end, is a code of Active Directory:
// "data 52e," in the comment of an LDAP error.
func (s *scanner) isLogonData(text string, end int) bool {
	if len(text) != 3 || s.at(end) != ',' || !s.wrote(", data ") {
		return false
	}
	return isHex(text[0]) && isHex(text[1]) && isHex(text[2])
}

// inTuple reports whether text, which ends at end, is the number of an error as
// drivers for Python print it: (2006, 'MySQL server has gone away').
func (s *scanner) inTuple(text string, end int) bool {
	return len(text) == 4 && s.last() == '(' && (s.has(end, ", '") || s.has(end, `, "`))
}

// isHRESULT reports whether text is an HRESULT or NTSTATUS of Windows:
// 0x80070005, 0xC0000005.
func isHRESULT(text string) bool {
	return len(text) == 10 && isHexLiteral(text) &&
		(text[2:5] == "800" || text[2:5] == "c00" || text[2:5] == "C00")
}

// isDecimalHRESULT reports whether the token from start to end is an HRESULT or NTSTATUS
// in decimal digits: -2147024891, -1073741819, or "exit status 3221225477".
func (s *scanner) isDecimalHRESULT(start, end int) bool {
	text := s.in[start:end]
	if len(text) != len("3221225477") || digits(text, 0) != len(text) {
		return false
	}
	if start > 0 && s.in[start-1] == '-' {
		return strings.HasPrefix(text, "2147") || strings.HasPrefix(text, "10737")
	}
	return strings.HasPrefix(text, "32212") && s.afterCodeWord(start, end)
}

// afterCodeWord reports whether the code from start to end follows a word such as
// status, and at most a space, a mark and a space, with or without quotation marks.
func (s *scanner) afterCodeWord(start, end int) bool {
	before, mark := separator(s.out)
	if mark == '(' && len(before) > 0 && isDigit(before[len(before)-1]) {
		// Error 1045 (28000): the one in brackets goes with the one before.
		n := len(before)
		for n > 0 && isDigit(before[n-1]) {
			n--
		}
		before, mark = separator(before[:n])
	} else if i := bytes.LastIndexByte(before, '['); mark == '[' && i >= len("sqlstate") && before[len(before)-1] == ']' {
		before = before[:i] // SQLSTATE[HY000] [2002]
	} else if version := httpVersion(before); mark == ' ' && version > 0 {
		// HTTP/1.1 503.
		before = before[:len(before)-version]
	}
	word := lastWord(before)
	if isCodeWord(word) {
		return true
	}
	var space [maxCodeWord]byte
	switch string(lower(space[:], word)) {
	case "error", "err":
		// "error: 5 rows" counts, "error5" is a name.
		return mark != 0 && (mark != ':' || s.at(end) == ',' || s.at(end) == ')' || end == len(s.in))
	case "msg": // of SQL Server: Msg 2627, Level 14
		return mark == ' ' && s.at(end) == ','
	case "value", "number": // exit value 3, error number 1205
		word := lastWord(bytes.TrimSuffix(before[:len(before)-len(word)], []byte(" ")))
		return isCodeWord(word) || bytes.EqualFold(word, []byte("error"))
	case "of", "with", "was", "is": // exited with 137, a status of 404
		word := lastWord(bytes.TrimSuffix(before[:len(before)-len(word)], []byte(" ")))
		return mark == ' ' && isCodeWord(word) && !s.counts(end)
	case "state":
		return mark != 0 && end-start == len("08006")
	case "alert": // of TLS: alert 40
		return mark != 0 && !s.counts(end)
	case "":
		return bytes.HasSuffix(before, []byte("curl:")) // curl: (28)
	case "close", "closed", "result", "fault":
		return mark != 0 && end-start >= 3 && !s.counts(end) // websocket: close 4004
	case "reason":
		return mark != 0 && mark != ' '
	case "ts", "cs", "nu", "jmscmq", "amq", "rustc": // TS2304
		return mark == 0
	}
	return false
}

// counts reports whether a number that ends at i is one of something: 404 rows, but
// not 404 from.
func (s *scanner) counts(i int) bool {
	c := s.at(i)
	if c != ' ' || !isLower(s.at(i+1)) {
		return c == '%' || c == '/'
	}
	end := i + 1
	for isLower(s.at(end)) {
		end++
	}
	switch s.in[i+1 : end] {
	case "from", "for", "on", "at", "in", "to", "and", "with", "while", "when", "after", "because", "but", "response", "status":
		return false
	}
	return true
}

// separator cuts a space, a mark and a space from the end of text, each of which
// may be missing, and quotation marks beside them. It returns the mark, or else the
// space, or 0.
func separator(text []byte) (before []byte, mark byte) {
	cut := func(c byte) bool {
		if n := len(text); n > 0 && text[n-1] == c {
			text, mark = text[:n-1], c
			return true
		}
		return false
	}
	quote := cut('"') || cut('\'')
	cut(' ')
	for _, c := range [...]byte{'=', ':', '#', '(', '[', '-', '_', '/', '>'} {
		if c == '>' && !endsTag(text) {
			continue
		}
		if cut(c) {
			found := c
			cut(' ')
			_ = cut('"') || cut('\'') // "code": 403
			return text, found
		}
	}
	if quote && mark == ' ' {
		mark = '"'
	}
	return text, mark
}

// endsTag reports whether text ends with a tag of XML, not with a placeholder.
func endsTag(text []byte) bool {
	i := bytes.LastIndexByte(text, '<')
	return i >= 0 && placeholder(string(text[i:])) == ""
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
	if n == len(text) || n < len("http/") || !bytes.EqualFold(text[n-len("http/"):n], []byte("http/")) {
		return 0
	}
	return len(text) - n + 1
}

// lastWord returns the word at the end of text; of StatusCode, it is Code, and of
// CURLcode it is code.
func lastWord(text []byte) []byte {
	n := len(text)
	for n > 0 && len(text)-n <= maxCodeWord && isLetter(text[n-1]) {
		n--
		if isUpper(text[n]) && n+1 < len(text) && isLower(text[n+1]) {
			if n > 0 && isUpper(text[n-1]) {
				n++
			}
			break
		}
	}
	return text[n:]
}

const maxCodeWord = len("returncode")

// isCodeWord reports whether codes follow this word. A few more have conditions.
func isCodeWord(word []byte) bool {
	var space [maxCodeWord]byte
	if len(word) < 2 {
		return false
	}
	w := lower(space[:], word)
	if bytes.HasSuffix(w, []byte("code")) {
		switch string(w) {
		case "decode", "encode", "transcode", "barcode", "unicode", "zipcode", "postcode", "opcode", "passcode", "bytecode":
			return false
		}
		return true
	}
	switch string(w) {
	case "status", "exit", "exited", "errno", "signal", "http", "sqlstate", "sqlerrmc", "hresult", "ntstatus", "winerror", "oserror",
		"rc", "ret", "smtp", "ftp", "sip", "retval", "errorlevel", "substatus", "errnum",
		"ora", "tns", "pls", "rman", "dpi", "dpy", "aadsts", "msb", "netsdk":
		return true
	}
	return false
}

// known reports whether text is a word whose digits are not a number: v and one or
// two digits, and the names of machines, formats and protocols.
func known(text string) bool {
	var space [8]byte
	w := lower(space[:], text)
	if len(w) < 2 {
		return false
	}
	if w[0] == 'v' && len(w) <= 3 {
		return isDigit(w[1]) && isDigit(w[len(w)-1])
	}
	switch string(w) {
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
