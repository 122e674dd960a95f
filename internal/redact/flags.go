package redact

import (
	"slices"
	"strings"
)

// redactFlag masks the secret of the flag at i, also if each word is quoted:
//
//	--password secret
//	["--password","secret"]
//	curl -u user:secret
//	mysql -psecret
//
// It returns where to continue.
func redactFlag(e *edit, i int) int {
	s := e.src
	to := i
	for to < len(s) && isWord(s[to]) {
		to++
	}
	if to < i+2 {
		return i + 1
	}
	if s[i:to] == "--from-literal" && strings.Contains(lineBefore(s, i), "create secret ") { // of kubectl: any key
		word := wordAt(s, to)
		if n := strings.LastIndexByte(word, '='); n > 0 {
			return redactValue(e, "", '=', to+n+1)
		}
	}
	secret := isSecretKey(s[i:to])
	if begin, end := joinedSecret(s, i, to); begin < end && !(secret && isPassFlag(s[i:to])) { // -pMyToken12 is no key
		e.mask(begin, end)
		return end
	}
	from := flagValue(s, to)
	if from == to && to < len(s) && s[to] == '=' && (s[i:to] == "--user" || s[i:to] == "--proxy-user") {
		from = to + 1
	}
	if from == to || from == len(s) || s[from] == '-' {
		return i + 1 // it may be the key of --password=secret
	}
	if !secret {
		begin, end := unquotedWord(s, from)
		if begin, end = flagSecret(s, i, to, begin, end); begin < end {
			e.mask(begin, end)
			return end
		}
		return i + 1
	}
	if isVerb(s[from:from+wordEnd(s[from:])]) || strings.HasPrefix(s[from:], "id=") {
		return from // --token is required, docker build --secret id=x
	}
	return redactValue(e, s[i:to], '=', from)
}

// isPassFlag reports whether a flag that begins with -p is one such as -password, and not
// -p with a secret.
func isPassFlag(flag string) bool {
	return slices.ContainsFunc([]string{"-pass", "-pw", "-psk", "-private"}, func(name string) bool { return hasPrefixFold(flag, name) })
}

// flagValue returns where the word after a flag begins that ends at i, or i: after
// white space, the comma of a list, or the hyphen of the next line of a list in YAML.
func flagValue(s string, i int) int {
	from := skipQuotes(s, i)
	start := from
	if from > i && from < len(s) && s[from] == ',' {
		from++
	} else if from < len(s) && s[from] == '\n' {
		if item := skipSpaces(s, from+1); strings.HasPrefix(s[item:], "- ") {
			return item + len("- ")
		}
	}
	if from = skipSpaces(s, from); from == start {
		return i
	}
	return from
}

// unquotedWord returns where the word is that begins at i, without its quotation marks.
func unquotedWord(s string, i int) (from, to int) {
	if from = skipQuotes(s, i); from > i {
		return from, quoteEnd(s, from, s[from-1], from-1-i)
	}
	if placeholder(s[from:]) > 0 {
		return from, from
	}
	return from, from + len(strings.TrimRight(s[from:valueEnd(s, from)], ")]}'.,;:"))
}

// A program takes a password as the value of a short flag.
type program struct{ name, flag string }

var programs = []program{
	{"mysql", "-p"},
	{"mariadb", "-p"},
	{"sshpass", "-p"},
	{"mongo", "-p"},
	{"cqlsh", "-p"},
	{"7z", "-p"},
	{" login", "-p"}, // docker login -p
	{"redis-cli", "-a"},
	{"ldap", "-w"},
	{"openssl", "-k"},
	{"mosquitto", "-P"}, //nolint:misspell // the name of a program
	{"sqlcmd", "-P"},
	{"bcp", "-P"},
	{"osql", "-P"},
	{"zip", "-P"},
	{"ipmitool", "-P"},
	{"mssql", "-P"},
	{"twine", "-p"},
	{"rar ", "-p"},
	{"hdbsql", "-p"},
	{"valkey-cli", "-a"},
	{"kadmin", "-w"},
	{"vsql", "-w"},
	{"doctl", "-t"},
	{"nuget push", "-k"},
	{"keychain", "-p"},
	{"ssh-keygen", "-N"},
	{"ssh-keygen", "-P"},
	{"snmpwalk", "-c"},
	{"snmpwalk", "-A"},
	{"snmpwalk", "-X"},
	{"snmpget", "-c"},
	{"snmpget", "-A"},
	{"snmpget", "-X"},
	{"snmpset", "-c"},
	{"snmpbulk", "-c"},
}

