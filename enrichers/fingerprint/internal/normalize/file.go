package normalize

import "strings"

// file replaces the chunk if it is the name of a file without a directory after a
// verb such as open, or the hash in the name of a file that a bundler has made:
// main-BX3kq9_Z.js, main.3f2a1b9c.chunk.js.
func (s *scanner) file() bool {
	chunk := strings.TrimRight(s.in[s.pos:s.chunk], `.\`)
	dot := strings.LastIndexByte(chunk, '.')
	if dot < 1 || !isExtension(chunk[dot+1:]) {
		return false
	}
	if s.at(s.pos+len(chunk)) == ':' && isVerb(s.out) {
		s.put(phPath, s.lineEnd(s.pos+len(chunk)))
		return true
	}
	switch chunk[dot+1:] {
	case "js", "mjs", "cjs", "css", "map", "wasm", "woff", "woff2", "svg", "png", "webp":
	default:
		return false
	}
	start := dot - bundleHash
	if start < 2 || chunk[start-1] != '-' && chunk[start-1] != '.' || !isBundleHash(chunk[start:dot]) {
		return false
	}
	text, end := s.in, s.pos+dot
	s.in, s.chunk = text[:s.pos+start], s.pos+start
	s.run()
	s.in, s.chunk = text, end
	s.put(phNum, end)
	return true
}

const bundleHash = 8 // bytes of base64

// isBundleHash reports whether text is not a word: there is a digit, a mark, or a
// capital other than the first letter.
func isBundleHash(text string) bool {
	odd := false
	for i := range len(text) {
		c := text[i]
		if !isAlnum(c) && c != '-' && c != '_' {
			return false
		}
		odd = odd || !isLower(c) && (i > 0 || !isUpper(c))
	}
	return odd
}

// isVerb reports whether text ends with what the operating system does to a file.
func isVerb(text []byte) bool {
	n := len(text)
	if n == 0 || text[n-1] != ' ' {
		return false
	}
	start := n - 1
	for start > 0 && n-start < len(" unlinkat") && isLower(text[start-1]) {
		start--
	}
	switch string(text[start : n-1]) {
	case "open", "openat", "create", "read", "write", "stat", "lstat", "remove", "rename", "unlink", "unlinkat", "mkdir",
		"chmod", "chown", "readlink", "truncate", "copy", "close", "file", "load", "parse":
		return true
	}
	return false
}
