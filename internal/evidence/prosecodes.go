package evidence

import (
	"cmp"
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
	{[]string{"Error ", "ERROR "}, regexp.MustCompile(`(?s)(?:^|: |\n)(?:Error|ERROR) (\d{4})(?: \(([0-9A-Z]{5})\))?(?: at line \d+)?: (.*)`), func(v *Verdict, found []string) { // go-sql-driver/mysql, mysql
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
	{[]string{"request id: "}, regexp.MustCompile(`(?s)(?:^|: )([A-Z][A-Za-z.]+): .*status code: (\d{3}), request id: `), func(v *Verdict, found []string) { // AWS, version 1
		v.word(found[1], found[1])
		v.add(ofStatusText(found[2]))
	}},
	{[]string{"An error occurred ("}, regexp.MustCompile(`An error occurred \(([A-Za-z0-9.]+)\) when calling the `), func(v *Verdict, found []string) { // AWS, of Python
		v.word(found[1], found[1])
		v.add(ofStatusText(found[1]))
	}},
	{[]string{"HTTPError"}, regexp.MustCompile(`HTTPError:? (\d{3})[: ]`), func(v *Verdict, found []string) { // requests, gcloud
		v.add(ofStatusText(found[1]))
	}},
	{[]string{"GET http", "POST http", "PUT http", "PATCH http", "DELETE http"}, regexp.MustCompile(`(?:GET|POST|PUT|PATCH|DELETE) https?://[^ ]+: (\d{3}) `), func(v *Verdict, found []string) { // go-github, godo
		v.add(ofStatusText(found[1]))
	}},
	{[]string{"oauth2: "}, regexp.MustCompile(`oauth2: (?:"([a-z_]+)"|cannot fetch token: (\d{3}))`), func(v *Verdict, found []string) {
		v.word(found[1], found[1])
		if found[2] == "400" { // mostly a token that is not accepted any more
			v.add(Evidence{Weight: Specific, Fault: Dependency, Retry: Terminal, Kind: HTTPStatus, Code: found[2]})
		}
		v.add(ofStatusText(found[2]))
	}},
	{[]string{"Exception: "}, regexp.MustCompile(`(?:^|: )([A-Z][A-Za-z]+Exception): `), func(v *Verdict, found []string) { // AWS, in texts of others
		v.word(found[1], found[1])
	}},
	{[]string{"MQRC = "}, regexp.MustCompile(`MQRC = MQRC_\w+ \[(\d{4})\]`), func(v *Verdict, found []string) { // IBM MQ
		v.add(ibmMQ.answer(found[1]))
	}},
	{[]string{"ORA-"}, regexp.MustCompile(`(?:^|[ :])ORA-0*([1-9]\d*): `), func(v *Verdict, found []string) {
		v.add(oracle.answer(found[1]))
	}},
	{[]string{"Error from server ("}, regexp.MustCompile(`Error from server \(([A-Za-z]+)\): `), func(v *Verdict, found []string) { // kubectl
		v.add(kubernetesReasons.answer(found[1]))
	}},
	{[]string{"websocket: close "}, regexp.MustCompile(`websocket: close (\d{4})`), func(v *Verdict, found []string) { // gorilla/websocket
		v.add(websocket.answer(found[1]))
	}},
	{[]string{"Exception ("}, regexp.MustCompile(`Exception \((\d{3})\) Reason: `), func(v *Verdict, found []string) { // amqp091-go
		v.add(amqp.answer(found[1]))
	}},
	{[]string{"net::"}, regexp.MustCompile(`net::(ERR_[A-Z0-9_]+)`), func(v *Verdict, found []string) {
		e, _ := chromium.of(found[1])
		v.add(e)
	}},
	{[]string{"rpc error: code = "}, regexp.MustCompile(`(?s)(?:^|: )rpc error: code = (?:Code\((\d{3})\)|(\w+)) desc = (.*)`), func(v *Verdict, found []string) {
		v.add(cmp.Or(ofStatusText(found[1]), ofGRPCName(found[2], found[3])))
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

// parts are the beginnings of texts of the standard library, of the servers of databases
// (PostgreSQL, SQLite, MongoDB and Redis), and of programs.
var parts = []textStart{
	{"command not found: ", Text, System, Terminal}, // of zsh
	{"duplicate key value violates unique constraint ", Text, User, Terminal},
	{"null value in column ", Text, User, Terminal},
	{"invalid input syntax for type ", Text, User, Terminal},
	{"could not serialize access due to ", Text, Dependency, Retryable},
	{"deadlock detected (", Text, Dependency, Retryable},
	{"sorry, too many clients already", Text, Dependency, Retryable},
	{"remaining connection slots are reserved ", Text, Dependency, Retryable},
	{"the database system is ", Text, Dependency, Retryable},
	{"terminating connection due to ", Text, Dependency, Retryable},
	{"canceling statement due to statement timeout", Text, Dependency, Undecided},
	{"canceling statement due to lock timeout", Text, Dependency, Retryable},
	{"canceling statement due to conflict with recovery", Text, Dependency, Retryable},
	{"password authentication failed for user ", Text, Dependency, Terminal},
	{"UNIQUE constraint failed: ", Text, User, Terminal},
	{"NOT NULL constraint failed: ", Text, User, Terminal},
	{"FOREIGN KEY constraint failed", Text, User, Terminal},
	{"database is locked", Text, Dependency, Retryable},
	{"E11000 duplicate key error ", Text, User, Terminal},
	{"WRONGTYPE Operation against a key ", Text, User, Terminal},
	{"READONLY You can't write against a read only ", Text, Dependency, Retryable},
	{"LOADING Redis is loading the dataset ", Text, Dependency, Retryable},
	{"CLUSTERDOWN ", Text, Dependency, Retryable},
	{"NOAUTH Authentication required", Text, Dependency, Terminal},
	{"WRONGPASS ", Text, Dependency, Terminal},
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
	{"panic occurred: ", Text, System, Undecided}, // watermill
	// What programs and job managers print: kubelet, kubectl, docker, OpenSSH, git, rsync, wget, AWS, psql, Java, Node.js,
	// the dynamic linker, terraform, helm, DuckDB, restic, Temporal, libvirt, and those that wait.
	{"The connection to the server ", Text, Dependency, Retryable},
	{"You must be logged in to the server ", Text, Dependency, Terminal},
	{"pull access denied for ", Text, Dependency, Terminal},
	{"toomanyrequests: ", Text, Dependency, Retryable},
	{"Connection closed by ", Text, Dependency, Retryable},
	{"Could not resolve host: ", Text, Dependency, Retryable},
	{"the remote end hung up unexpectedly", Text, Dependency, Retryable},
	{"Repository not found", Text, Dependency, Terminal},
	{"connection unexpectedly closed ", Text, Dependency, Retryable},
	{"unable to resolve host address ", Text, Dependency, Retryable},
	{"Unable to locate credentials", Text, Dependency, Terminal},
	{"Could not connect to the endpoint URL: ", Text, Dependency, Retryable},
	{"server closed the connection unexpectedly", Text, Dependency, Retryable},
	{"no pg_hba.conf entry for host ", Text, Dependency, Terminal},
	{"PKIX path building failed", Text, Dependency, Terminal},
	{"error while loading shared libraries: ", Text, System, Terminal},
	{"Cannot find module '", Text, System, Terminal},
	{"Error acquiring the state lock", Text, Dependency, Retryable},
	{"another operation (install/upgrade/rollback) is in progress", Text, Dependency, Retryable},
	{"The node was low on resource: ", Text, System, Retryable},
	{"Permission denied (publickey", Text, Dependency, Terminal},
	{"Authentication failed for ", Text, Dependency, Terminal},
	{"could not read Username for ", Text, Dependency, Terminal},
	{"could not read Password for ", Text, Dependency, Terminal},
	{"Could not set lock on file ", Text, Dependency, Retryable},
	{"repository is already locked ", Text, Dependency, Retryable},
	{"unable to find activityType=", Text, System, Undecided},
	{"Timed out during operation", Text, Dependency, Retryable},
	{"timed out: ", Text, Dependency, Retryable},
	{"timed out waiting for ", Text, Dependency, Retryable},
	{"timed out while waiting for ", Text, Dependency, Retryable},
	{"timeout while waiting for ", Text, Dependency, Retryable},
	{"timeout waiting for ", Text, Dependency, Retryable},
	{"timeout expired waiting for ", Text, Dependency, Retryable},
}
