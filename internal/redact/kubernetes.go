package redact

import "strings"

// redactKubernetes masks the data of a Secret of Kubernetes, in YAML and in JSON,
// whatever its keys are.
func redactKubernetes(s string) string {
	if !strings.Contains(s, "Secret") || // most texts
		!strings.Contains(s, "kind: Secret\n") && !strings.HasSuffix(s, "kind: Secret") &&
			!strings.Contains(s, `"kind":"Secret"`) && !strings.Contains(s, `"kind": "Secret"`) {
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
	e := edit{src: s}
	for i := 0; i < len(s); i++ {
		n := strings.Index(s[i:], "ata")
		if n < 0 {
			break
		}
		i += n
		word, begin := wordBefore(s, max(0, i-len("stringDa")), i+len("ata"))
		if word != "data" && word != "stringData" {
			continue
		}
		if rest := s[i+len("ata"):]; strings.HasPrefix(rest, ":\n") {
			i = redactBelow(&e, begin, i+len("ata:\n")) - 1
		} else if strings.HasPrefix(rest, `":`) {
			if from := skipSpaces(s, i+len(`ata":`)); from < len(s) && s[from] == '{' {
				i = redactObject(&e, from+1) - 1
			}
		}
	}
	return e.String()
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

// redactObject masks the texts that are values in the object in JSON that begins at i,
// and returns where it ends.
func redactObject(e *edit, i int) int {
	s := e.src
	for ; i < len(s) && s[i] != '}'; i++ {
		if s[i] != '"' {
			continue
		}
		to := quoteEnd(s, i+1, '"', 0)
		if before := strings.TrimRight(s[:i], " "); strings.HasSuffix(before, ":") {
			e.mask(i+1, to)
		}
		i = to
	}
	return min(i, len(s))
}
