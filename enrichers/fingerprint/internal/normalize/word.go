package normalize

// A token is a run of letters and digits.
type token struct {
	start, end int
	wide       bool // there is something beyond ASCII in it
	digits     bool
	letters    bool
	hex        bool // all are hexadecimal digits
	turns      int  // how often digits and others take turns
	humps      int  // how many capitals follow a small letter
	capitals   int
}

// token returns the one that starts here.
func (s *scanner) token() token {
	t := token{start: s.pos, hex: true}
	i := s.pos
	before := byte(0)
	for i < len(s.in) {
		c := s.in[i]
		size := 1
		switch classes[c] {
		case classDigit:
			if !isDigit(before) {
				t.turns++
			}
			t.digits = true
		case classLetter:
			if isDigit(before) {
				t.turns++
			}
			if isUpper(c) {
				t.capitals++
				if isLower(before) {
					t.humps++
				}
			}
			t.letters = true
			t.hex = t.hex && isHex(c)
		case classWide:
			var ok bool
			if size, ok = wordRune(s.in, i); !ok {
				t.end = i
				return t
			}
			t.wide, t.hex = true, false
		default:
			t.end = i
			return t
		}
		before = c
		i += size
	}
	t.end = i
	return t
}

// word writes the token that starts here, or a larger thing that starts with it.
func (s *scanner) word() {
	t := s.token()
	switch {
	case !s.inWord && t.wide && s.unit(t.start): // µs
	case !s.inWord && !t.wide && (s.request(&t) || s.compound(&t) || t.digits && s.single(&t)):
	case t.digits || t.wide:
		s.split(&t)
	case !s.inWord && (t.end-t.start >= minRandom || s.last() == '-') && s.endsAt(t.end) && s.random(&t):
		s.num(t.end)
	default:
		s.keep(t.end)
		s.sqlValues(&t)
	}
}

// compound replaces what begins with t and is more than one token.
func (s *scanner) compound(t *token) bool {
	next := s.at(t.end)
	if next == ':' {
		if (!t.digits || known(s.in[t.start:t.end])) && s.url(t) || s.drive(t) {
			return true
		}
	}
	if t.hex {
		switch {
		case next == ':' && (s.ipv6() || s.mac(':') || s.hexDump(':') || s.hexID()), next == '-' && (s.uuid() || s.mac('-')):
			return true
		case next == '.' && s.cisco(), next == ' ' && t.digits && t.end == t.start+2 && s.hexDump(' '):
			return true
		}
	}
	if t.digits && isDigit(s.in[t.start]) {
		return s.date() || s.clock() || s.namedDate() || next == '.' && s.ipv4()
	}
	return !t.digits && (next == ' ' || next == ',') && s.namedDate()
}

// single replaces or keeps t by itself: one that has a digit.
func (s *scanner) single(t *token) bool {
	text := s.in[t.start:t.end]
	switch {
	case s.isCode(t.start, t.end):
		s.keep(t.end)
	case !t.letters:
		return s.dotted(t.end) && s.unit(t.start) || s.number(t.start)
	case isHexLiteral(text):
		s.num(t.end)
	case known(text) && !s.dotted(t.end):
		s.keep(t.end)
	case isStamp(text):
		s.put(phTime, t.end)
	case s.unit(t.start) || s.isoDuration():
	case s.endsAt(t.end) && s.random(t):
		s.num(t.end)
	case isDigit(text[0]):
		return s.number(t.start)
	default:
		return false
	}
	return true
}

// split writes t with its digits replaced, and its letters as they are.
func (s *scanner) split(t *token) {
	for s.pos < t.end {
		end := digits(s.in, s.pos)
		switch {
		case end == s.pos:
			size, _ := wordRune(s.in, s.pos)
			s.keep(s.pos + size)
		case end == t.end && s.pos > t.start && s.isCode(s.pos, end): // HTTP404
			s.keep(end)
		case !t.wide && end < t.end && isCounter(s.in[t.start:t.end]):
			s.num(t.end)
		default:
			s.number(s.pos)
		}
	}
}

// isCounter reports whether text is a word and a counter in base 36, filled with
// zeros, as in the names of the nodes of Azure: vmss00006u.
func isCounter(text string) bool {
	start := 0
	for start < len(text) && isLower(text[start]) {
		start++
	}
	end := digits(text, start)
	for i := end; i < len(text); i++ {
		if !isLower(text[i]) {
			return false
		}
	}
	return start > 0 && end >= start+4 && text[start] == '0' && len(text) >= start+6 && len(text) <= end+2
}

// dotted reports whether a dot and a digit follow at i, as in a version.
func (s *scanner) dotted(i int) bool { return s.at(i) == '.' && isDigit(s.at(i+1)) }

// isHexLiteral reports whether text is a hexadecimal number with its prefix.
func isHexLiteral(text string) bool {
	if len(text) < 3 || text[0] != '0' || text[1] != 'x' && text[1] != 'X' {
		return false
	}
	for i := 2; i < len(text); i++ {
		if !isHex(text[i]) {
			return false
		}
	}
	return true
}
