package redact

import "strings"

// A program takes a password as the value of a short flag.
type program struct{ name, flag string }

var programs = []program{
	{"mysql", "-p"}, {"mariadb", "-p"}, {"sshpass", "-p"}, {"mongo", "-p"}, {"redis-cli", "-a"}, {"sqlcmd", "-P"}, {"ldap", "-w"},
}

// flagSecret returns where the secret is of the flag s[i:to], whose value begins at
// from: a password behind a user, as of curl -u, or the value of a flag that means a
// password to its program. If there is none, begin is end.
func flagSecret(s string, i, to, from int) (begin, end int) {
	value := s[from : from+wordEnd(s[from:])]
	switch s[i:to] {
	case "-u", "-U", "--user", "--proxy-user":
		if n := strings.IndexByte(value, ':'); n > 0 && !isPort(value[n+1:]) {
			return from + n + 1, from + len(value)
		}
		return 0, 0
	}
	flag := s[i:min(to, i+2)]
	line := s[max(0, i-maxPassword):i]
	line = line[strings.LastIndexByte(line, '\n')+1:]
	for _, p := range programs {
		if flag != p.flag || !strings.Contains(line, p.name) {
			continue
		}
		if to > i+2 {
			return i + 2, to // -phunter2
		}
		return from, from + len(value)
	}
	return 0, 0
}
