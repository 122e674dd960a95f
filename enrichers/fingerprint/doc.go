// Package fingerprint is a failure enricher that gives failures of the same kind
// the same label, so that they can be counted, grouped and found again. Import it
// for its side effect, which is to register "fingerprint":
//
//	failure-enrichers: [fingerprint]
//	failure-enricher:
//	  fingerprint:
//	    message-length: 256
//	    rules:
//	      - match: {message: "(?i)quota exceeded", job: "import-*"}
//	        key: import-quota
//	      - match: {labels: [{key: team, value: billing}]}
//	        key: "{{default}} {{job}}"
//
// # Options
//
//	no-message      true: do not set the label fingerprint_message; by default, false
//	message-length  bytes of it to keep, 16 to 4096; by default, and if it is 0, 256;
//	                more than 1024 needs limits.max-value-length as well
//	rules           fingerprints for chosen failures; by default, none
//
// A rule has match, which may have type, message, job, task and labels, and key. The
// first rule whose conditions are all met counts. Failures with the same key have the
// same fingerprint. See [Rule] and [Match]. Rules have no effect on [Of].
//
// # Labels
//
// Every failure has these labels:
//
//	fingerprint          16 hexadecimal digits, such as "f08f46a3d6050491"
//	fingerprint_message  its text, normalized: "dial tcp <addr>: connect: connection refused"
//
// The message is for people. Secrets in it are masked before it is normalized, as
// [redact.Text] does it; the fingerprint is that of the text as it is. A message that
// is too long is cut and ends in "…"; that of an error without a text is empty. The
// enricher reads no labels, unless a rule does.
//
// # What a fingerprint is made of
//
// This is version 2 of the algorithm. The fingerprint is the first 64 bits of the
// SHA-256 of these lines, in this order, separated by newlines:
//
//	fingerprint 2
//	type T        for each type in the chain of errors, from the outside in
//	code C        for each error that has one: its HTTP or gRPC status or SQLSTATE
//	field F       for each error that says in a field what failed
//	message M     what the error prints, normalized
//	cause M       for each wrapped error that the message hides: the same of it
//	frame F       for each function in which it arose, if that is known
//
// If a rule matches, it is that of the two lines "fingerprint 2" and "rule K", where K
// is the key, unless the key is {{default}} alone.
//
// Types have the names of error.type in OpenTelemetry for Go: "*fs.PathError",
// "syscall.Errno". Only exported ones count. The others change with the versions of
// their packages, or only add a text, labels or a stack to what they wrap:
// *fmt.wrapError, *errors.errorString, *errors.withStack. So wrapping an error in
// labels has no effect, and wrapping it with fmt.Errorf has the effect of the text
// that this adds. If the message has no words, all types count.
//
// Codes are those of the enricher "error" that methods and fields report, whatever
// the text: StatusCode, SQLState, GRPCStatus. Other codes are words of texts, such
// as "connection refused".
//
// Fields are of type string and called ConstraintName, TableName or ColumnName, or the
// same without Name, as in the errors of Postgres drivers, and the Name of an
// [exec.Error]. The fields Path, Old, New, Filename and FileName, as in
// [fs.PathError], say which part of the text is a path, even if it has spaces.
//
// Joined errors are described one by one, sorted, and equal ones are kept once. So
// the order of the arguments of [errors.Join], their number and the number of calls
// do not matter: a job with three tasks that fail alike has the fingerprint of one
// with seven. The message has them in the same order, with "; " between them. This
// applies to all errors for which [enricher.Chain] follows several, and that print them
// with the same marks in between. An error of fmt.Errorf with several %w has the
// order of its format.
//
// A frame is the name of a function without a line, which changes with every
// release. A closure counts as the function around it. The frame of a panic is the
// function that panicked, that of any other error the top of the stack that it
// carries, as those of github.com/pkg/errors do. Each joined error has its own.
//
// Of one failure at most 10,000 errors, 100 deep, are looked at, of the message of
// one error 4 KiB and its last line, and of all messages together 256 KiB. Beyond
// that, order counts. In place of a last line that is in the middle of a trace, the
// last line that begins with "Caused by: " counts.
//
// # What is replaced
//
// [Normalize] replaces what varies from one occurrence to the next:
//
//	<num>    numbers: 17  -5  1,234.5  3.2e-7  1.2.3-rc.1  4th  0x7ffd1234; the digits of step-17
//	         with their units: 250ms  1h2m3.5s  PT1M30S  9 minutes  10MiB  118.1mb  5 MB
//	         random identifiers: 9f86d081  a93c7d2  cus_NffrFeUfNV2Hib  V1StGXR8_Z5jdHi6B-myT
//	         names of pods and nodes: payments-7d4b9c6f5-x2x9k is payments-<num>-<num>
//	<uuid>   123e4567-e89b-12d3-a456-426614174000
//	<time>   2006-01-02  2006/01/02 15:04:05.000  2006-01-02T15:04:05Z  15:04:05  9:08 PM
//	         20060102T150405Z  Jan 2, 2006  Mon, 02 Jan 2006 15:04:05 GMT  31.12.2006
//	         31 décembre 2006  May 2006  with the names of zones
//	<addr>   10.1.2.3  10.1.2.3:80  10.0.0.0/8  fe80::1%eth0  [::1]:80  00:1a:2b:3c:4d:5e
//	<path>   /var/lib/x  ./x  ~/x  src/main.go:12:5  C:\x  \\server\x; not "and/or"
//	<email>  alice@example.com
//	<str>    a quoted value: "text"  'text'  `text`  “text”  „text“  »text«  «text»  「text」
//
// Numbers, quantities and identifiers have one placeholder, because one field may have
// digits only, or a letter by chance. An identifier is random by its form: hexadecimal
// with at least seven digits; letters and digits that take turns four times; from eight
// characters on, letters that are unlikely in words, by a table of three in a row. Hyphens
// and underscores may be in it if it has letters of both cases, or up to 12 characters
// with a digit. A number from 2 to 6 belongs to a name: psycopg2 is psycopg<num>.
//
// A quoted text is not always a value. With its marks, and its parts normalized, stays
//   - an error or several words: desc = "transport: handshake failed"
//   - what follows a word such as error, msg, desc, reason or code and = or :, also in
//     JSON, and the keys of JSON
//   - the name of what failed, which follows a word such as constraint, table, column,
//     index, module, program, host, topic, queue, configmap or type, in English and
//     some other languages, or is before one: the "path" argument; or stands alone
//     between colons: exec: "pg_dump": not found; or is missing, required or undefined
//   - a constant, 'MQRC_NOT_AUTHORIZED', and a name such as "orders_pkey"
//   - a URL
//
// What follows a word such as value, input or user is a value. The values of SQL after
// VALUES and after "Key (a, b)=" are one <str>.
//
// A list of equal placeholders, items or sentences becomes one, because lists differ in
// length: [1 2 3] is [<num>], and (a 1), (a 2) is (a <num>). White space and control characters
// become one space, the colours of terminals are removed, and bytes that are not UTF-8
// become U+FFFD. Digits and letters of all scripts count. Upper and lower case differ.
//
// A URL, in quotation marks or not, keeps its scheme and its host:
// https://bob:secret@api-3.example.com:8443/users/17?x=1 is
// https://api-<num>.example.com:<num>/<path>. The name of a host without a scheme
// is kept as well, and its port is a number.
//
// Numbers that are codes are kept, because they distinguish failures: 404 and 503
// are not the same. A code has up to five digits and perhaps a sign, up to
// six digits and capitals, or 0x and up to eight digits, and it follows one of the
// words
//
//	status exit exited errno signal http sqlstate sqlerrmc hresult rc ora error
//
// and some more, or one that ends in code, with at most a space, one of
// = : # ( [ - _ / and a space in between. Case does not matter, and of StatusCode or
// exit_code the last word counts: "exit status 3", "HTTP/1.1 503", "StatusCode: 404",
// "code=0xc0000005", "SQLSTATE 42P01", "ORA-00942", "Error 1045 (28000)",
// "CURLcode 28". After error, a colon begins a sentence: "error: 17 rows". Kept are
// also an HTTP status before its phrase, "502 Bad Gateway", or after a word such as
// returned; a reply such as "530 Login incorrect"; an HRESULT, also in decimal digits;
// "exit value 3", "exited with 137", "a status of 404", "websocket: close 4004", "alert
// 40" of TLS, "curl: (28)", and "data 52e" of Active Directory.
//
// Digits are kept in versions such as v2 and in the names of formats, protocols and
// machines: ipv4, s3, ec2, x509, int64, utf8, sha256, base64, http2, amd64, 5xx, and
// some more.
//
// How often that is right is measured in docs/judgments.md.
//
// # What is guaranteed
//
// An error has the same fingerprint in every process, on every machine and in
// every release of this package with the same [Version]. A change of the algorithm
// is a new Version, and is announced. Names of types and functions, and texts, are
// as stable as the packages that they come from.
//
// The probability that any two of a million different failures have the same
// fingerprint is about 1 in 40 million. SHA-256 makes it hard to choose the text of
// an error such that it has the fingerprint of another one.
//
// Text that varies in another way, such as a map printed in random order, the name of
// a person without quotation marks, or values in an enumeration of any order, changes
// the fingerprint.
package fingerprint