// joinedSecret returns where the secret is in the flag s[i:to], such as -psecret or
// curl -uuser:secret. If there is none, begin is end.
func joinedSecret(s string, i, to int) (begin, end int) {
	switch flag := s[i : i+2]; {
	case flag == "-u" && to < len(s) && s[to] == ':' && to > i+2 && strings.Contains(lineBefore(s, i), "curl"):
		return unquotedWord(s, to+1)
	case flag == "-p" || flag == "-P":
		begin = i + len(flag)
		if i > 0 && isQuote(s[i-1]) { // "-psecret"
			slashes := i - 1
			for slashes > 0 && s[slashes-1] == '\\' {
				slashes--
			}
			end = quoteEnd(s, begin, s[i-1], i-1-slashes)
		} else {
			begin, end = unquotedWord(s, begin)
		}
		if begin < end && takesSecret(lineBefore(s, i), flag) {
			return begin, end
		}
	}
	return 0, 0
}

// flagSecret returns where the secret is in s[from:end], the value of the flag
// s[i:to]: the password behind a user, or the value of a flag that means a password to
// its program. If there is none, begin is end.
func flagSecret(s string, i, to, from, end int) (begin, _ int) {
	flag, value, line := s[i:to], s[from:end], lineBefore(s, i)
	switch {
	case flag == "-u" || flag == "-U" || flag == "--user" || flag == "--proxy-user" || flag == "-a" && strings.Contains(line, "http "),
		flag[1] != '-' && strings.HasSuffix(flag, "u") && strings.Contains(line, "curl"): // curl -sSu
		separator := ":"
		switch {
		case strings.Contains(line, "smb") || strings.Contains(line, "rpcclient"):
			separator = "%"
		case strings.Contains(line, "lftp"):
			separator = ","
		}
		if user, _, _ := strings.Cut(value, separator); isTokenUser(user) {
			return from, end
		}
		if n := strings.Index(value, separator); n > 0 && (!isPort(value[n+1:]) || takesUser(line) && !isPort(value[:n])) { // not: docker run -u 1000:1000
			if from += n + 1; from < len(s) && isQuote(s[from]) { // user:"secret"
				return unquotedWord(s, from)
			}
			return from, end
		}
	case flag == "-b" && strings.Contains(line, "curl") && strings.Contains(value, "="):
		return from + strings.IndexByte(value, '=') + 1, end
	case strings.HasPrefix(flag, "-pass") && strings.HasPrefix(value, "pass:"): // openssl -passin pass:secret
		return from + len("pass:"), end
	case takesSecret(line, flag), (flag == "-p" || flag == "-P") && isMixed(value) && namesUser(line):
		return from, end
	}
	return 0, 0
}

// takesUser reports whether a program on line takes a user with a password as the value of a
// flag.
func takesUser(line string) bool {
	return containsAny(line, "curl", "etcdctl", "lftp", "http ", "smb", "rpcclient")
}

// namesUser reports whether a flag for the name of a user is on a line.
func namesUser(line string) bool {
	return containsAny(line, " -u ", " -U ", "'-u'", `"-u"`, " --user")
}

// containsAny reports whether one of these texts is in s.
func containsAny(s string, texts ...string) bool {
	return slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(s, text) })
}

// takesSecret reports whether a program on line takes a password as the value of flag.
func takesSecret(line, flag string) bool {
	return slices.ContainsFunc(programs, func(p program) bool { return flag == p.flag && strings.Contains(line, p.name) })
}

// lineBefore returns the line before s[i], as far as it is looked at.
func lineBefore(s string, i int) string {
	line := s[max(0, i-maxPassword):i]
	return line[strings.LastIndexByte(line, '\n')+1:]
}
