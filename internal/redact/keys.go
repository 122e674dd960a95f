package redact

import (
	"bytes"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/secretkey"
)

// keyEnds are ends of keys with secret values in texts, in lower case and without
// separators, that package secretkey does not have.
var keyEnds = []string{
	"authkey", "applicationkey", "appkey", "routingkey", "integrationkey", "licensekey", "subscriptionkey", "functionskey",
	"dbpass", "sshpass", "userpass", "passwort", "contrasena", "wachtwoord", "senha", "heslo", "haslo", "motdepasse",
}

// keyWords are keys as a whole.
var keyWords = []string{"otp", "cvv", "cvc", "pin", "appid", "signature", "session"}

// isSecretKey reports whether the value of a key is a secret.
func isSecretKey(key string) bool {
	if secretkey.Is(key) {
		return true
	}
	name := secretkey.Letters(key)
	for _, end := range keyEnds {
		if bytes.HasSuffix(name, []byte(end)) {
			return true
		}
	}
	return false
}

// isKeyWord reports whether key is a secret's only before a =, not in a sentence.
func isKeyWord(key string) bool { return slices.Contains(keyWords, strings.ToLower(key)) }

// isHarmless reports whether value is none of the secrets that a key such as sig, auth
// or pass has: the number of a signal, a method, a count.
func isHarmless(key, value string) bool {
	switch {
	case hasSuffixFold(key, "sig"):
		return len(value) <= 2 && isPort(value)
	case hasSuffixFold(key, "auth"):
		return isLetters(value) && len(value) < 8
	case strings.EqualFold(key, "pass"):
		return len(value) <= 3 && isPort(value)
	case strings.EqualFold(key, "session"):
		return isPort(value)
	}
	return false
}

// isApart reports whether key is "value", and before ends with the name of a secret:
//
//	name: DB_PASSWORD
//	value: hunter2
func isApart(before, key string) bool {
	if !strings.EqualFold(key, "value") {
		return false
	}
	before = before[max(0, len(before)-2*maxKey):]
	before = before[:max(0, strings.LastIndex(before, key))]
	name := strings.TrimRight(before, " \t\r\n\"'\\,{")
	_, from := wordBefore(name, 0, len(name))
	label := strings.TrimRight(name[:from], " \"'\\")
	label, ok := strings.CutSuffix(label, ":")
	label = strings.TrimRight(label, " \"'\\")
	return ok && (hasSuffixFold(label, "name") || hasSuffixFold(label, "key")) && isSecretKey(name[from:])
}
