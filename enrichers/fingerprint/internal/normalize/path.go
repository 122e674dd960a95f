package normalize

import (
	"strings"
	"unicode/utf8"
)

// newChunk looks at the chunk that starts here: the text between white space,
// quotation marks, brackets and the marks , ; | = and :. It replaces the chunk, or
// its beginning, if the whole of it is an e-mail address, a relative path, a random
// identifier or a secret.
//
// A chunk that contains a placeholder was looked at in an earlier run.
func (s *scanner) newChunk() bool {
	var slash, at, dot, hyphen, holes bool
	i := s.pos
scan:
	for i < len(s.in) {
		c := s.in[i]
		switch classes[c] {
		case classBreak:
			p := placeholder(s.in[i:])
			if p == "" {
				break scan
			}
			holes = true
			i += len(p)
			continue
		case classSpace:
			break scan
		case classWide:
			r, size := utf8.DecodeRuneInString(s.in[i:])
			if isQuote(r) {
				break scan
			}
			i += size
			continue
		case classOther:
			switch c {
			case '/':
				slash = true
			case '@':
				at = true
			case '.':
				dot = true
			case '-', '_':
				hyphen = true
			case '\\':
				if s.at(i+1) == '"' && i > s.pos { // an escaped quotation mark
					break scan
				}
			}
		}
		i++
	}
	s.chunk = i
	if s.inWord || holes || !slash && !at && !dot && !hyphen && i-s.pos < minOpaque {
		return false
	}
	return at && s.email() || hyphen && i-s.pos >= minRandom && s.markedID() || i-s.pos >= minOpaque && s.opaque() ||
		dot && !slash && s.file() || slash && s.relative()
}

func isQuote(r rune) bool {
	return r >= 0xab && strings.ContainsRune("“”„‘’‚«»‹›「」『』《》", r)
}

// email replaces an e-mail address that the chunk begins with.
func (s *scanner) email() bool {
	at := s.pos
	for isAlnum(s.at(at)) || at < s.chunk && (strings.IndexByte("._%+-", s.in[at]) >= 0 || s.in[at] >= utf8.RuneSelf) {
		at++
	}
	if at == s.pos || s.at(at) != '@' {
		return false
	}
	end, dot := at+1, 0
	for end < s.chunk {
		c := s.in[end]
		if c == '.' && isAlnum(s.at(end+1)) && end > at+1 {
			dot = end
		} else if !isAlnum(c) && c != '-' && c < utf8.RuneSelf {
			break
		}
		end++
	}
	if dot == 0 || end-dot < len(".ch") || strings.ContainsAny(s.in[dot:end], "0123456789-") {
		return false
	}
	s.put(phEmail, end)
	return true
}

