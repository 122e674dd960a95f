package redact

import "strings"

// redactPrivateKeys masks private keys:
//
//	-----BEGIN RSA PRIVATE KEY-----...-----END
//	Private-Lines: 8 ... Private-MAC: of PuTTY
func redactPrivateKeys(s string) string {
	e := edit{src: s}
	for i := 0; ; {
		n := strings.Index(s[i:], "P")
		if n < 0 {
			return e.String()
		}
		i += n
		switch {
		case strings.HasPrefix(s[i:], "PRIVATE"):
			i = redactPEM(&e, i)
		case strings.HasPrefix(s[i:], "Private-Lines:"):
			i = redactPuTTY(&e, i)
		}
		i++
	}
}

// maxKeyKind is how long "BEGIN RSA " and the like may be.
const maxKeyKind = 32

// redactPEM masks the private key whose PRIVATE is at i, also if spaces are escaped as
// in a URL, or there are four hyphens and spaces, as in SSH2. It returns where to continue.
func redactPEM(e *edit, i int) int {
	const dashes = "----"
	s := e.src
	before := s[max(e.done, i-maxKeyKind):i]
	from := i + len("PRIVATE")
	kind := s[from:min(len(s), from+maxKeyKind)]
	n := strings.Index(kind, dashes)
	if n < 0 || !strings.Contains(before, "BEGIN") || !isKeyKind(kind[:n]) {
		return i
	}
	from += n + len(dashes)
	end := dashes + " END"
	if from < len(s) && s[from] == '-' {
		from++
		end = dashes + "-END"
	}
	to := len(s)
	if n := strings.Index(s[from:], end); n >= 0 {
		to = from + n
	}
	e.mask(from, to)
	if n := strings.Index(s[min(len(s), to+len(end)):], dashes); n >= 0 {
		return to + len(end) + n // past the PRIVATE KEY of the end
	}
	return len(s) - 1
}

// isKeyKind reports whether s is what is between PRIVATE and the hyphens: " KEY", or
// " KEY BLOCK" of PGP.
func isKeyKind(s string) bool {
	s = strings.NewReplacer("%20", "", "+", "", " ", "").Replace(s)
	return s == "KEY" || s == "KEYBLOCK"
}

// redactPuTTY masks what is between the Private-Lines at i and the Private-MAC.
func redactPuTTY(e *edit, i int) int {
	to := len(e.src)
	from := min(lineEnd(e.src, i)+1, to)
	if n := strings.Index(e.src[from:], "\nPrivate-"); n >= 0 {
		to = from + n
	}
	e.mask(from, to)
	return to - 1
}
