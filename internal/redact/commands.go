package redact

import (
	"slices"
	"strings"
)

// A position is where a command takes a password: behind so many other words that
// are no flags.
type position struct {
	command string
	before  int
	secret  func(word string) bool
}

var positions = []position{
	{"rabbitmqctl add_user", 1, isArgument},
	{"rabbitmqctl change_password", 1, isArgument},
	{"rabbitmqctl authenticate_user", 1, isArgument},
	{"htpasswd -b", 2, isArgument},
	{"htpasswd -bc", 2, isArgument},
	{"htpasswd -cb", 2, isArgument},
	{"htpasswd -bB", 2, isArgument},
	{"htpasswd -cbB", 2, isArgument},
	{"htpasswd -Bb", 2, isArgument},
	{"htpasswd -nb", 1, isArgument},
	{"htpasswd -bn", 1, isArgument},
	{"htpasswd -nbB", 1, isArgument},
	{"htpasswd -Bbn", 1, isArgument},
	{"mc alias set", 3, isArgument},
	{"mc config host add", 3, isArgument},
	{"mc admin user add", 2, isArgument},
	{"vault login", 0, isMixed},
	{"snyk auth", 0, isMixed},
	{"rclone obscure", 0, isArgument},
	{"cargo login", 0, isMixed},
	{"wandb login", 0, isMixed},
	{"ngrok authtoken", 0, isArgument},
	{"ngrok config add-authtoken", 0, isArgument},
	{"net user", 1, isMixed},
	{"wpa_passphrase", 1, isArgument},
	{"CONFIG SET requirepass", 0, isArgument},
	{"CONFIG SET masterauth", 0, isArgument},
	{"poetry config", 1, isMixed},
	{"poetry config", 2, isArgument},
	{"AUTH", 0, isMixedCase}, // Redis
	{"AUTH", 1, isMixedCase},
	{"LOGIN", 1, isSetting}, // IMAP
	{"login", 1, isMixed},
}

// isArgument reports whether word may be a secret that a command takes, and not the word
// for it in a text that explains the command.
func isArgument(word string) bool {
	return placeholder(word) == 0 && !isVerb(word) && word[0] != '$' && (!isLetters(word) || hasLower(word))
}

// isSetting is isArgument of what does not go on as a sentence: set api_key to x.
func isSetting(word string) bool {
	return isArgument(word) && len(word) > len("with") && !slices.Contains(clauseWords, word)
}

// isMixedCase is isMixed of what is no name in capitals, such as CRAM-MD5.
func isMixedCase(word string) bool { return isMixed(word) && hasLower(word) }

// positionsBy are the positions by the last byte of their command.
var positionsBy = func() (table [256][]position) {
	for _, p := range positions {
		last := p.command[len(p.command)-1]
		table[last] = append(table[last], p)
	}
	return table
}()

// redactCommands masks what commands take by its position:
//
//	rabbitmqctl add_user bob hunter2
//	a1 LOGIN bob hunter2
//	aws configure set aws_secret_access_key hunter2
//	echo hunter2 | sudo -S true
//	db:5432:shop:bob:hunter2
func redactCommands(s string) string {
	e := edit{src: s}
	for i := 1; i < len(s); i++ {
		switch {
		case i < e.done:
		case s[i] == ':':
			if s[i-1] != ':' && i+1 < len(s) && (isDigit(s[i+1]) || s[i+1] == '*') {
				redactPassFile(&e, i)
			}
		case s[i-1] == '"' && (s[i] == ',' || s[i] == ' '):
			redactQuotedArgument(&e, i)
		case s[i] != ' ':
		case s[i-1] == 'o' && isEcho(s[:i]):
			redactEcho(&e, i+1)
		default:
			redactArgument(&e, i)
		}
	}
	return e.String()
}

// redactArgument masks the secret behind the command that ends at the space at i.
func redactArgument(e *edit, i int) {
	s := e.src
	if secret := setting(s, i); secret != nil && maskArgument(e, i, 0, secret) {
		return
	}
	for _, p := range positionsBy[s[i-1]] {
		start := i - len(p.command)
		if !strings.HasSuffix(s[:i], p.command) || start > 0 && isWord(s[start-1]) || strings.EqualFold(p.command, "LOGIN") && !isTag(s[:start]) {
			continue
		}
		if maskArgument(e, i, p.before, p.secret) {
			return
		}
	}
}

// maskArgument masks the argument behind so many other ones and the mark at i, if it is
// secret, and reports whether it is.
func maskArgument(e *edit, i, before int, secret func(word string) bool) bool {
	from, to := nextArgument(e.src, i, before)
	if from >= to || !secret(e.src[from:to]) {
		return false
	}
	e.mask(from, to)
	return true
}

// listMarks are between the arguments of a command that is printed as a list.
var listMarks = strings.NewReplacer(`", "`, " ", `","`, " ", `" "`, " ")

