package evidence

import (
	"cmp"
	"net/http"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/output"
)

// maxProse bounds how many bytes of a text are read as prose.
const maxProse = 1 << 10

// read judges what err says in its text, if it has told nothing else: services write the
// status that they were answered, such as "unexpected status code: 503", and fmt.Errorf
// with %v keeps no more than the text of an error. Such evidence is a guess. Of a text
// around another error, which is inner, only the whole text of a client and a status of
// its own count, unless it has what a command wrote.
func (v *Verdict) read(k *kind, err, inner error, joined []error) {
	if v.told {
		return
	}
	defer func() { _ = recover() }()
	ended := inner
	if k.message { // which joins no more than its %w
		if i := slices.IndexFunc(joined, isExit); i >= 0 {
			ended = joined[i]
		}
	}
	switch {
	case isExit(ended) && !k.wrote:
		text := strings.TrimSuffix(err.Error(), ": "+ended.Error())
		v.add(ofOutput(inspect.StringOr(err, text, "Stderr")))
	case len(joined) > 0:
	case inner == nil, k.wrote:
		e := ofProse(proseOf(err), reflect.TypeOf(err) == errorString)
		if e.Fault == "" && e.Retry == "" {
			e = cmp.Or(ofOutput(inspect.StringOr(err, "", "Stderr")), e)
		}
		if e.Kind != ExitStatus || e.Code != v.Code.Code { // which the text repeats
			v.add(e)
		}
	case k.message:
		text := proseOf(err)
		if e, ok := texts()[text]; ok { // "ssh: handshake failed: EOF"
			e.Weight = Text
			v.add(e)
		} else if e, at := ofSentence(text); e.Code != "" {
			quoted := inner.Error()
			if start := strings.Index(text, quoted); start >= 0 && (at < start || at >= start+len(quoted)) {
				v.add(e)
			}
		}
	}
}

// isExit reports whether err says how a command ended, here or on a server of SSH. The text of
// an error around it mostly has what the command wrote.
func isExit(err error) bool {
	switch err.(type) {
	case *exec.ExitError, interface{ ExitStatus() int }:
		return true
	}
	return false
}

// ofOutput judges the last lines of what a command wrote, or of a text that ends in it.
func ofOutput(written string) Evidence {
	if written == "" {
		return Evidence{}
	}
	lines := output.Telling(written, maxParts)
	e := ofProse(withoutValues(lines[max(0, len(lines)-maxProse):]), false)
	if e.Fault == "" {
		return Evidence{}
	}
	return e
}

// proseOf returns the beginning of the text of err, without values.
func proseOf(err error) string {
	text := err.Error()
	return withoutValues(text[:min(len(text), maxProse)])
}

// ofProse judges the text of an error that wraps nothing, or what a command wrote. If read,
// ofMessage has found nothing in it.
func ofProse(text string, read bool) Evidence {
	e := firstOf(text, read)
	if e.Retry == Terminal && e.Kind == HTTPStatus && has(text, passing) {
		e.Retry = Undecided
	}
	return e
}

// firstOf returns the first evidence in a text.
func firstOf(text string, read bool) Evidence {
	if e := ofCodeInText(text); e.Code != "" {
		e.Weight = Text
		return e
	}
	e, _ := ofSentence(text)
	if e.Fault != "" {
		return e
	}
	if !read {
		if found := ofMessage(text); found != (Evidence{}) {
			found.Weight = min(found.Weight, Text)
			return found
		}
	}
	if found := cmp.Or(ofStatusName(text), ofParts(text)); found != (Evidence{}) {
		return found
	}
	switch {
	case has(text, askingAgain):
		e = says(Text, Dependency, Retryable, "a text that asks for a later attempt")
	case strings.HasSuffix(text, " already exists"):
		e = says(Text, User, Undecided, "a text that ends in already exists")
	}
	return e
}

// aboutValue ends a text that is followed by a value in quotes, and aboutQuoted starts one
// that follows it: both say that the quoted text is a value, such as the input of a user,
// and no cause.
var (
	aboutValue  = regexp.MustCompile(`(?i)(^|[^a-z])(values?|parsing|input|argument|parameter|string|title|subject|comment)[ :=]{0,2}$`)
	aboutQuoted = regexp.MustCompile(`^ (is|are|was|must|may|should|can|cannot|has|does|contains|matches|exceeds|starts|ends|not|too) `)
)

