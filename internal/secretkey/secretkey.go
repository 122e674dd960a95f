// Package secretkey tells from a key whether its value is a secret: a password,
// a token or the like.
package secretkey

import (
	"bytes"
	"strings"
)

// secretKeys are the ends of keys with secret values, in lower case and without
// separators.
var secretKeys = []string{
	"password", "passwd", "pwd", "passphrase", "passcode",
	"token", "secret", "credential", "credentials", "cookie", "authorization",
	"apikey", "accesskey", "secretkey", "privatekey", "accountkey", "signingkey", "encryptionkey", "masterkey", "sharedkey",
	"amzsignature", "googsignature", "sharedaccesssignature", "bearer",
	"secretkeybase", "sessionid", "sessid",
}

// shortKeys are such ends as well, but only as whole words: db_pass, not bypass.
var shortKeys = []string{"pass", "pw", "sig", "auth"}

// Is reports whether the value of a key is a secret.
func Is(key string) bool {
	key = strings.TrimRight(key, "0123456789_-.") // password2
	if key == "" {
		return false
	}
	switch key[len(key)-1] | 0x20 {
	case 'd', 'e', 'n', 't', 'l', 's', 'y', 'w', 'g', 'h', 'r':
	default:
		return false
	}
	name := Letters(key)
	for _, end := range secretKeys {
		if bytes.HasSuffix(name, []byte(end)) {
			return true
		}
	}
	for _, end := range shortKeys {
		if bytes.HasSuffix(name, []byte(end)) && beginsWord(key, len(key)-len(end)) {
			return true
		}
	}
	return false
}

// InPath reports whether the value of an option is a secret, going by its path,
// such as headers.X-Api-Key or tokens[0]: if a part of the path is a secret's
// key, its plural, or one that often has secrets below.
func InPath(path string) bool {
	for part := range strings.SplitSeq(path, ".") {
		part, _, _ = strings.Cut(part, "[")
		part = strings.TrimSuffix(part, "s")
		name := Letters(part)
		if Is(part) || Is(part+"s") || bytes.HasSuffix(name, []byte("header")) || bytes.HasSuffix(name, []byte("routingkey")) {
			return true
		}
	}
	return false
}

// beginsWord reports whether a word of a key begins at i.
func beginsWord(key string, i int) bool {
	if i == 0 || !isLetter(key[i-1]) {
		return true
	}
	return key[i] <= 'Z' && (key[i-1] >= 'a' || key[i+1] >= 'a') // dbPass, DBPass
}

// Letters returns the ASCII letters of a key, in lower case.
func Letters(key string) []byte {
	var buf [64]byte // longer keys are rare
	name := buf[:0]
	for i := range len(key) {
		if c := key[i]; isLetter(c) {
			name = append(name, c|0x20)
		}
	}
	return name
}

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
