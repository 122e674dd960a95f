// Package secretkey tells from a key whether its value is a secret: a password,
// a token or the like.
package secretkey

import (
	"slices"
	"strings"
)

// ends are the ends of keys with secret values, in lower case and without separators.
var ends = []string{
	"password", "passwd", "pwd", "pswd", "passphrase", "passcode", "passwort", "kennwort", "contrasena", "wachtwoord", "senha",
	"heslo", "haslo", "motdepasse", "parola", "salasana", "losenord", "adgangskode", "lozinka", "sifre",
	"dbpass", "sshpass", "userpass", "rootpass", "adminpass", "smtppass", "mailpass", "ftppass", "proxypass", "ldappass", "bindpass",
	"passwords", "passphrases", "apikeys", "storepass", "keypass", "certpass", "bindpw", "rootpw", "userpw", "adminpw",
	"token", "secret", "credential", "credentials", "creds", "cookie", "authorization", "bearer", "sessionid", "sessid",
	"secretkeybase", "clientassertion", "codeverifier", "mnemonic", "seedphrase",
	"apikey", "accesskey", "secretkey", "privatekey", "accountkey", "signingkey", "encryptionkey", "decryptionkey", "masterkey",
	"sharedkey", "psk", "authkey", "applicationkey", "appkey", "routingkey", "integrationkey", "licensekey",
	"subscriptionkey", "functionskey", "instrumentationkey", "storagekey", "saskey", "hmackey", "aeskey", "tlskey", "sshkey",
	"jwt", "passwordconfirmation", "passwordhash", "securitykey", "sessionkey", "signkey", "jwtkey", "unsealkey", "recoverykey", "consumerkey",
	"authcode", "authorizationcode", "devicecode", "verificationcode", "secretstring", "signatureprovided",
	"deploykey", "writekey", "serverkey", "keydata", "amzsignature", "googsignature", "qsignature", "sharedaccesssignature",
}

// shortEnds are such ends as well, but only as whole words: db_pass, not bypass.
var shortEnds = []string{"pass", "pw", "sig", "auth"}

// An end is the end of a key, or a whole word of it.
type end struct {
	text string
	word bool
}

// byLast are the ends by their last two letters.
var byLast = func() (table [26][26][]end) {
	for i, text := range Ends() {
		n := len(text)
		list := &table[text[n-2]-'a'][text[n-1]-'a']
		*list = append(*list, end{text, i >= len(ends)})
	}
	return table
}()

// Ends returns the ends of keys that [Is] knows, in lower case and without separators.
func Ends() []string { return slices.Concat(ends, shortEnds) }

// Is reports whether the value of a key is a secret.
func Is(key string) bool {
	last := len(key)
	for last > 0 && isSeparator(key[last-1]) { // password2
		last--
	}
	key = key[:last]
	before := last - 1
	for before > 0 && isSeparator(key[before-1]) {
		before--
	}
	if before <= 0 || !isLetter(key[last-1]) || !isLetter(key[before-1]) {
		return false
	}
	for _, end := range byLast[key[before-1]|0x20-'a'][key[last-1]|0x20-'a'] {
		if HasEnd(key, end.text) && (!end.word || beginsWord(key, last-len(end.text))) {
			return !isPublic(key)
		}
	}
	return false
}

// isPublic reports whether a token is none that is secret: that of an assembly of .NET,
// or one that says where the next page of a list begins.
func isPublic(key string) bool {
	return HasEnd(key, "token") && (HasEnd(key, "publickeytoken") || HasEnd(key, "pagetoken") || HasEnd(key, "nexttoken") || HasEnd(key, "continuationtoken"))
}

// HasEnd reports whether the letters of a key end with those of end, which are in
// lower case: X-Api-Key has the end apikey.
func HasEnd(key, end string) bool {
	n := len(end)
	for i := len(key); n > 0; n-- {
		for i > 0 && !isLetter(key[i-1]) {
			i--
		}
		if i == 0 || key[i-1]|0x20 != end[n-1] {
			return false
		}
		i--
	}
	return true
}

// InPath reports whether the value of an option is a secret, going by its path,
// such as headers.X-Api-Key or tokens[0]: if a part of the path is a secret's
// key, its plural, or one that often has secrets below.
func InPath(path string) bool {
	for part := range strings.SplitSeq(path, ".") {
		part, _, _ = strings.Cut(part, "[")
		part = strings.TrimSuffix(part, "s")
		if Is(part) || Is(part+"s") || HasEnd(part, "header") {
			return true
		}
	}
	return false
}

// beginsWord reports whether a word of a key begins at i, and goes on to its end.
func beginsWord(key string, i int) bool {
	if i < 0 {
		return false
	}
	for j := i; j < len(key); j++ {
		if !isLetter(key[j]) {
			return false
		}
	}
	if i == 0 || !isLetter(key[i-1]) {
		return true
	}
	return key[i] <= 'Z' && (key[i-1] >= 'a' || key[i+1] >= 'a') // dbPass, DBPass
}

func isSeparator(c byte) bool { return '0' <= c && c <= '9' || c == '_' || c == '-' || c == '.' }

func isLetter(c byte) bool { return 'a' <= c|0x20 && c|0x20 <= 'z' }
