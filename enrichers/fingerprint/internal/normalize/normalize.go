// Package normalize replaces what varies in the texts of errors by placeholders.
//
// Each file is about one kind of what varies, or about what keeps it: numbers and
// their units (number.go), random identifiers (random.go), dates and times (date.go,
// month.go), addresses (address.go), URLs (url.go), paths and files (path.go,
// file.go), quoted texts (quote.go, role.go), values of SQL (sql.go), repetitions
// (group.go), and codes, which are kept (code.go, status.go).
package normalize

// Text returns text with what varies between two occurrences of one failure
// replaced by placeholders; the documentation of package fingerprint has the
// table. Every run of white space and control characters is one space, and the
// ends are trimmed.
//
// text may be anything. The result is valid UTF-8 without control characters and
// has at most six times the bytes of text. The time is proportional to the
// length of text.
func Text(text string) string {
	text = Clean(text)
	s := scanner{in: text, out: make([]byte, 0, len(text)+len(text)/4)}
	s.run()
	s.endItem()
	if string(s.out) == text {
		return text
	}
	return string(s.out)
}

// A scanner reads a clean text from left to right and writes it with
// placeholders.
//
// Whether something is replaced depends on what was written before it and on what
// comes next in the input, not on the text that a placeholder has replaced. So a
// second run replaces next to nothing: it reads the placeholders that the first one
// has written, and both treat a placeholder as the end of a word.
type scanner struct {
	in  string
	pos int
	out []byte

	chunk  int               // the end of the last chunk that was looked at
	inWord bool              // a letter, a digit or a placeholder was written last
	urlEnd int               // where the last URL ends in out
	depth  int               // of quoted texts
	named  bool              // this one is the name of what failed
	open   [len(quotes)]bool // no quotation mark of this kind closes from here on
	groups groups
}

// run scans to the end.
func (s *scanner) run() {
	for s.pos < len(s.in) {
		if s.pos >= s.chunk && s.newChunk() {
			continue
		}
		switch c := s.in[s.pos]; classes[c] {
		case classDigit, classLetter, classWide:
			if c < 0x80 || s.isWordAt(s.pos) {
				s.word()
			} else if !s.quoted() {
				s.literal()
			}
		case classSpace:
			s.out = append(s.out, ' ')
			s.pos++
			s.inWord = false
		default:
			if !s.special(c) {
				s.mark(c)
			}
		}
	}
}

// special replaces what begins with the punctuation mark c here, if it can.
func (s *scanner) special(c byte) bool {
	switch c {
	case '<':
		switch p := placeholder(s.in[s.pos:]); p {
		case "":
		case phNum:
			s.num(s.pos + len(p))
			return true
		default:
			s.put(p, s.pos+len(p))
			return true
		}
	case '"', '`', '\'':
		return s.quoted()
	case '/':
		return s.absolute()
	case '\\':
		return s.share() || s.quoted()
	case '-', '+':
		return s.signed()
	case '[', ':':
		return s.ipv6()
	case '(':
		return s.keyValues()
	}
	return false
}

// literal writes the character that comes next, which is no part of a word.
func (s *scanner) literal() {
	start := s.pos
	s.pos++
	for s.pos < len(s.in) && s.in[s.pos]&0xc0 == 0x80 {
		s.pos++
	}
	s.out = append(s.out, s.in[start:s.pos]...)
	s.inWord = false
}

// keep writes a part of a word, or a number with its sign, as it is: up to end.
func (s *scanner) keep(end int) {
	s.out = append(s.out, s.in[s.pos:end]...)
	s.pos, s.inWord = end, true
}

// put writes a placeholder for what comes next, up to end. In a list of equal
// placeholders it writes only the first, because lists differ in length.
func (s *scanner) put(p string, end int) {
	s.pos, s.inWord = end, true
	n := len(s.out)
	if n > 0 && s.out[n-1] == ' ' {
		n--
	}
	if n > 0 && (s.out[n-1] == ',' || s.out[n-1] == ';') {
		n--
	}
	// Not if it is a part of a URL, which would then include what comes next.
	if before := s.out[:n]; n < len(s.out) && n > s.urlEnd && n >= len(p) && string(before[n-len(p):]) == p {
		s.out = before
		s.groups.cut(n)
		return
	}
	s.out = append(s.out, p...)
}

// at returns the byte at i, or 0 beyond the end, which a clean text does not contain.
func (s *scanner) at(i int) byte {
	if i < len(s.in) {
		return s.in[i]
	}
	return 0
}

// last returns the byte that was written last, or 0.
func (s *scanner) last() byte {
	if n := len(s.out); n > 0 {
		return s.out[n-1]
	}
	return 0
}

// wrote reports whether text was written last.
func (s *scanner) wrote(text string) bool {
	n := len(s.out) - len(text)
	return n >= 0 && string(s.out[n:]) == text
}

// has reports whether text is at i.
func (s *scanner) has(i int, text string) bool {
	return i+len(text) <= len(s.in) && s.in[i:i+len(text)] == text
}

// isWordAt reports whether there is a letter or a digit at i.
func (s *scanner) isWordAt(i int) bool {
	_, ok := wordRune(s.in, i)
	return ok
}

// endsAt reports whether a token can end at i: no letter, digit or placeholder
// follows.
func (s *scanner) endsAt(i int) bool {
	return i >= len(s.in) || !s.isWordAt(i) && placeholder(s.in[i:]) == ""
}