// relative replaces the chunk if it is a path from some directory: one that
// begins with ./, ../ or ~/, or whose last name has an extension, or that follows a
// word such as object. Others look like "and/or", or like the names of Go packages.
func (s *scanner) relative() bool {
	chunk := strings.TrimRight(s.in[s.pos:s.chunk], `.\`)
	last := strings.LastIndexByte(chunk, '/')
	if last < 0 {
		return false
	}
	first := strings.IndexByte(chunk, '/')
	switch chunk[:first] {
	case "":
		return false
	case ".", "..", "~":
		if !strings.ContainsFunc(chunk, isName) {
			return false
		}
	default:
		if s.role().role == roleFile {
			break
		}
		dot := strings.LastIndexByte(chunk[last:], '.')
		if strings.LastIndexByte(chunk[:first], '.') > 0 || dot < 2 || !isExtension(chunk[last+dot+1:]) {
			return false
		}
	}
	s.put(phPath, s.lineEnd(s.pos+len(chunk)))
	return true
}

func isName(r rune) bool { return r >= utf8.RuneSelf || isAlnum(byte(r)) }

// isExtension reports whether text can end the name of a file.
func isExtension(text string) bool {
	if text == "" || len(text) > 8 || !isLower(text[0]) {
		return false
	}
	for i := range len(text) {
		if !isLower(text[i]) && !isDigit(text[i]) {
			return false
		}
	}
	return true
}

// absolute replaces an absolute path that starts here.
func (s *scanner) absolute() bool {
	return !s.inWord && !s.closesTag() && !s.isSlashName() && s.path(s.pos+1)
}

// isSlashName reports whether what is here, up to its quotation mark, is the name of what
// failed and begins with a slash: container "/redis", endpoint "/orders".
func (s *scanner) isSlashName() bool {
	return s.named && s.last() != '/' && isPlainName(s.in[s.pos+1:])
}

// isPlainName reports whether text has only letters, hyphens and underscores.
func isPlainName(text string) bool {
	return text != "" && strings.Trim(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_") == ""
}

// closesTag reports whether a slash that is here belongs to the end of an element of
// XML: </Code>.
func (s *scanner) closesTag() bool {
	end := s.pos + 1
	for isLetter(s.at(end)) {
		end++
	}
	return s.last() == '<' && s.at(end) == '>'
}

// share replaces a path of Windows that starts here with two backslashes.
func (s *scanner) share() bool {
	return !s.inWord && s.at(s.pos+1) == '\\' && isAlnum(s.at(s.pos+2)) && s.windowsPath(s.pos+2)
}

// drive replaces a path of Windows that starts with the letter t.
func (s *scanner) drive(t *token) bool {
	c := s.at(t.end + 1)
	return t.end == t.start+1 && isLetter(s.in[t.start]) && (c == '\\' || c == '/') && s.windowsPath(t.end+2)
}

// path replaces a path that starts here, and whose first name is at name.
func (s *scanner) path(name int) bool { return s.pathFrom(name, false) }

// windowsPath is like path, but names may have spaces and brackets in them if a
// backslash follows, or an extension and a colon.
func (s *scanner) windowsPath(name int) bool { return s.pathFrom(name, true) }

func (s *scanner) pathFrom(name int, windows bool) bool {
	if c := s.at(name); c == 0 || !isName(rune(c)) && strings.IndexByte("._-~@%", c) < 0 {
		return false
	}
	end := name
	for end < len(s.in) {
		c := s.in[end]
		switch classes[c] {
		case classSpace:
			if !windows {
				break
			}
			if next := s.spaced(end); next > 0 {
				end = next
				continue
			}
		case classBreak:
			if c == '=' { // dt=2006-01-02
				end++
				continue
			}
		case classWide:
			if r, size := utf8.DecodeRuneInString(s.in[end:]); !isQuote(r) {
				end += size
				continue
			}
		default:
			end++
			continue
		}
		break
	}
	// A dot ends the sentence, and a backslash escapes a quotation mark.
	for end > name && (s.in[end-1] == '.' || s.in[end-1] == '\\' || s.in[end-1] == '=') {
		end--
	}
	if end == name {
		return false
	}
	s.put(phPath, s.lineEnd(end))
	return true
}

// spaced returns the end of a part of a path that has a space at i, or 0.
func (s *scanner) spaced(i int) int {
	const longest = 64
	dot := 0
	for end := i; end < len(s.in) && end < i+longest; end++ {
		switch c := s.in[end]; {
		case c == '\\':
			if s.at(end-1) != ' ' && isName(rune(s.at(end+1))) {
				return end
			}
			return 0
		case c == '.':
			dot = end
		case c == ':':
			if dot > i && isExtension(s.in[dot+1:end]) {
				return end
			}
			return 0
		case classes[c] == classBreak && c != '(' && c != ')':
			return 0
		}
	}
	return 0
}

// lineEnd returns the end of the line and the column that may follow a path which
// ends at i.
func (s *scanner) lineEnd(i int) int {
	for range 2 {
		end := i + 1
		for isDigit(s.at(end)) {
			end++
		}
		if s.at(i) != ':' || end == i+1 || !s.endsAt(end) || s.dotted(end) {
			break
		}
		i = end
	}
	return i
}
