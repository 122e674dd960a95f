package redact

import (
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/redact/secretkey"
)

// keyWords are keys of secrets before a =, but often words before a colon.
var keyWords = []string{"appid", "signature", "session", "hmac", "secret_id", "assertion", "samlresponse", "samlrequest", "csrf", "_csrf"}

// numberKeys are keys whose values are numbers, which a colon may precede.
var numberKeys = []string{"otp", "totp", "cvv", "cvc", "cvv2", "pin", "otp_code", "otpcode", "mfa_code", "mfacode", "passcode", "security_code", "securitycode"}

// queryKeys are keys of secrets in the query of a URL, if the value looks random.
var queryKeys = []string{"key", "user_key", "servicekey", "code", "ticket"}

// foreignKeys are what the ends of keys are in languages that need other letters.
var foreignKeys = []string{
	"пароль", "mot de passe", "contraseña", "hasło", "lösenord", "jelszó", "şifre", "mật khẩu", "κωδικός", "密码", "密碼", "口令", "パスワード", "비밀번호", "암호", "סיסמה",
}

func isSecretKey(key string) bool { return secretkey.Is(key) }

func isKeyWord(key string) bool { return hasFold(keyWords, strings.TrimLeft(key, "-")) }

func isNumberKey(key string) bool { return hasFold(numberKeys, strings.TrimLeft(key, "-")) }

func isQueryKey(key string) bool { return hasFold(queryKeys, key) }

// isVariable reports whether key is that of a variable of the environment that has a
// secret if its value looks random: STRIPE_KEY.
func isVariable(key string) bool {
	return strings.HasSuffix(key, "_KEY") && !hasLower(key) && !strings.HasSuffix(key, "PUBLIC_KEY")
}

// isQueryValue reports whether the value at the beginning of s of one of queryKeys
// looks random. A code of OAuth may have any separator in it.
func isQueryValue(key, s string) bool {
	if !strings.EqualFold(key, "code") {
		return isLong(s[:wordLen(s)])
	}
	code := wordAt(s, 0)
	if n := strings.IndexAny(code, "&#"); n >= 0 {
		code = code[:n]
	}
	return isLong(s[:wordLen(s)]) || len(code) >= 20 && isMixed(code) && hasLower(code)
}

// isForeignKey reports whether s ends with one of foreignKeys.
func isForeignKey(s string) bool {
	return slices.ContainsFunc(foreignKeys, func(key string) bool { return hasSuffixFold(s, key) })
}

func hasFold(words []string, s string) bool {
	for _, word := range words {
		if len(word) == len(s) && hasSuffixFold(s, word) {
			return true
		}
	}
	return false
}

// wordLen returns the length of the word at the beginning of s, as far as a key is long.
func wordLen(s string) int {
	n := 0
	for n < min(len(s), maxKey) && isWord(s[n]) {
		n++
	}
	return n
}

// isCode reports whether s begins with a number of 3 to 8 digits: pin: 4711.
func isCode(s string) bool {
	n := digitsLen(s)
	return n >= 3 && n <= 8 && (n == len(s) || !isWord(s[n]) || s[n] == '.')
}

// isHarmless reports whether value is none of the secrets that a key such as sig, auth
// or pass has: the number of a signal, a method, a count. Nor is the name of a secret
// one: --token TOKEN, password=YOUR_PASSWORD.
func isHarmless(key, value string) bool {
	switch {
	case len(value) == 2 && value[0] == '%': // %s
		return true
	case hasSuffixFold(key, "sig"):
		return len(value) <= 2 && isPort(value)
	case hasSuffixFold(key, "auth"):
		return isLetters(value) && len(value) < 8
	case strings.EqualFold(key, "pass"):
		return len(value) <= 3 && isPort(value)
	case strings.EqualFold(key, "session"), strings.EqualFold(key, "appid"):
		return isPort(value)
	case isReference(key, value), (hasSuffixFold(key, "token") || hasSuffixFold(key, "passwords")) && len(value) <= 4 && isPort(value): // of a lock, or how many
		return true
	case strings.EqualFold(key, "signature"), hasSuffixFold(key, "credentials"), hasSuffixFold(key, "csrf"), strings.EqualFold(key, "assertion"):
		return isLetters(value)
	case hasSuffixFold(key, "code"):
		return isLetters(value) || len(value) <= 3
	case strings.EqualFold(key, "jwt"):
		return len(value) <= len("ES256")
	case len(value) > 1 && (value[0] == ':' || value[0] == '@') && strings.EqualFold(value[1:], key): // a parameter of SQL
		return true
	case key == "token" && isLetters(value) && !hasLower(value):
		return true // of a lexer: token=EOF
	}
	name := strings.TrimPrefix(value, "$")
	return name != value && isPort(name) || !hasLower(name) && isSecretKey(name) && isWords(name) // $1, $DB_PASSWORD
}

