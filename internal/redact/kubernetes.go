package redact

import "strings"

// redactKubernetes masks the data of a Secret of Kubernetes, in YAML, in JSON, which may be
// quoted, and as kubectl prints it, whatever its keys are.
func redactKubernetes(s string) string {
	if !strings.Contains(s, "Secret") || !hasSecret(s) { // most texts
		return s
	}
	const separator = "\n---\n"
	if first, rest, ok := strings.Cut(s, separator); ok { // other documents may be no Secrets
		documents := []string{redactKubernetes(first)}
		for document := range strings.SplitSeq(rest, separator) {
			documents = append(documents, redactKubernetes(document))
		}
		return strings.Join(documents, separator)
	}
	return each(s, "ata", redactData)
}

// hasSecret reports whether s has an object of the kind Secret.
func hasSecret(s string) bool {
	for part := range strings.SplitSeq(s, "kind") {
		value := strings.TrimLeft(part, `\"': `)
		if rest, ok := strings.CutPrefix(value, "Secret"); ok && len(value) < len(part) && (rest == "" || !isWord(rest[0])) {
			return true
		}
	}
	return false
}

// redactData masks the values behind the data or stringData whose end is at i. It returns
// where to continue.
func redactData(e *edit, i int) int {
	s, end := e.src, i+len("ata")
	word, begin := wordBefore(s, max(0, i-len("stringDa")), end)
	i = skipQuotes(s, end)
	if word != "data" && word != "stringData" || i == len(s) || s[i] != ':' {
		return end
	}
	switch from := skipSpaces(s, i+1); {
	case strings.HasPrefix(s[from:], "\n"):
		return redactBelow(e, begin, from+1)
	case strings.HasPrefix(s[from:], "{"), strings.HasPrefix(s[from:], "map["):
		return redactObject(e, from)
	}
	return end
}

// redactBelow masks the values of the lines from i on that are indented more than the
// key at begin. It returns where to continue.
func redactBelow(e *edit, begin, i int) int {
	s := e.src
	line := strings.LastIndexByte(s[:begin], '\n') + 1
	for i < len(s) {
		key, end := i, lineEnd(s, i)
		for key < end && s[key] == ' ' {
			key++
		}
		if key-i <= begin-line {
			break
		}
		if n := strings.Index(s[key:end], ": "); n >= 0 {
			e.mask(key+n+len(": "), end)
		}
		i = end + 1
	}
	return min(i, len(s))
}

// redactObject masks the quoted values in the object that begins at i, in JSON or as Go
// prints a map, and returns where it ends.
func redactObject(e *edit, i int) int {
	s := e.src
	for ; i < len(s) && s[i] != '}' && s[i] != ']'; i++ {
		if !isQuote(s[i]) {
			continue
		}
		begin := i
		for s[begin-1] == '\\' {
			begin--
		}
		slashes := i - begin
		to := quoteEnd(s, i+1, s[i], slashes)
		if strings.HasSuffix(strings.TrimRight(s[:begin], " "), ":") {
			e.mask(i+1, to)
		}
		i = to + slashes
	}
	return min(i, len(s))
}
