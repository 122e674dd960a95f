// Package fingerprint is a failure enricher that gives failures of the same kind
// the same label, so that they can be counted, grouped and found again. Import it
// for its side effect, which is to register "fingerprint":
//
//	failure-enrichers: [fingerprint]
//	failure-enricher:
//	  fingerprint:
//	    message-length: 256
//
// # Options
//
//	no-message      true: do not set the label fingerprint_message; by default, false
//	message-length  bytes of it to keep, 16 to 4096; by default, and if it is 0, 256;
//	                more than 1024 needs limits.max-value-length as well
//
// # Labels
//
// Every failure has these labels:
//
//	fingerprint          16 hexadecimal digits, such as "1d69a935beedb4f4"
//	fingerprint_message  its text, normalized: "dial tcp <addr>: connect: connection refused"
//
// The message is for people. Secrets in it are masked, as [redact.Text] does it; the
// fingerprint is that of the text as it is. A message that is too long is cut and ends in "…"; that of
// an error without a text is empty. The enricher reads no labels.
//
// # What a fingerprint is made of
//
// This is version 1 of the algorithm. The fingerprint is the first 64 bits of the
// SHA-256 of these lines, in this order, separated by newlines:
//
//	fingerprint 1
//	type T        for each type in the chain of errors, from the outside in
//	code C        for each error that has one: its HTTP or gRPC status or SQLSTATE
//	message M     what the error prints, normalized
//	cause M       for each wrapped error that the message hides: the same of it
//	frame F       for each function in which it arose, if that is known
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
// Joined errors are described one by one, sorted, and equal ones are kept once. So
// the order of the arguments of [errors.Join], their number and the number of calls
// do not matter: a job with three tasks that fail alike has the fingerprint of one
// with seven. The message has them in the same order, with "; " between them. This
// applies to all errors with a method Unwrap() []error that print what they wrap
// with the same marks in between. An error of fmt.Errorf with several %w has the
// order of its format.
//
// A frame is the name of a function without a line, which changes with every
// release. A closure counts as the function around it. The frame of a panic is the
// function that panicked, that of any other error the top of the stack that it
// carries, as those of github.com/pkg/errors do. Each joined error has its own.
//
// Of one failure at most 10,000 errors, 100 deep, are looked at, of the message of
// one error 4 KiB, and of all messages together 256 KiB. Beyond that, order counts.
//
// # What is replaced
//
// [Normalize] replaces what varies from one occurrence to the next:
//
//	<num>    17  -5  1,234.5  3.2e-7  1.2.3  4th; the digits of step-17 and worker3
//	<hex>    0x7ffd1234; words of 8 or more hexadecimal digits with a letter and a digit: 9f86d081
//	<uuid>   123e4567-e89b-12d3-a456-426614174000
//	<id>     words in which letters and digits take turns four times: x2x9k; long base64
//	<time>   2006-01-02  2006/01/02 15:04:05.000  2006-01-02T15:04:05Z  15:04:05
//	         20060102T150405Z  Jan 2, 2006  Mon, 02 Jan 2006 15:04:05 GMT
//	<dur>    250ms  1h2m3.5s  7d
//	<size>   10MiB  512B  1.5G
//	<addr>   10.1.2.3  10.1.2.3:80  10.0.0.0/8  fe80::1%eth0  [::1]:80  00:1a:2b:3c:4d:5e
//	<path>   /var/lib/x  ./x  ~/x  src/main.go:12:5  C:\x  \\server\x; not "and/or"
//	<email>  alice@example.com
//	<str>    "text"  'text'  `text`  “text”  „text“  ‘text’  «text»  「text」
//
// A list of equal placeholders becomes one, because lists differ in length: [1 2 3]
// is [<num>]. White space and control characters become one space, and bytes that
// are not UTF-8 become U+FFFD. Digits and letters of all scripts count. Upper and
// lower case differ.
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
//	code status exit exited errno signal http sqlstate rc ora error
//	errcode errorcode exitcode retcode returncode statuscode
//
// with at most a space, one of = : # ( [ - _ / and a space in between. Case does
// not matter, and of StatusCode or exit_code the last word counts: "exit status 3",
// "HTTP/1.1 503", "StatusCode: 404", "code=0xc0000005", "SQLSTATE 42P01",
// "ORA-00942", "Error 1045 (28000)". After error, a colon begins a sentence:
// "error: 17 rows".
//
// Digits are kept in versions such as v2 and in the names of formats, protocols and
// machines: ipv4, s3, ec2, x509, int64, utf8, sha256, base64, http2, amd64, 5xx, and
// some more.
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
// Text that varies in another way, such as a map printed in random order, changes
// the fingerprint.
package fingerprint