// redactQuotedArgument masks the secret behind the command that ends at the quotation
// mark before i, in a list: ["vault", "login", "hunter2"].
func redactQuotedArgument(e *edit, i int) {
	s := e.src
	if i < 2 {
		return
	}
	key, _ := wordBefore(s, max(0, i-1-maxKey), i-1)
	for _, p := range positionsBy[s[i-2]] {
		if key == "" || !strings.HasSuffix(p.command, key) {
			continue
		}
		before := listMarks.Replace(s[max(0, i-1-maxKey) : i-1])
		if start := len(before) - len(p.command); !strings.HasSuffix(before, p.command) || start > 0 && isWord(before[start-1]) {
			continue
		}
		if maskArgument(e, i, p.before, p.secret) {
			return
		}
	}
	if strings.Contains(key, "_") && isSecretKey(key) && strings.HasSuffix(listMarks.Replace(s[max(0, i-2*maxKey):i-1]), " set "+key) {
		maskArgument(e, i, 0, isSetting)
	}
}

// isTag reports whether s ends with the tag of a command of IMAP and a space: a001.
func isTag(s string) bool {
	if s == "" {
		return false
	}
	tag, _ := wordBefore(s, 0, len(s)-1)
	return tag != "" && isLetter(tag[0]) && isDigit(tag[len(tag)-1])
}

// setting returns which words are secrets behind the space at i if the word before it is
// a secret key, and the one before that sets it. Of a sentence, as in "set auth_token
// cookie", only a mixed word is one; it is nil if the key is none of a setting.
func setting(s string, i int) func(word string) bool {
	key, begin := wordBefore(s, max(0, i-maxKey), i)
	if begin == 0 || !isSecretKey(key) {
		return nil
	}
	if s[begin-1] == '/' || s[begin-1] == ':' {
		begin = wordStart(s, max(0, begin-maxKey), begin)
	} else if key == "password" && strings.Contains(lineBefore(s, begin), "mysqladmin ") {
		return isSetting
	} else if !strings.ContainsAny(key, "_.") {
		return nil
	}
	if begin < 2 {
		return nil
	}
	verb, from := wordBefore(s, max(0, begin-maxKey), begin-1)
	switch verb {
	case "--global", "--local", "--add":
		return isSetting
	case "set", "put":
		if from > 0 {
			command, _ := wordBefore(s, max(0, from-maxKey), from-1)
			if slices.Contains([]string{"configure", "config", "kv", "etcdctl", "secret"}, command) {
				return isSetting
			}
		}
		return isMixed
	}
	return nil
}

// nextArgument returns where the argument is that is behind so many other ones and the
// space at i, on the same line, without its quotation marks. If there is none, from is to.
func nextArgument(s string, i, before int) (from, to int) {
	full := s
	s = s[:min(len(s), i+maxPassword)]
	for s = s[:lineEnd(s, i)]; i < len(s); {
		if from = skipSpaces(s, i); from < len(s) && s[from] == ',' { // of a list
			from = skipSpaces(s, from+1)
		}
		if from == len(s) {
			break
		}
		inside, to := unquotedWord(s, from)
		if i = max(to, from) + 1; inside > from {
			i++
		}
		if inside < len(s) && s[inside] == '-' {
			continue // a flag
		}
		if before--; before < 0 {
			if to == len(s) {
				to += wordEnd(full[to:])
			}
			return inside, to
		}
		if to < len(s) && s[to] == ':' || strings.IndexByte(";|", s[from]) >= 0 {
			break
		}
	}
	return 0, 0
}

// stdinFlags are in commands that read a password.
var stdinFlags = []string{"sudo -S", "--password-stdin", "chpasswd", "passwd --stdin", "--passphrase-fd 0"}

func isEcho(s string) bool {
	word, _ := wordBefore(s, max(0, len(s)-maxKey), len(s))
	return word == "echo"
}

// redactEcho masks the word at i if it is written to a command that reads a password:
// echo hunter2 | sudo -S true.
func redactEcho(e *edit, i int) {
	s := e.src
	line := s[i:min(len(s), i+maxPassword)]
	line = line[:lineEnd(line, 0)]
	_, command, ok := strings.Cut(line, "|")
	if !ok || !slices.ContainsFunc(stdinFlags, func(flag string) bool { return strings.Contains(command, flag) }) {
		return
	}
	from, to := nextArgument(s, i-1, 0)
	if n := strings.IndexByte(s[from:to], ':'); n >= 0 && strings.Contains(command, "chpasswd") {
		from += n + 1
	}
	if from < to && !strings.HasPrefix(s[from:to], "$") {
		e.mask(from, to)
	}
}

// redactPassFile masks the password in a line of .pgpass if the colon at i is before its
// port: host:port:database:user:password.
func redactPassFile(e *edit, i int) {
	s := e.src
	host, begin := wordBefore(s, max(0, i-maxKey), i)
	if host == "" && s[i-1] != '*' || begin > 0 && s[begin-1] == ':' {
		return
	}
	at := i + 1
	for part := range 3 {
		from := at
		for at < len(s) && at-from < maxKey && (isWord(s[at]) || s[at] == '*') {
			at++
		}
		field := s[from:at]
		if at == len(s) || s[at] != ':' || field == "" ||
			part == 0 && field != "*" && field != "5432" && field != "5433" && field != "6432" || part > 0 && isDigit(field[0]) {
			return
		}
		at++
	}
	if to := at + wordEnd(s[at:]); to > at {
		e.mask(at, to)
	}
}
