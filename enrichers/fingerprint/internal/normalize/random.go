package normalize

import "strings"

// follows has for each letter those that follow it in words: the 300 commonest pairs
// in the identifiers and comments of Go. A pair of random letters is one of them in
// 44 % of the cases, one of a word in 94 %.
var follows = func() (table [26]uint32) {
	for i, letters := range [26]string{ // after a, b, c, …
		"abcdfgiklmnprstuvxy", "abceilorsuy", "acdefghiklmorstuv", "abcdefilorsuxy",
		"abcdefgilmnopqrstvwxy", "acdefiloprstu", "acehilnoprsu", "aeiort",
		"abcdefglmnoprstvxz", "aeosu", "aegis", "acdeilopstuy",
		"abeimopstu", "abcdefgiklmnoprstuv", "abcdfgiklmnoprstuvw", "acehikloprstu",
		"u", "acdefgiklmnoprstuvy", "aceghiklmnoprstuwy", "acdefhilmoprstuy",
		"abcefgilmnprst", "aeis", "aeinors", "acefipt",
		"mnps", "e",
	} {
		for _, c := range letters {
			table[i] |= 1 << (c - 'a')
		}
	}
	return table
}()

// isRandom reports whether text, of letters, digits, hyphens and underscores, looks
// as if it was drawn at random: whether enough of its neighbours are unusual in
// words. These are pairs of letters that do not follow one another, a capital after
// a small letter, and the borders between letters and digits.
func isRandom(text string) bool {
	odd, humps, borders, mixed := 0, 0, 0, false
	for i := 1; i < len(text); i++ {
		a, b := text[i-1], text[i]
		switch {
		case isLetter(a) && isLetter(b):
			if isOdd(a, b) {
				odd++
			}
			switch {
			case isLower(a) && isUpper(b):
				humps++
			case i > 1 && isUpper(a) && isLower(b):
				mixed = true
			}
		case isDigit(a) && isLetter(b), isLetter(a) && isDigit(b):
			odd++
			borders++
		}
	}
	switch n := len(text) - 1; {
	case borders > 0 || humps > 1 || humps > 0 && n > minRandom:
		return odd*4 > n
	case humps > 0 || mixed:
		return odd*10 >= n*3
	}
	return false
}

const (
	minHex    = 7 // digits of a hexadecimal number without 0x, such as a short commit
	minMixed  = 5 // bytes of a word in which letters and digits take turns four times
	minRandom = 8 // bytes of a word that may be random
	minOpaque = 20
)

// random reports whether the token is a random identifier by its form.
func (s *scanner) random(t *token) bool {
	text := s.in[t.start:t.end]
	switch {
	case t.digits && t.hex && (len(text) >= minHex || len(text) > 3 && s.last() == '@'): // Job@6777d22
		return true
	case t.turns > 0 && t.turns < 3 && isCounter(text):
		return false
	case s.suffix(text):
		return true
	case !t.digits:
		return len(text) >= minRandom && isRandom(text)
	case t.turns > 3:
		return len(text) >= minMixed
	case t.turns == 1 && isLetter(text[0]):
		return s.numbered(text)
	}
	return len(text) >= minRandom && isRandom(text)
}

// numbered reports whether a token of letters and then digits is one identifier:
// two letters and many digits, as in an IBAN, or letters that are random.
func (s *scanner) numbered(text string) bool {
	letters := strings.IndexAny(text, "0123456789")
	if letters <= 2 {
		return len(text) >= 12
	}
	small := strings.IndexFunc(text[:letters], func(r rune) bool { return r < 'a' }) < 0
	if len(text) < minRandom || small && letters == len(text)-1 { // psycopg2
		return false
	}
	return oddPairs(text[:letters])*4 > letters-1
}

// oddPairs returns how many pairs of letters are unusual in words.
func oddPairs(letters string) (odd int) {
	for i := 1; i < len(letters); i++ {
		if isOdd(letters[i-1], letters[i]) {
			odd++
		}
	}
	return odd
}

// isOdd reports whether the letter b does not follow a in words, or is a capital
// after a small letter.
func isOdd(a, b byte) bool {
	return isLower(a) && isUpper(b) || follows[a|0x20-'a']&(1<<(b|0x20-'a')) == 0
}

// suffix reports whether text is what Kubernetes appends to names: letters and digits
// of an alphabet without vowels, five of them, or eight to ten for a replica set. What
// stands after another number may have four, as in the names of nodes.
func (s *scanner) suffix(text string) bool {
	n := len(text)
	if n < 4 || n > 10 || s.last() != '-' {
		return false
	}
	after := s.wrote(phNum + "-")
	if n < 5 && !after || n > 5 && n < 8 {
		return false
	}
	for i := range n {
		if c := text[i]; !suffixes[c] && (!after || !isDigit(c)) {
			return false
		}
	}
	if after || n >= 8 {
		return true
	}
	switch text { // words without vowels
	case "btrfs", "dhcpd", "grpcs", "html5", "http2", "https", "mssql", "sshfs", "tmpfs", "xhtml":
		return false
	}
	return true
}

var suffixes = func() (table [256]bool) {
	for _, c := range "bcdfghjklmnpqrstvwxz2456789" {
		table[c] = true
	}
	return table
}()

// mixedID replaces a random identifier that begins the chunk, has hyphens or
// underscores in it, and both small and capital letters, as nanoid makes them. Words
// of at least three letters before them are a prefix, which is kept: org-uOtiSEwv_Unr.
func (s *scanner) mixedID() bool {
	start := s.pos
	for {
		end := start
		for end < s.chunk && isLower(s.in[end]) {
			end++
		}
		if end < start+3 || end >= s.chunk || s.in[end] != '-' && s.in[end] != '_' || oddPairs(s.in[start:end]) > 0 {
			break
		}
		start = end + 1
	}
	marks, small, capital := 0, false, false
	end := start
	for ; end < s.chunk; end++ {
		switch c := s.in[end]; {
		case c == '-' || c == '_':
			marks++
		case isLower(c):
			small = true
		case isUpper(c):
			capital = true
		case !isDigit(c):
			return false
		}
	}
	if end-start < 10 || marks == 0 || !small || !capital || !isRandom(s.in[start:end]) || !s.endsAt(end) {
		return false
	}
	s.out = append(s.out, s.in[s.pos:start]...)
	s.num(end)
	return true
}

// opaque replaces the chunk if it is a long text in base64, such as a token or a
// signature: letters of both cases, and digits in between.
func (s *scanner) opaque() bool {
	turns, lower, upper, marks := 0, false, false, false
	for i := s.pos; i < s.chunk; i++ {
		c := s.in[i]
		if !isAlnum(c) {
			if strings.IndexByte("+/-_.", c) < 0 {
				return false
			}
			marks = marks || c == '.' || c == '-' || c == '_'
		}
		lower, upper = lower || isLower(c), upper || isUpper(c)
		if i > s.pos && isDigit(c) != isDigit(s.in[i-1]) {
			turns++
		}
	}
	n := s.chunk - s.pos
	switch {
	case !lower || !upper:
		return false
	case n >= 32 && turns >= 6:
	case marks || !isRandom(s.in[s.pos:s.chunk]):
		return false
	}
	end := s.chunk
	for end < s.chunk+2 && s.at(end) == '=' {
		end++
	}
	if !s.endsAt(end) {
		return false
	}
	s.num(end)
	return true
}
