package normalize

// num replaces what comes next, up to end, and the unit that follows it: "5 MB", "30
// seconds".
func (s *scanner) num(end int) {
	for s.at(end) == ' ' && isLetter(s.at(end+1)) {
		i := end + 1
		for i < len(s.in) && isLetter(s.in[i]) && i <= end+maxUnitWord {
			i++
		}
		if !s.endsAt(i) || !isUnitWord(s.in[end+1:i]) {
			break
		}
		end = i
	}
	s.put(phNum, end)
}

const maxUnitWord = len("milliseconds")

// isUnitWord reports whether word is a unit that stands apart from its number.
func isUnitWord(word string) bool {
	var space [maxUnitWord]byte
	switch string(lower(space[:], word)) {
	case "ns", "us", "ms", "s", "sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes",
		"h", "hr", "hrs", "hour", "hours", "day", "days", "week", "weeks", "month", "months", "year", "years",
		"millisecond", "milliseconds", "millis", "microseconds", "micros", "nanoseconds", "nanos",
		"byte", "bytes", "bit", "bits", "b", "kb", "mb", "gb", "tb", "pb", "kib", "mib", "gib", "tib", "pib":
		return true
	}
	return false
}

// number replaces the number that starts at start with a digit: whole or with
// fractions, a version such as 1.2.3-rc.1, with an exponent, or an ordinal.
func (s *scanner) number(start int) bool {
	end, dots := digits(s.in, start), 0
	for s.at(end) == '.' && digits(s.in, end+1) > end+1 {
		end = digits(s.in, end+1)
		dots++
	}
	if c := s.at(end); c == 'e' || c == 'E' {
		exponent := end + 1
		if c := s.at(exponent); c == '-' || c == '+' {
			exponent++
		}
		if after := digits(s.in, exponent); after > exponent && s.endsAt(after) {
			end = after
		}
	}
	if dots == 2 {
		end = s.preRelease(end)
	}
	if s.ordinal(end) {
		end += 2
	}
	s.num(end)
	return true
}

// preRelease returns the end of what follows the three numbers of a version that end
// at i: -rc.1, -20240102150405-abcdef123456, +incompatible.
func (s *scanner) preRelease(i int) int {
	end := i
	for (s.at(end) == '-' || s.at(end) == '+') && isAlnum(s.at(end+1)) {
		for end++; isAlnum(s.at(end)) || s.at(end) == '.' && isAlnum(s.at(end+1)); {
			end++
		}
	}
	if !s.endsAt(end) {
		return i
	}
	return end
}

// ordinal reports whether st, nd, rd or th end a word at i.
func (s *scanner) ordinal(i int) bool {
	if i+2 > len(s.in) {
		return false
	}
	switch s.in[i : i+2] {
	case "st", "nd", "rd", "th":
		return s.endsAt(i + 2)
	}
	return false
}

// signed replaces the number or duration after the sign that is here.
func (s *scanner) signed() bool {
	start := s.pos + 1
	if s.inWord || !isDigit(s.at(start)) {
		return false
	}
	if s.unit(start) {
		return true
	}
	end := digits(s.in, start)
	if s.isWordAt(end) {
		return false
	}
	if s.isCode(start, end) {
		s.keep(end)
		return true
	}
	return s.number(start)
}

// unit replaces numbers with their units, such as 10MiB, 118.1mb, 500m or 1h2m3.5s,
// that start at start with a digit.
func (s *scanner) unit(start int) bool {
	if !isDigit(s.in[start]) {
		return false
	}
	for end := start; ; {
		end = s.decimal(end)
		n := unitLength(s.in[end:])
		if n == 0 {
			return false
		}
		end += n
		if s.endsAt(end) {
			s.num(end)
			return true
		}
		if !isDigit(s.at(end)) {
			return false
		}
	}
}

// decimal returns the end of the digits at i, with a fraction if there is one.
func (s *scanner) decimal(i int) int {
	i = digits(s.in, i)
	if s.dotted(i) {
		i = digits(s.in, i+1)
	}
	return i
}

// unitLength returns the length of the letters that text begins with if they are a
// unit: of package time, days and weeks; of bytes, in upper or lower case, with i
// and B or without.
func unitLength(text string) int {
	n := 0
	for n < len(text) && n < 4 && (isLetter(text[n]) || text[n] >= 0x80) {
		n++
	}
	var space [4]byte
	switch string(lower(space[:], text[:n])) {
	case "ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w",
		"b", "k", "kb", "ki", "kib", "mb", "mi", "mib", "g", "gb", "gi", "gib",
		"t", "tb", "ti", "tib", "pb", "pi", "pib", "eb", "ei", "eib", "bps", "kbps", "mbps", "gbps":
		return n
	}
	return 0
}

// isoDuration replaces a duration such as PT1M30.5S or P3D that starts here.
func (s *scanner) isoDuration() bool {
	i, parts := s.pos+1, 0
	if s.in[s.pos] != 'P' {
		return false
	}
	for {
		if s.at(i) == 'T' {
			i++
		}
		if !isDigit(s.at(i)) {
			break
		}
		i = s.decimal(i)
		switch s.at(i) {
		case 'Y', 'M', 'W', 'D', 'H', 'S':
			i++
			parts++
		default:
			return false
		}
	}
	if parts == 0 || !s.endsAt(i) {
		return false
	}
	s.num(i)
	return true
}

// hexDump replaces bytes in hexadecimal digits: at least three that are separated by
// spaces, or more than a hardware address has by colons.
func (s *scanner) hexDump(separator byte) bool {
	end, pairs := 0, 0
	for i := s.pos; isHex(s.at(i)) && isHex(s.at(i+1)) && s.endsAt(i+2); i++ {
		pairs++
		if i += 2; s.at(i) != separator {
			end = i
			break
		}
		end = i
	}
	if pairs < 3 || separator == ':' && pairs < 7 {
		return false
	}
	s.num(end)
	return true
}
