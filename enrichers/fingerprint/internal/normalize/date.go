package normalize

// date replaces an ISO 8601 date, or one with slashes, that starts here, and the
// time after its T.
func (s *scanner) date() bool {
	i := s.pos
	separator := s.at(i + 4)
	if separator != '-' && separator != '/' || s.at(i+7) != separator ||
		!s.digitsAt(i, 4) || s.pair(i+5, 1, 12) == 0 || s.pair(i+8, 1, 31) == 0 {
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

// clock replaces a time of day with its seconds.
func (s *scanner) clock() bool {
	end := s.clockEnd(s.pos, 2)
	if end == 0 {
		return false
	}
	s.put(phTime, end)
	return true
}

// clockEnd returns the end of the time of day at i, with its zone, or 0. It has
// at least so many groups after the hour.
func (s *scanner) clockEnd(i, groups int) int {
	if s.pair(i, 0, 24) == 0 {
		return 0
	}
	i += 2
	for n := 0; n < 2 && s.at(i) == ':' && s.pair(i+1, 0, 60) > 0; n++ {
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
// the name of a zone, and the monotonic reading that package time prints.
func (s *scanner) zone(i int) int {
	if end := s.offset(i + 1); s.at(i) == ' ' && end > 0 && s.endsAt(end) {
		i = end
	}
	for _, name := range [...]string{
		" UTC", " GMT", " CET", " CEST", " EST", " EDT", " CST", " CDT", " MST", " MDT", " PST", " PDT", " IST", " JST", " MSK",
	} {
		if s.has(i, name) && s.endsAt(i+len(name)) {
			i += len(name)
			break
		}
	}
	if s.has(i, " m=+") && isDigit(s.at(i+len(" m=+"))) {
		if end := s.decimal(i + len(" m=+")); s.endsAt(end) {
			i = end
		}
	}
	return i
}

// offset returns the end of an offset from UTC at i: +07:00 or +0700.
func (s *scanner) offset(i int) int {
	if c := s.at(i); c != '+' && c != '-' || s.pair(i+1, 0, 24) == 0 {
		return 0
	}
	i += len("+07")
	if s.at(i) == ':' {
		i++
	}
	if s.pair(i, 0, 59) == 0 {
		return 0
	}
	return i + 2
}

// namedDate replaces a date with the name of its month that starts here: "Jan 2",
// "Jan 2, 2006", "Mon Jan 2 15:04:05 MST 2006", "Mon, 02 Jan 2006 15:04:05 GMT".
func (s *scanner) namedDate() bool {
	i := s.pos
	if n := s.name(i, weekdays[:]); n > 0 {
		i += n
		if s.at(i) == ',' {
			i++
		}
		if s.at(i) != ' ' {
			return false
		}
		i++
	}
	end, year := s.monthDay(i)
	if end == 0 {
		end, year = s.dayMonth(i), true
	}
	if end == 0 {
		return false
	}
	if s.at(end) == ' ' || s.at(end) == ':' {
		if after := s.clockEnd(end+1, 1); after > 0 {
			end = after
			if !year && s.at(end) == ' ' && s.digitsAt(end+1, 4) && s.endsAt(end+5) {
				end += 5
			}
		}
	}
	s.put(phTime, end)
	return true
}

// monthDay returns the end of "Jan 2", "Jan 2 2006" or "Jan 2, 2006" at i, and
// whether it has a year.
func (s *scanner) monthDay(i int) (end int, year bool) {
	n := s.name(i, months[:])
	if n == 0 || s.at(i+n) != ' ' {
		return 0, false
	}
	end = s.day(i + n + 1)
	if end == 0 || !s.endsAt(end) {
		return 0, false
	}
	i = end
	if s.at(i) == ',' {
		i++
	}
	if s.at(i) == ' ' && s.digitsAt(i+1, 4) && s.endsAt(i+5) {
		return i + 5, true
	}
	return end, false
}

// dayMonth returns the end of "2 Jan 2006", or the same with dashes or slashes,
// at i.
func (s *scanner) dayMonth(i int) int {
	i = s.day(i)
	separator := s.at(i)
	if i == 0 || separator != ' ' && separator != '-' && separator != '/' {
		return 0
	}
	n := s.name(i+1, months[:])
	i += 1 + n
	if n == 0 || s.at(i) != separator {
		return 0
	}
	for _, digits := range [...]int{4, 2} {
		if s.digitsAt(i+1, digits) && s.endsAt(i+1+digits) {
			return i + 1 + digits
		}
	}
	return 0
}

// day returns the end of the day of a month at i, which has one digit or two.
func (s *scanner) day(i int) int {
	switch {
	case s.pair(i, 1, 31) > 0:
		return i + 2
	case isDigit(s.at(i)) && s.at(i) != '0' && !isDigit(s.at(i+1)):
		return i + 1
	}
	return 0
}

var (
	weekdays = [...]string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	months   = [...]string{
		"January", "February", "March", "April", "May", "June",
		"July", "August", "September", "October", "November", "December",
	}
)

// name returns the length of the one of names at i, whole or its first three
// letters.
func (s *scanner) name(i int, names []string) int {
	if !isUpper(s.at(i)) {
		return 0
	}
	for _, name := range names {
		if !s.has(i, name[:3]) {
			continue
		}
		if s.has(i, name) && s.endsAt(i+len(name)) {
			return len(name)
		}
		if s.endsAt(i + 3) {
			return 3
		}
	}
	return 0
}

// pair returns 2, the length, if there are two digits at i, from low to high.
func (s *scanner) pair(i, low, high int) int {
	if !s.digitsAt(i, 2) {
		return 0
	}
	if n := int(s.in[i]-'0')*10 + int(s.in[i+1]-'0'); n < low || n > high {
		return 0
	}
	return 2
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

// has reports whether text is at i.
func (s *scanner) has(i int, text string) bool {
	return i+len(text) <= len(s.in) && s.in[i:i+len(text)] == text
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
