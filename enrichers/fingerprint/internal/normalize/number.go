package normalize

// number replaces the number that starts at start with a digit: whole or with
// fractions, a version such as 1.2.3, with an exponent, or an ordinal.
func (s *scanner) number(start int) bool {
	end := digits(s.in, start)
	for s.at(end) == '.' && digits(s.in, end+1) > end+1 {
		end = digits(s.in, end+1)
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
	if s.ordinal(end) {
		end += 2
	}
	s.put(phNum, end)
	return true
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

// unit replaces a duration as package time prints it, or a size, that starts at
// start with a digit.
func (s *scanner) unit(start int) bool {
	if !isDigit(s.in[start]) {
		return false
	}
	end := s.decimal(start)
	if n := sizeUnit(s.in[end:]); n > 0 && s.endsAt(end+n) {
		s.put(phSize, end+n)
		return true
	}
	for {
		n := durationUnit(s.in[end:])
		if n == 0 {
			return false
		}
		end += n
		if s.endsAt(end) {
			s.put(phDur, end)
			return true
		}
		if !isDigit(s.at(end)) {
			return false
		}
		end = s.decimal(end)
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

// durationUnit returns the length of the unit that text begins with: those of
// package time, and days and weeks.
func durationUnit(text string) int {
	for _, unit := range [...]string{"ns", "us", "µs", "μs", "ms", "s", "m", "h", "d", "w"} {
		if len(text) >= len(unit) && text[:len(unit)] == unit {
			return len(unit)
		}
	}
	return 0
}

// sizeUnit returns the length of the unit of bytes that text begins with: B, K,
// Ki, KB or KiB, and so on.
func sizeUnit(text string) int {
	n := 0
	if text == "" {
		return 0
	}
	switch text[0] {
	case 'B':
		return 1
	case 'k', 'K', 'M', 'G', 'T', 'P', 'E':
		n = 1
	default:
		return 0
	}
	if n < len(text) && text[n] == 'i' {
		n++
	}
	if n < len(text) && text[n] == 'B' {
		n++
	}
	return n
}
