package normalize

import "net/netip"

// ipv4 replaces an IPv4 address that starts here, with its port or the length of
// its prefix.
func (s *scanner) ipv4() bool {
	i := s.pos
	for part := range 4 {
		if part > 0 {
			if s.at(i) != '.' {
				return false
			}
			i++
		}
		n, value := 0, 0
		for isDigit(s.at(i+n)) && n < 4 {
			value = value*10 + int(s.in[i+n]-'0')
			n++
		}
		if n == 0 || value > 255 || n > 3 {
			return false
		}
		i += n
	}
	if !s.endsAt(i) || s.dotted(i) {
		return false
	}
	s.put(phAddr, s.port(i))
	return true
}

// port returns the end of the port or the length of a prefix that may follow an
// address which ends at i.
func (s *scanner) port(i int) int {
	if c := s.at(i); c == ':' || c == '/' {
		end := i + 1
		for isDigit(s.at(end)) && end < i+6 {
			end++
		}
		if end > i+1 && s.endsAt(end) && !s.dotted(end) {
			return end
		}
	}
	return i
}

// ipv6 replaces an IPv6 address that starts here, or one in brackets, with its
// zone, and its port or the length of its prefix.
func (s *scanner) ipv6() bool {
	start := s.pos
	bracket := s.in[start] == '['
	if bracket {
		start++
	} else if s.inWord {
		return false
	}
	end := s.ipv6End(start)
	if end == 0 {
		return false
	}
	if s.at(end) == '%' && s.isWordAt(end+1) {
		// A zone: the name of an interface.
		end++
		for isAlnum(s.at(end)) {
			end++
		}
	}
	if bracket {
		if s.at(end) != ']' {
			return false
		}
		end++
	}
	if !s.endsAt(end) {
		return false
	}
	s.put(phAddr, s.port(end))
	return true
}

// ipv6End returns the end of the IPv6 address at start, without a zone, or 0.
func (s *scanner) ipv6End(start int) int {
	const longest = len("0000:0000:0000:0000:0000:ffff:255.255.255.255")
	end, colons, digit := start, 0, false
	for end < len(s.in) {
		c := s.in[end]
		if c == ':' {
			colons++
		} else if !isHex(c) && c != '.' {
			break
		}
		digit = digit || isDigit(c)
		if end++; end-start > longest+len(":.") {
			return 0
		}
	}
	if !digit || colons < 2 {
		return 0
	}
	// Punctuation of the sentence is not a part of the address.
	if last := s.in[end-1]; (last == '.' || last == ':') && !s.endsAt(end) {
		return 0
	}
	for s.in[end-1] == '.' || s.in[end-1] == ':' && s.in[end-2] != ':' {
		end--
	}
	if addr, err := netip.ParseAddr(s.in[start:end]); err != nil || !addr.Is6() {
		return 0
	}
	return end
}

// mac replaces a hardware address of six bytes that starts here, with this separator.
func (s *scanner) mac(separator byte) bool {
	return s.hexGroups(phAddr, separator, 2, 2, 2, 2, 2, 2)
}

// cisco replaces a hardware address of three groups: 001a.2b3c.4d5e.
func (s *scanner) cisco() bool { return s.hexGroups(phAddr, '.', 4, 4, 4) }

// uuid replaces a UUID that starts here.
func (s *scanner) uuid() bool { return s.hexGroups(phUUID, '-', 8, 4, 4, 4, 12) }

// hexGroups replaces groups of so many hexadecimal digits each by p.
func (s *scanner) hexGroups(p string, separator byte, widths ...int) bool {
	i := s.pos
	for group, width := range widths {
		if group > 0 {
			if s.at(i) != separator {
				return false
			}
			i++
		}
		for range width {
			if !isHex(s.at(i)) {
				return false
			}
			i++
		}
	}
	if !s.endsAt(i) {
		return false
	}
	s.put(p, i)
	return true
}
