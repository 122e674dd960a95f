package evidence

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// A textForm is how a client writes a code into its text, which is all that fmt.Errorf with
// %v keeps of its error.
type textForm struct {
	marks []string // one of them occurs in the text
	form  *regexp.Regexp
	judge func(v *Verdict, found []string) // what form has found, and its groups
}

var textForms = []textForm{
	{[]string{"(SQLSTATE "}, regexp.MustCompile(`\(SQLSTATE ([0-9A-Z]{5})\)`), func(v *Verdict, found []string) { // pgx
		v.add(ofSQLState(found[1], ""))
	}},
	{[]string{"Error "}, regexp.MustCompile(`(?s)(?:^|: )Error (\d{4}) \(([0-9A-Z]{5})\): (.*)`), func(v *Verdict, found []string) { // go-sql-driver/mysql
		number, _ := strconv.ParseInt(found[1], 10, 64)
		v.ofMySQL(number, found[2], found[3])
	}},
	{[]string{"googleapi: "}, regexp.MustCompile(`googleapi: (?:got HTTP response code|Error) (\d{3})[^\n]*?(?:, ([A-Za-z]+))?(?:\n|$)`), func(v *Verdict, found []string) {
		v.word(found[2], found[2])
		v.add(ofStatusText(found[1]))
	}},
	{[]string{"response error StatusCode: "}, regexp.MustCompile(`response error StatusCode: (\d{3}), (?:RequestID: [^,]*, )?(?:HostID: [^,]*, )?(?:api error )?([A-Z][A-Za-z.]+): `), func(v *Verdict, found []string) { // AWS
		v.word(found[2], found[2])
		v.add(ofStatusText(found[1]))
	}},
	{[]string{"net::"}, regexp.MustCompile(`net::(ERR_[A-Z0-9_]+)`), func(v *Verdict, found []string) {
		e, _ := chromium.of(found[1])
		v.add(e)
	}},
	{[]string{"rpc error: code = "}, regexp.MustCompile(`(?s)(?:^|: )rpc error: code = (\w+) desc = (.*)`), func(v *Verdict, found []string) {
		v.add(ofGRPCName(found[1], found[2]))
	}},
	{[]string{" 4.", " 5.", "-4.", "-5.", `"4.`, `"5.`}, regexp.MustCompile(`(?:^|: )([45]\d\d)[ -]"?[45]\.\d{1,3}\.\d{1,3} `), func(v *Verdict, found []string) { // SMTP, RFC 3463
		status, _ := strconv.Atoi(found[1])
		v.add(ofReply(status))
	}},
}

// ofCodeInText finds a code of a client in a text.
func ofCodeInText(text string) Evidence {
	for _, f := range textForms {
		if !slices.ContainsFunc(f.marks, func(mark string) bool { return strings.Contains(text, mark) }) {
			continue
		}
		if found := f.form.FindStringSubmatch(text); found != nil {
			var v Verdict
			f.judge(&v, found)
			if v.Code.Fault != "" {
				return v.Code
			}
		}
	}
	return Evidence{}
}

// ofGRPCName judges a code as the text of an error of gRPC has it: "NotFound".
func ofGRPCName(name, message string) Evidence {
	for n, code := range grpcNames {
		if strings.EqualFold(strings.ReplaceAll(code, "_", ""), name) || name == "Canceled" && code == "CANCELLED" {
			return ofGRPC(uint64(n), message)
		}
	}
	return Evidence{}
}

// parts are the beginnings of texts of the standard library.
var parts = []textStart{
	{"invalid character '<' looking for beginning of value", Text, Dependency, Undecided}, // HTML
	{"invalid character '", Text, User, Terminal},
	{"json: cannot unmarshal ", Text, User, Terminal},
	{"json: unknown field ", Text, User, Terminal},
	{"strconv.", Text, User, Terminal},
	{"parsing time ", Text, User, Terminal},
	{"time: invalid duration ", Text, User, Terminal},
	{"time: unknown unit ", Text, User, Terminal},
	{"unsupported protocol scheme ", Text, User, Terminal},
	{"tls: failed to verify certificate", Text, Dependency, Terminal},
	{"x509: ", Text, Dependency, Terminal},
	{"remote error: tls: ", Text, Dependency, Undecided},
	{"http2: server sent GOAWAY ", Text, Dependency, Retryable},
	{"stream error: stream ID ", Text, Dependency, Retryable},
	{"runtime error: ", Text, System, Terminal},
	{"panic: runtime error: ", Text, System, Terminal},
	{"panic: ", Text, System, Undecided},
}
