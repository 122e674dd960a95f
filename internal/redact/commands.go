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
	{"HELLO 3 AUTH", 1, isArgument},
	{"hello 3 auth", 1, isArgument},
	{"auth default", 0, isMixed},
	{"LOGIN", 1, isSetting}, // IMAP
	{"login", 1, isMixed},
	{"echo", 0, nil},
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

// redactArgument masks the secret behind the command that ends at end, before the space or
// comma at i. If it is a list, there is a quotation mark between them:
//
//	rabbitmqctl add_user bob hunter2
//	a1 LOGIN bob hunter2
//	aws configure set aws_secret_access_key hunter2
//	["htpasswd","-b","file","bob","hunter2"]
//	echo hunter2 | sudo -S true
func redactArgument(e *edit, i, end int) {
	before := e.src[max(0, end-2*maxKey):end]
	if end < i {
		before = listMarks.Replace(before)
	}
	if secret := setting(before, end < i); secret != nil && maskArgument(e, i, 0, secret) {
		return
	}
	for _, p := range positionsBy[e.src[end-1]] {
		start := len(before) - len(p.command)
		if !strings.HasSuffix(before, p.command) || start > 0 && isWord(before[start-1]) || strings.EqualFold(p.command, "LOGIN") && !isTag(before[:start]) {
			continue
		}
		if p.command == "echo" {
			redactEcho(e, i+1)
		} else if maskArgument(e, i, p.before, p.secret) {
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

// isTag reports whether s ends with the tag of a command of IMAP and a space: a001.
func isTag(s string) bool {
	if s == "" {
		return false
	}
	tag, _ := wordBefore(s, 0, len(s)-1)
	return tag != "" && isLetter(tag[0]) && isDigit(tag[len(tag)-1])
}

// setting returns which words are secrets behind s if its last word is a secret key, or
// ends with one, and the word before it sets it. In what may be a sentence, as in "set
// auth_token cookie", only a mixed word is one. It is nil if s does not end with a setting.
func setting(s string, list bool) func(word string) bool {
	if key, _ := wordBefore(s, 0, len(s)); !isSecretKey(key) {
		return nil
	}
	words := strings.Fields(s)
	n := len(words) - 1
	switch key := words[n]; {
	case n == 0:
		return nil
	case key == "password" && strings.Contains(s, "mysqladmin "):
		return isSetting
	case !strings.ContainsAny(key, "_./:"):
		return nil
	}
	switch strings.TrimLeft(words[n-1], "[\"") {
	case "--global", "--local", "--add":
		return isSetting
	case "set", "put", "config":
		if list || n > 1 && slices.Contains([]string{"configure", "config", "kv", "etcdctl", "secret"}, words[n-2]) {
			return isSetting
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

// redactEcho masks the word at i if it is written to a command that reads a password:
// echo hunter2 | sudo -S true.
func redactEcho(e *edit, i int) {
	s := e.src
	line := s[i:min(len(s), i+maxPassword)]
	line = line[:lineEnd(line, 0)]
	_, command, ok := strings.Cut(line, "|")
	if !ok || !containsAny(command, stdinFlags...) {
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

// unknownArgs is what Redis writes before the arguments of a command that it does not know.
const unknownArgs = "with args beginning with: "

// redactUnknownArgs masks the user and the password in the arguments of AUTH:
//
//	ERR unknown command 'HELLO', with args beginning with: '3' 'AUTH' 'default' 'hunter2'
//	ERR unknown command `AUTH`, with args beginning with: `hunter2`,
func redactUnknownArgs(s string) string {
	return each(s, unknownArgs, func(e *edit, i int) int {
		from := i + len(unknownArgs)
		to := lineEnd(s, from)
		last := from + 1 + strings.LastIndexAny(s[from:to], "'`")
		if hasSuffixFold(strings.TrimRight(s[:i], "'`, "), "auth") {
			e.mask(from, last)
			return to
		}
		const auth = "'AUTH'"
		for ; from+len(auth) <= to; from++ {
			if isQuote(s[from]) && hasPrefixFold(s[from+1:], "auth") && isQuote(s[from+len(auth)-1]) {
				from += len(auth)
				e.mask(from+len(s[from:to])-len(strings.TrimLeft(s[from:to], ", ")), last)
				break
			}
		}
		return to
	})
}
