package normalize

import (
	"bytes"
	"unicode/utf8"
)

// A role is what a quoted text is, as the word before it says.
type role uint8

const (
	roleNone  role = iota
	roleValue      // data, which varies
	roleName       // what failed: a constraint, a program, a host
	roleText       // an error, a message or a code, after = or : only
	roleFile       // a path without a leading slash
)

// A context is what stands before a quoted text.
type context struct {
	role  role
	mark  byte // = : ( [ or a comma, if there is one
	words bool // whether there is a word before it
}

var roles = func() map[string]role {
	m := map[string]role{}
	for r, words := range map[role][]string{
		roleValue: {
			"value", "input", "parsing", "entry", "literal", "string", "token", "near", "got", "found", "expected",
			"user", "id", "uuid", "text", "data", "line", "title", "password", "email", "path", "url", "filename",
		},
		roleFile: {"object", "blob", "file", "directory", "folder", "prefix"},
		roleName: {
			"constraint", "table", "column", "relation", "index", "sequence", "view", "trigger", "schema", "database", "keyspace",
			"collection", "procedure", "partition", "extension", "collation", "charset", "encoding", "codec", "role", "privilege",
			"program", "command", "executable", "binary", "exec", "module", "package", "library", "plugin", "driver", "provider", "engine",
			"class", "interface", "method", "function", "property", "properties", "attribute", "field", "parameter", "param", "argument", "arg",
			"option", "flag", "setting", "variable", "symbol", "operator", "operation", "feature", "header", "permission", "scope",
			"metric", "quota", "keyerror", "reading", "import", "into", "join", "update", "container", "image", "deployment", "service", "component", "stage", "action", "protocol", "scheme",
			"configmap", "serviceaccount", "persistentvolumeclaim", "volume", "namespace", "statefulset", "daemonset", "cronjob", "ingress", "storageclass",
			"bean", "assembly", "annotation", "enum", "step", "workflow", "activity", "pipeline", "template", "chart", "branch", "remote",
			"missing", "undefined", "undeclared", "required", "unresolved", "resolve", "invoke", "activate", "keyword", "identifier", "member",
			"struct", "trait", "macro", "crate", "target",
			"handler", "route", "model", "connector", "sink", "dataset", "catalog", "policy", "locale",
			"topic", "queue", "exchange", "stream", "subject", "vhost", "channel", "consumer", "bucket",
			"host", "hostname", "rhost", "server", "domain", "endpoint", "broker", "upstream", "lookup", "cluster", "region", "zone",
			// German
			"tabelle", "spalte", "datenbank", "funktion", "rolle", "modul", "feld",
			// French
			"contrainte", "colonne", "fonction", "champ", "unicité", "rôle", "vers",
			// Spanish and Portuguese
			"restricción", "columna", "tabla", "relación", "función", "campo", "único", "unicidad", "tabela", "coluna", "restrição",
			// Italian
			"tabella", "colonna", "vincolo", "funzione", "univoco",
			// Russian
			"таблица", "таблицы", "таблице", "столбец", "столбца", "столбце", "отношение", "отношения", "ограничение", "ограничения",
			"уникальности", "функция", "схема", "индекс",
		},
		roleText: {
			"desc", "description", "msg", "message", "error", "err", "reason", "cause", "detail", "exception",
			"status", "state", "code", "errorcode", "statuscode", "errcode", "type", "kind", "fault", "faultstring", "hint", "why",
			"failure", "category", "severity", "level", "grpc", "phase", "errmsg", "info", "summary", "stderr", "output",
		},
	} {
		for _, word := range words {
			m[word] = r
		}
	}
	return m
}()

// role returns what the text that has been written says of what comes next.
func (s *scanner) role() (c context) {
	text := s.out
	cut := func(b byte) bool {
		if n := len(text); n > 0 && text[n-1] == b {
			text = text[:n-1]
			return true
		}
		return false
	}
	cut(' ')
	for _, b := range [...]byte{'=', ':', '(', '[', ','} {
		if cut(b) {
			c.mark = b
			break
		}
	}
	if c.mark == ',' || c.mark == '[' {
		return c
	}
	cut(' ')
	if c.mark != 0 && (cut('"') || cut('\'')) { // "error": "invalid_grant"
		cut('\\')
	}
	start := wordStart(text)
	c.words = start < len(text)
	word := text[start:]
	c.role = roleOf(word)
	switch {
	case c.role == roleNone && c.mark == 0 && isNaming(word): // module named "x"
		before := lastPlain(text[:start])
		if string(before) == "with" { // bean with name "x"
			before = lastPlain(text[:bytes.LastIndex(text[:start], before)])
		}
		c.role = roleOf(before)
	case string(word) == "found" && bytes.HasSuffix(text, []byte(" not found")): // container not found ("x")
		if r := roleOf(lastPlain(text[:len(text)-len(" not found")])); r != roleNone {
			c.role = r
		}
	}
	if c.role == roleNone && c.mark == 0 && isNamingAfter(word, lastPlain(text[:start])) {
		c.role = roleName
	}
	if c.role == roleText && c.mark != '=' && c.mark != ':' {
		c.role = roleNone
		if c.mark == 0 && string(word) == "type" { // a value of type "uuid"
			c.role = roleName
		}
	}
	return c
}

// lastPlain returns the word at the end of text, after which there may be spaces.
func lastPlain(text []byte) []byte {
	text = bytes.TrimRight(text, " ")
	return text[wordStart(text):]
}

func isNaming(word []byte) bool {
	switch string(word) {
	case "named", "name", "called", "is", "for", "of", "on", "at":
		return true
	}
	return false
}

// isNamingAfter reports whether word names what failed after the word before it.
func isNamingAfter(word, before []byte) bool {
	switch string(word) {
	case "key":
		switch string(before) {
		case "for", "array", "config", "required": // MySQL: Duplicate entry 'x' for key 'orders_pkey'
			return true
		}
	case "name":
		return string(before) == "find" // of a compiler
	case "result":
		return string(before) == "with" // of systemd
	case "to":
		return string(before) == "reference" // of a linker
	case "auf":
		return string(before) == "Verweis"
	}
	return false
}

const maxRole = 24 // bytes of a word that says what follows it

// wordStart returns where the word begins that ends text.
func wordStart(text []byte) int {
	n := len(text)
	for n > 0 && len(text)-n <= maxRole && (isLetter(text[n-1]) || text[n-1] >= utf8.RuneSelf) {
		n--
	}
	return n
}

// roleOf returns the role that the word gives; of ConstraintName, columns and
// errorMessage it is that of constraint, column and message.
func roleOf(word []byte) role {
	var space [maxRole]byte
	w := lower(space[:], word)
	if r := roles[string(w)]; r != roleNone || len(w) < 4 {
		return r
	}
	if w[len(w)-1] == 's' {
		if r := roles[string(w[:len(w)-1])]; r != roleNone {
			return r
		}
	}
	for i := len(word) - 1; i > 0; i-- {
		if isUpper(word[i]) && isLower(word[i-1]) {
			if string(w[i:]) == "name" {
				return roleOf(word[:i])
			}
			return roles[string(w[i:])]
		}
	}
	return roleNone
}
