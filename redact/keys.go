package redact

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

// isSecret reports whether the values of a key are secrets.
func isSecret(key string) bool {
	key = strings.TrimRight(key, "0123456789_-.") // password2
	if key == "" {
		return false
	}
	switch key[len(key)-1] | 0x20 {
	case 'd', 'e', 'n', 't', 'l', 's', 'y', 'w', 'g', 'h', 'r':
	default:
		return false
	}
	name := normal(key)
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

// beginsWord reports whether a word of a key begins at i.
func beginsWord(key string, i int) bool {
	if i == 0 || !isLetter(key[i-1]) {
		return true
	}
	return key[i] <= 'Z' && (key[i-1] >= 'a' || key[i+1] >= 'a') // dbPass, DBPass
}

// normal returns the letters of a key, in lower case.
func normal(key string) []byte {
	var buf [maxKey]byte
	name := buf[:0]
	for i := range len(key) {
		if c := key[i]; isLetter(c) {
			name = append(name, c|0x20)
		}
	}
	return name
}
