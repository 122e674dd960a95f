package redact

import "strings"

// A call is a function that takes a password, and how many arguments are before it.
type call struct {
	name   string
	before int
}

// calls are written by traces with their arguments: PDO->__construct('dsn', 'user', 'secret').
var calls = []call{
	{"PDO->__construct", 2},
	{"mysqli_connect", 2},
	{"mysqli->__construct", 2},
	{"mysqli_real_connect", 3},
	{"ldap_bind", 2},
	{"ftp_login", 2},
	{"imap_open", 2},
	{"oci_connect", 1},
	{"ssh2_auth_password", 2},
	{"pgp_sym_encrypt", 1},
	{"AES_ENCRYPT", 1},
	{" crypt", 0},
	{"password_hash", 0},
	{"password_verify", 0},
}

// redactCall masks the argument after the parenthesis at i that is a password:
// setPassword('secret'), or one of calls. It returns where to continue.
func redactCall(e *edit, start, i int) int {
	s := e.src
	key, _ := wordBefore(s, start, i)
	if (hasSuffixFold(key, "password") || hasSuffixFold(key, "passwd")) && !hasPrefixFold(key, "get") {
		return redactValue(e, key, '(', i+1)
	}
	for _, c := range calls {
		if !strings.HasSuffix(s[max(0, i-maxKey):i], c.name) {
			continue
		}
		from := i + 1
		for range c.before {
			n := strings.Index(s[from:min(len(s), from+maxPassword)], ", ")
			if n < 0 {
				return i + 1
			}
			from += n + len(", ")
		}
		if from < len(s) && isQuote(s[from]) {
			to := quoteEnd(s, from+1, s[from], 0)
			e.mask(from+1, to)
			return to
		}
	}
	return i + 1
}
