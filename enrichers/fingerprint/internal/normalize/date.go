package normalize

import "strings"

// date replaces an ISO 8601 date, or one with slashes, that starts here, and the
// time after its T.
func (s *scanner) date() bool {
	i := s.pos
	if s.numericDate() {
		return true
	}
	separator := s.at(i + 4)
	if separator != '-' && separator != '/' || s.at(i+7) != separator ||
		!s.digitsAt(i, 4) || !s.pair(i+5, 1, 12) || !s.pair(i+8, 1, 31) {
		return false
	}
	i += len("2006-01-02")
	if c := s.at(i); c == 'T' || c == 't' {
		if end := s.clockEnd(i+1, 1); end > 0 {
			s.put(phTime, end)
			return true
		}
	}
	if !s.endsAt(i) {
		return false
	}
	s.put(phTime, i)
	return true
}

// numericDate replaces a date such as 31.12.2024, 12/31/2024 or 31-12-2024.
func (s *scanner) numericDate() bool {
	i := digits(s.in, s.pos)
	separator := s.at(i)
	if separator != '.' && separator != '/' && separator != '-' || i > s.pos+2 {
		return false
	}
	j := digits(s.in, i+1)
	if j == i+1 || j > i+3 || s.at(j) != separator || !s.year(j+1) || !s.endsAt(j+5) || s.dotted(j+5) {
		return false
	}
	s.put(phTime, j+5)
	return true
}

// year reports whether there are the four digits of a year of these centuries at i.
func (s *scanner) year(i int) bool {
	return s.digitsAt(i, 4) && (s.in[i] == '1' && s.in[i+1] == '9' || s.in[i] == '2' && s.in[i+1] == '0')
}

// clock replaces a time of day with its seconds, or with AM or PM.
func (s *scanner) clock() bool {
	end := s.clockEnd(s.pos, 2)
	if half := s.halfDay(); half > 0 {
		end = s.zone(half)
	}
	if end == 0 {
		return false
	}
	s.put(phTime, end)
	return true
}

// halfDay returns the end of a time of day with AM or PM that starts here, or 0.
func (s *scanner) halfDay() int {
	i := digits(s.in, s.pos)
	if i > s.pos+2 {
		return 0
	}
	for s.at(i) == ':' && s.pair(i+1, 0, 60) {
		i += len(":04")
	}
	if s.at(i) == '.' {
		i = s.decimal(i + 1)
	}
	if s.at(i) == ' ' {
		i++
	}
	if c := s.at(i) | 0x20; c != 'a' && c != 'p' {
		return 0
	}
	i++
	if s.at(i) == '.' {
		i++
	}
	if s.at(i)|0x20 != 'm' || !s.endsAt(i+1) {
		return 0
	}
	if i++; s.in[i-2] == '.' && s.at(i) == '.' {
		i++
	}
	return i
}

// clockEnd returns the end of the time of day at i, with its zone, or 0. It has
// at least so many groups after the hour.
func (s *scanner) clockEnd(i, groups int) int {
	if !s.pair(i, 0, 24) {
		return 0
	}
	i += 2
	for n := 0; n < 2 && s.at(i) == ':' && s.pair(i+1, 0, 60); n++ {
		i += len(":04")
		groups--
	}
	if groups > 0 {
		return 0
	}
	if (s.at(i) == '.' || s.at(i) == ',') && isDigit(s.at(i+1)) {
		for i++; isDigit(s.at(i)); {
			i++
		}
	}
	if c := s.at(i); c == 'Z' || c == 'z' {
		i++
	} else if end := s.offset(i); end > 0 {
		i = end
	}
	if !s.endsAt(i) {
		return 0
	}
	return s.zone(i)
}

// zone returns the end of what may follow a time of day after a space: an offset,
// the name of a zone, both as JavaScript and Java print them, and the monotonic
// reading that package time prints.
func (s *scanner) zone(i int) int {
	if end := s.offset(i + 1); s.at(i) == ' ' && end > 0 && s.endsAt(end) {
		i = end
	}
	if s.at(i) == ' ' && isUpper(s.at(i+1)) {
		end := i + 1
		for isUpper(s.at(end)) && end < i+6 {
			end++
		}
		if zones[s.in[i+1:end]] {
			if after := s.offset(end); after > 0 && s.endsAt(after) {
				i = after
			} else if s.endsAt(end) {
				i = end
			}
		}
	}
	i = s.zoneName(i)
	if s.has(i, " m=+") && isDigit(s.at(i+len(" m=+"))) {
		if end := s.decimal(i + len(" m=+")); s.endsAt(end) {
			i = end
		}
	}
	return i
}

// zoneName returns the end of a name in brackets at i: " (Pacific Standard Time)",
// "[Europe/Berlin]".
func (s *scanner) zoneName(i int) int {
	const longest = 48
	var end int
	switch {
	case s.has(i, " (") && isUpper(s.at(i+2)):
		for end = i + 2; end < i+longest && (isLetter(s.at(end)) || s.at(end) == ' '); {
			end++
		}
		if s.at(end) != ')' || !strings.HasSuffix(s.in[:end], " Time") && !zones[s.in[i+2:end]] {
			return i
		}
	case s.at(i) == '[' && isUpper(s.at(i+1)):
		for end = i + 1; end < i+longest && (isLetter(s.at(end)) || s.at(end) == '/' || s.at(end) == '_'); {
			end++
		}
		if s.at(end) != ']' {
			return i
		}
	default:
		return i
	}
	if !s.endsAt(end + 1) {
		return i
	}
	return end + 1
}

var zones = func() map[string]bool {
	m := map[string]bool{}
	for _, name := range strings.Fields("UTC GMT CET CEST EET EEST WET WEST BST EST EDT CST CDT MST MDT PST PDT AKST AKDT HST " +
		"IST PKT ICT WIB SGT HKT JST KST MSK TRT SAST CAT EAT WAT AEST AEDT ACST AWST NZST NZDT BRT ART CLT") {
		m[name] = true
	}
	return m
}()

// offset returns the end of an offset from UTC at i: +07:00 or +0700.
func (s *scanner) offset(i int) int {
	if c := s.at(i); c != '+' && c != '-' || !s.pair(i+1, 0, 24) {
		return 0
	}
	i += len("+07")
	if s.at(i) == ':' {
		i++
	}
	if !s.pair(i, 0, 59) {
		return 0
	}
	return i + 2
}

// pair reports whether there are two digits at i, from low to high.
func (s *scanner) pair(i, low, high int) bool {
	if !s.digitsAt(i, 2) {
		return false
	}
	n := int(s.in[i]-'0')*10 + int(s.in[i+1]-'0')
	return low <= n && n <= high
}

// digitsAt reports whether there are n digits at i.
func (s *scanner) digitsAt(i, n int) bool {
	for k := range n {
		if !isDigit(s.at(i + k)) {
			return false
		}
	}
	return true
}

// isStamp reports whether text is a time in the basic form of ISO 8601:
// 20060102T150405, with or without a Z.
func isStamp(text string) bool {
	if len(text) != len("20060102T150405") && (len(text) != len("20060102T150405Z") || text[15] != 'Z') {
		return false
	}
	for i := range len("20060102T150405") {
		if i == 8 && text[i] != 'T' || i != 8 && !isDigit(text[i]) {
			return false
		}
	}
	return true
}
