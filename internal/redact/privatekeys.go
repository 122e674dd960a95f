package redact

import "strings"

// redactPrivateKeys masks private keys: -----BEGIN RSA PRIVATE KEY-----...-----END.
func redactPrivateKeys(s string) string { return each(s, "PRIVATE", redactPEM) }

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
		return from
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
	return len(s)
}

// isKeyKind reports whether s is what is between PRIVATE and the hyphens: " KEY", or
// " KEY BLOCK" of PGP.
func isKeyKind(s string) bool {
	s = strings.NewReplacer("%20", "", "+", "", " ", "").Replace(s)
	return s == "KEY" || s == "KEYBLOCK"
}
