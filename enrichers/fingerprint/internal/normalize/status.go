package normalize

import "strings"

// statuses are the HTTP statuses of errors and the beginnings of their phrases in
// lower case and without spaces.
var statuses = map[string]string{
	"400": "badrequest", "401": "unauthorized", "402": "paymentrequired", "403": "forbidden",
	"404": "notfound", "405": "methodnotallowed", "406": "notacceptable", "407": "proxyauth",
	"408": "requesttimeout", "409": "conflict", "410": "gone", "411": "lengthrequired",
	"412": "precondition", "413": "", "414": "", "415": "unsupported", "416": "", "417": "expectation",
	"418": "i'mateapot", "421": "misdirected", "422": "unprocessable", "423": "locked", "424": "faileddependency",
	"425": "tooearly", "426": "upgrade", "428": "precondition", "429": "toomany", "431": "requestheader",
	"451": "unavailable", "499": "clientclosed",
	"500": "internalserver", "501": "notimplemented", "502": "badgateway", "503": "service", "504": "gateway",
	"505": "httpversion", "507": "insufficient", "508": "loopdetected", "511": "network",
	"520": "", "521": "", "522": "", "523": "", "524": "", "525": "", "526": "", "529": "",
}

// isStatus reports whether text, which ends at end, is an HTTP status wherever it
// stands: its phrase follows, as in "404 Not Found", or it follows a word such as
// returned and is not a number of something.
func (s *scanner) isStatus(text string, end int) bool {
	if len(text) != 3 || text[0] != '4' && text[0] != '5' {
		return false
	}
	if s.at(end) == ' ' && (s.at(end+1) == text[0] && s.dotted(end+2) || s.has(end+1, phNum+" ")) { // SMTP: 550 5.7.1, also normalized
		return true
	}
	if s.at(end) == ' ' && (len(s.out) == 0 || s.wrote(": ")) && s.replies(end+1) { // FTP: 530 Login incorrect
		return true
	}
	phrase, ok := statuses[text]
	if !ok {
		return false
	}
	if phrase != "" && s.phrase(end, phrase) {
		return true
	}
	if s.counts(end) {
		return false
	}
	before, _ := separator(s.out)
	var space [maxCodeWord]byte
	switch string(lower(space[:], lastWord(before))) {
	case "returned", "returns", "responded", "response", "got", "received", "answered", "replied", "error", "failed",
		"with", "exception", "failure", "was", "unexpected":
		return true
	}
	return false
}

// replies reports whether the word at i begins a reply of a mail or FTP server.
func (s *scanner) replies(i int) bool {
	end := i
	for isLetter(s.at(end)) {
		end++
	}
	switch s.in[i:end] {
	case "Access", "Authentication", "Command", "Invalid", "Login", "Mailbox", "Message", "No", "Not", "Permission", "Recipient",
		"Relay", "Relaying", "Requested", "Sender", "Service", "Too", "Unable", "Unknown", "User":
		return true
	}
	return false
}

// phrase reports whether the phrase follows at i, in any case and with any spaces,
// hyphens and underscores in it.
func (s *scanner) phrase(i int, phrase string) bool {
	for s.at(i) != 0 && strings.IndexByte(" :-()_", s.in[i]) >= 0 {
		i++
	}
	for phrase != "" {
		c := s.at(i)
		if isUpper(c) {
			c |= 0x20
		}
		switch c {
		case phrase[0]:
			phrase = phrase[1:]
		case ' ', '-', '_':
		default:
			return false
		}
		i++
	}
	return true
}