// isReference reports whether value, under a key such as private_key, is no secret but says
// where it is: a file, or a resource of AWS. Nor is a routing key of AMQP secret, but one
// that looks random is.
func isReference(key, value string) bool {
	switch {
	case secretkey.HasEnd(key, "routingkey"):
		return !isLong(value)
	case hasSuffixFold(key, "key"), hasSuffixFold(key, "credentials"):
		return strings.HasPrefix(value, "arn:") ||
			strings.HasPrefix(value, "/") && strings.IndexByte(value[1:], '/') > 0 && !strings.ContainsAny(value, "+=")
	}
	return false
}

func hasLower(s string) bool {
	for i := range len(s) {
		if s[i] >= 'a' {
			return true
		}
	}
	return false
}

// isApart reports whether the key at begin is "value", and before it is the name of a
// secret:
//
//	name: DB_PASSWORD
//	value: hunter2
//
//	<add key="ApiSecret" value="hunter2">
//
//	{"password":{"value":"hunter2"}}
//
//	'Db.Password' expected type 'int', got unconvertible type 'string', value: 'hunter2'
//
//	spec.password: Invalid value: "hunter2"
func isApart(s, key string, begin int) bool {
	if !hasSuffixFold(key, "value") {
		return len(key) == len("string") && strings.EqualFold(key, "string") && isInner(s[max(0, begin-2*maxKey):begin]) // sql.NullString
	}
	before := s[max(0, begin-2*maxKey):begin]
	if isInner(before) {
		return true
	}
	if n := strings.LastIndex(before, "' expected type '"); n >= 0 {
		name, _ := wordBefore(before, 0, n)
		return isSecretKey(name)
	}
	for _, kind := range fieldErrors {
		if field, ok := strings.CutSuffix(before, kind); ok {
			name, _, _ := keyBefore(before, 0, len(field))
			return isSecretKey(name)
		}
	}
	if strings.HasSuffix(before, " ") { // secret value: hunter2
		if word, _ := wordBefore(before, 0, len(before)-1); isSecretKey(word) {
			return true
		}
	}
	for range 3 { // {"name":"API_KEY","slot":false,"value":"hunter2"}
		name := trimMarks(before, " \t\r\n\"'\\,{")
		_, from := wordBefore(name, 0, len(name))
		if name[from:] == "SecureString" { // the type of a parameter of AWS, whatever its name is
			return true
		}
		label := trimMarks(name[:from], " \"'\\")
		if label == "" || label[len(label)-1] != ':' && label[len(label)-1] != '=' {
			return false
		}
		label = trimMarks(label[:len(label)-1], " \"'\\")
		if (hasSuffixFold(label, "name") || hasSuffixFold(label, "key")) && isSecretKey(name[from:]) {
			return true
		}
		_, from = wordBefore(label, 0, len(label))
		before = label[:from]
	}
	return false
}

// fieldErrors are between the name of a field and "value" in errors of Kubernetes.
var fieldErrors = []string{": Invalid ", ": Unsupported ", ": Duplicate "}

// isInner reports whether a key behind s is the first one in an object that is the value
// of a secret key.
func isInner(s string) bool {
	s, ok := strings.CutSuffix(trimMarks(s, " \t\r\n\"'\\"), "{")
	if !ok {
		return false
	}
	s = strings.TrimRight(s, " \t")
	if s == "" || s[len(s)-1] != ':' && s[len(s)-1] != '=' {
		return false
	}
	key, _, _ := keyBefore(s, 0, len(s)-1)
	return isSecretKey(key)
}

// trimMarks returns s without escaped quotation marks and bytes of cutset at its end.
func trimMarks(s, cutset string) string {
	for {
		trimmed := strings.TrimRight(s, cutset)
		for _, quote := range escapedQuotes {
			trimmed = strings.TrimSuffix(trimmed, quote)
		}
		if trimmed == s {
			return s
		}
		s = trimmed
	}
}
