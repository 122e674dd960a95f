package normalize

import "strings"

const (
	minHex     = 7  // digits of a hexadecimal number without 0x, such as a short commit
	minMixed   = 5  // bytes of a word in which letters and digits take turns four times
	minRandom  = 8  // bytes of a word that may be random
	maxOneCase = 12 // bytes with marks in one that has letters of one case
	minIBAN    = 12 // bytes of three letters and many digits
	minOpaque  = 20
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
	case t.turns > 3:
		return len(text) >= minMixed
	case len(text) < minRandom:
		return false
	}
	if t.turns == 1 && isLetter(text[0]) && isDigit(text[3]) { // a word and a number, or an IBAN
		return len(text) >= minIBAN
	}
	oneCase := t.capitals <= 1 && t.humps == 0 || t.capitals == len(text) && len(text) == minRandom
	if !t.digits && oneCase { // most are words
		return isRandomWord(text) && !s.isPart(t)
	}
	return isRandom(text) && (t.digits || t.humps > 0 || !s.isPart(t))
}

// isPart reports whether the letters t are a part of a name with dots or slashes, such
// as that of a host or a package, or stand where the name of what failed is expected.
func (s *scanner) isPart(t *token) bool {
	last := s.last()
	if last == '.' || last == '/' || last == '\\' {
		return true
	}
	if next := s.at(t.end); last != '-' && (next == '.' || next == '/') && !s.endsAt(t.end+1) {
		return true
	}
	return s.named || s.role().role == roleName
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

// markedID replaces a random identifier that begins the chunk and has hyphens or
// underscores in it, as nanoid makes them: with small and capital letters, or a short
// one that lacks either, but has digits. Words of at least three letters before them
// are a prefix, which is kept: org-uOtiSEwv_Unr.
func (s *scanner) markedID() bool {
	const (
		mixed   = 250 // see isRarer
		oneCase = 340
	)
	chunk := s.pos + len(strings.TrimRight(s.in[s.pos:s.chunk], ".!?"))
	start := s.pos
	for {
		end := start
		for end < chunk && isLower(s.in[end]) {
			end++
		}
		if end < start+3 || end+minRandom >= chunk || s.in[end] != '-' && s.in[end] != '_' || isRandom(s.in[start:end]) {
			break
		}
		start = end + 1
	}
	id := s.in[start:chunk]
	if len(id) < minRandom || !s.endsAt(chunk) || strings.HasPrefix(id, "xn--") { // a host in punycode
		return false
	}
	marks, small, capital, digit := false, false, false, false
	for i := range len(id) {
		switch c := id[i]; {
		case c == '-' || c == '_':
			marks = true
		case isLower(c):
			small = true
		case isUpper(c):
			capital = true
		case isDigit(c):
			digit = true
		default:
			return false
		}
	}
	switch {
	case !marks && start == s.pos:
		return false
	case small && capital:
		if !isRarer(id, mixed) {
			return false
		}
	case !digit || start > s.pos || len(id) > maxOneCase || !isRarer(id, oneCase):
		return false
	}
	s.out = append(s.out, s.in[s.pos:start]...)
	s.num(chunk)
	return true
}

// request replaces the identifier of a request to Vercel, which follows the names of
// regions and begins with t: fra1::x7k2p-1764480000000-4f9d2c1b7a60.
func (s *scanner) request(t *token) bool {
	if !s.wrote("::") || s.at(t.end) != '-' {
		return false
	}
	time := digits(s.in, t.end+1)
	if n := time - t.end - 1; n < len("1764480000") || n > len("1764480000000") || s.at(time) != '-' {
		return false
	}
	end := time + 1
	for isAlnum(s.at(end)) {
		end++
	}
	if end == time+1 || !s.endsAt(end) {
		return false
	}
	s.num(end)
	return true
}

// hexID replaces a random identifier that starts here and consists of hexadecimal
// numbers with colons in between: D24F:221686:28BC1:9F91F, of a request to GitHub.
func (s *scanner) hexID() bool {
	const minGroups, maxGroups, maxGroup = 4, 8, 8
	end, groups, letters := s.pos, 0, false
	for {
		start := end
		for isHex(s.at(end)) {
			letters = letters || !isDigit(s.in[end])
			end++
		}
		if groups++; groups > maxGroups || end == start || end > start+maxGroup {
			return false
		}
		if s.at(end) != ':' || !isHex(s.at(end+1)) {
			break
		}
		end++
	}
	if groups < minGroups || !letters || end-s.pos < minOpaque || !s.endsAt(end) {
		return false
	}
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