// withoutValues returns text with blanks instead of several words in quotes that are a value.
// Its length is that of text.
func withoutValues(text string) string {
	var kept []byte
	for at := 0; ; {
		start := strings.IndexByte(text[at:], '"') + at + 1
		if start == at {
			break
		}
		end := start
		for end < len(text) && text[end] != '"' {
			if text[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(text) {
			break
		}
		at = end + 1
		if strings.IndexByte(text[start:end], ' ') < 0 || !aboutValue.MatchString(text[max(0, start-1-maxWords):start-1]) && !aboutQuoted.MatchString(text[at:]) {
			continue
		}
		if kept == nil {
			kept = []byte(text)
		}
		for i := start; i < end; i++ {
			kept[i] = ' '
		}
	}
	if kept == nil {
		return text
	}
	return string(kept)
}

// ofStatusName judges the name of a status, in any case: clients make errors of
// [http.StatusText]. A status is no code of such an error.
func ofStatusName(text string) Evidence { return statusNames()[strings.ToLower(text)] }

var statusNames = sync.OnceValue(func() map[string]Evidence {
	m := map[string]Evidence{}
	for status := 400; status < 600; status++ {
		if e := ofHTTP(status); http.StatusText(status) != "" {
			m[strings.ToLower(http.StatusText(status))] = says(Text, e.Fault, e.Retry, "the name of a status")
		}
	}
	return m
})

// ofSentence finds a number of text that is said to be a status of HTTP or of a command,
// and where it is: the first that tells who is at fault, or else the first.
func ofSentence(text string) (found Evidence, at int) {
	for i := 0; i < len(text); i++ {
		if !isDigit(text[i]) {
			continue
		}
		start := i
		for i < len(text) && isDigit(text[i]) {
			i++
		}
		if i-start > 3 || start > 0 && isJoined(text[start-1]) || i < len(text) && isJoined(text[i]) || isDecimal(text[i:]) {
			continue
		}
		n, _ := strconv.Atoi(text[start:i])
		before, e := text[max(0, start-maxWords):start], Evidence{}
		switch {
		case expects(before):
		case n >= 400 && (isNamed(n, text[i:]) || saysStatus(before) || endsClause(text[i:]) && saysAnswer(before)):
			e = ofHTTP(n)
		case n > 0 && n < 256 && strings.Contains(before, "xit") && exitWords.MatchString(before):
			e = OfExitStatus(n)
		}
		if e.Code == "" {
			continue
		}
		e.Weight = Text
		if e.Fault != "" {
			return e, start
		}
		if found.Code == "" {
			found, at = e, start
		}
	}
	return found, at
}

// maxWords bounds how many bytes before a number may say what it is.
const maxWords = 40

// statusWords, codeWord, exitWords, answerWords and expectWords end texts that are followed
// by a number.
var (
	statusWords = regexp.MustCompile(`(?i)(^|[^a-z])(https?(/[0-9.]+)? |` +
		`((https?[ _-]?)?(response[ _-]?)?status([ _-]?code)?|https?[ _-](error|response)?[ _-]?(code)?|response[ _-]code|returned[ _-]error|responded[ _-]with|non-[2o][x0k]{1,2} response)` +
		`["']?( is| was| of)?[ :=]{0,3}["'(\[]?)$`)
	codeWord  = regexp.MustCompile(`(^|\n|: )[Cc]ode(: |=)$|"code": ?$`) // of echo and Vault; in JSON
	exitWords = regexp.MustCompile(`(?i)(^|[^a-z])exit(ed)?( with)?( exit| non-zero)?[ _-]?(code|status)( is| was| of)?[ :=]{0,3}["'(\[]?$`)

	answerWords = regexp.MustCompile(`(?i)(/[^ ]*|(^|[^a-z])(api|server|endpoint|upstream|gateway|proxy|registry|webhook)) (returned|answered|responded)( with)? $`)
	expectWords = regexp.MustCompile(`(?i)(^|[^-a-z])(not (the |an? )?)?(want|wanted|expect|expected|expecting)( (an?|the|https?|response|exit|status|code))*[ :=]{1,2}$`)
)

// saysAnswer reports whether the text before a number, which ends its clause, says that it
// is what a server has answered with.
func saysAnswer(before string) bool {
	return strings.Contains(before, "ode") && codeWord.MatchString(before) || strings.Contains(before, "ed ") && answerWords.MatchString(before)
}

// endsClause reports whether what follows a number cannot say what the number counts.
func endsClause(after string) bool {
	return after == "" || strings.IndexByte(":;,.)}]\"'\r\n", after[0]) >= 0
}

// expects reports whether the text before a number says that it is a status that would
// have been right.
func expects(before string) bool {
	if !strings.Contains(before, "want") && !strings.Contains(before, "xpect") {
		return false
	}
	found := expectWords.FindStringSubmatch(before)
	return found != nil && found[2] == ""
}

// saysStatus reports whether the text before a number says that it is a status. Most
// texts have none of these words, and need no regular expression.
func saysStatus(before string) bool {
	lower := strings.ToLower(before)
	for _, word := range []string{"http", "status", "returned", "responded", "response"} {
		if strings.Contains(lower, word) {
			return statusWords.MatchString(before)
		}
	}
	return false
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

// isJoined reports whether a byte beside a number makes it a part of something else.
func isJoined(b byte) bool {
	return strings.IndexByte("_-/%#", b) >= 0 || b >= 0x80 || 'a' <= b|0x20 && b|0x20 <= 'z'
}

// isDecimal reports whether what follows a number are its decimals.
func isDecimal(after string) bool { return len(after) > 1 && after[0] == '.' && isDigit(after[1]) }

// isNamed reports whether what follows a status is its name, or the text that net/http
// answers with 404.
func isNamed(status int, after string) bool {
	name := http.StatusText(status)
	after = strings.TrimPrefix(strings.TrimPrefix(after, " "), "(")
	return name != "" && len(after) >= len(name) && strings.EqualFold(after[:len(name)], name) ||
		status == http.StatusNotFound && strings.HasPrefix(after, "page not found")
}
