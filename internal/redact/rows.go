package redact

import "strings"

// maxRow bounds how many bytes of the columns of an INSERT are looked at.
const maxRow = 2048

// redactRows masks the values of an INSERT whose columns are secret:
//
//	INSERT INTO users (name, password) VALUES ('bob', 'hunter2')
func redactRows(s string) string { return each(each(s, "VALUES", redactRow), "values", redactRow) }

// redactRow masks the values behind the VALUES at i; the names of their columns are before
// it. It returns where to continue.
func redactRow(e *edit, i int) int {
	s, to := e.src, i+len("values")
	names := strings.TrimRight(s[max(0, i-maxRow):i], " \n\t")
	names, ok := strings.CutSuffix(names, ")")
	open := strings.LastIndexByte(names, '(')
	if !ok || open < 0 {
		return to
	}
	var secrets []bool
	found := false
	for name := range strings.SplitSeq(names[open+1:], ",") {
		secret := isSecretKey(strings.Trim(name, " \n\t\"'`\\[]"))
		secrets, found = append(secrets, secret), found || secret
	}
	if !found {
		return to
	}
	for {
		to += len(s[to:]) - len(strings.TrimLeft(s[to:], " \n\t,"))
		if to == len(s) || s[to] != '(' {
			return to
		}
		to++
		for column := 0; to < len(s) && s[to] != ')'; to++ {
			switch {
			case s[to] == ',':
				column++
			case s[to] == '\'', s[to] == '"': // in double quotes for MySQL
				end := textEnd(s, to+1, s[to])
				if column < len(secrets) && secrets[column] {
					e.mask(to+1, end)
				}
				to = end
			}
			if to == len(s) {
				return to
			}
		}
		if to == len(s) {
			return to
		}
		to++
	}
}

// textEnd returns where a text of SQL in these quotation marks that begins at i ends. Two
// of them stand for one.
func textEnd(s string, i int, quote byte) int {
	for ; i < len(s); i++ {
		if s[i] == quote {
			if i+1 == len(s) || s[i+1] != quote {
				return i
			}
			i++
		}
	}
	return len(s)
}

// setsPassword reports whether the = at i is that of SET PASSWORD FOR 'bob'@'%' = 'hunter2'
// or PRAGMA key = 'hunter2'.
func setsPassword(s string, i int) bool {
	before := strings.ToLower(s[max(0, i-2*maxKey):i])
	n := strings.LastIndex(before, "password for ")
	return n >= 0 && strings.IndexByte(before[n:], '=') < 0 || strings.HasSuffix(strings.TrimRight(before, " "), "pragma key")
}

// redactFor masks the quoted value before the " for " at i if the name behind it is secret.
// It returns where to continue:
//
//	Duplicate entry 'hunter2' for key 'users.token'
//	invalid value "hunter2" for flag -token: parse error
//	invalid argument "hunter2" for "--api-token" flag
func redactFor(e *edit, i int) int {
	s, next := e.src, i+len(" for ")
	if i == 0 || !isQuote(s[i-1]) {
		return next
	}
	name := strings.TrimPrefix(strings.TrimPrefix(s[next:min(len(s), next+2*maxKey)], "key "), "flag ")
	bare := strings.TrimLeft(name, `\"'-`)
	if bare == name {
		return next // a word of the sentence
	}
	bare = bare[:wordLen(bare)]
	if !isSecretKey(bare[strings.LastIndexByte(bare, '.')+1:]) {
		return next
	}
	low := max(0, i-maxPassword)
	open := strings.LastIndexByte(s[low:i-1], s[i-1])
	if open >= 0 {
		e.mask(low+open+1, len(strings.TrimRight(s[:i-1], `\`)))
	}
	return next
}
