// Package redact masks secrets in texts, such as the messages of errors, before
// they are logged, stored or sent.
//
// [Text] recognizes secrets by their form: the key before a value, the place in a URL,
// the scheme of a credential, the first letters of a token. When in doubt, it masks.
// A [Redactor] also masks secrets that it is told, wherever they are.
package redact

import "github.com/failure-enrichers/enricher/internal/redact"

// Text returns text with what looks like a secret replaced by "***":
//
//   - passwords in URLs, such as postgres://user:***@host/db, and in data source
//     names, such as user:***@tcp(host)/db, whatever characters they have, also if
//     they end with a line break, as in a file
//   - tokens of 20 or more bytes in place of the user of an http or https URL, also with
//     a password, if they have letters and digits, and any in that of a nats URL
//     without one
//   - values of keys that are or end in password, token, secret, api_key and the
//     like, in query strings, JSON, XML, YAML, SQL, log lines, key=value lists and
//     command lines, with or without quotation marks, also if they are encoded once
//     more, as in token%3D***, and if name and value are apart, as in
//     {Name:DB_PASSWORD Value:***} and {"password":{"value":"***"}}
//   - a value alone on the line after such a key, if it has letters and digits, or if
//     the key begins its line and the value is indented more; and a block in YAML, as
//     after password: |
//   - passwords of well-known commands, such as curl -u user:***, mysql -p*** and
//     rabbitmqctl add_user bob ***, and what a command sets a secret key to, as in
//     aws configure set aws_secret_access_key ***
//   - values of secret columns, as in INSERT INTO u (name, password) VALUES ('bob', '***'),
//     and the data of a Secret of Kubernetes in YAML or JSON, whatever its keys are
//   - the arguments that are passwords in the calls of a trace or a program, such as
//     setPassword('***') and PDO->__construct('dsn', 'user', '***')
//   - the words after Bearer and Basic, and the values of Authorization and Cookie
//     headers, whatever their scheme
//   - tokens and hashes of passwords that are known by how they begin, such as
//     ghp_***, JSON Web Tokens, the secret after the ID of a key of AWS, and what
//     follows in the URLs of webhooks
//   - private keys in PEM form, and the numbers of payment cards with their check digit
//
// After a colon and a space, two words that have only letters are taken for a sentence,
// not for a password: "cannot fetch token: permission denied". What stands for a value,
// such as ${PASSWORD}, <nil>, xxxxx and [REDACTED], stays as it is. So do a file or an
// ARN under a key such as private_key, a routing key that is a name, and a number of up
// to four digits under a token, or under passwords, which says how many. A password is
// not found if it is in a sentence without its key, if it has white space and no
// quotation marks in a list whose pairs white space separates, if it has white space or
// a slash in user:password@host or a quotation mark in user/password@host:port, or if it
// has a line break that does not end it. Nor is a value found that the program of its
// form would not take as it is, such as one that begins with a hyphen after a flag, or
// has a < in XML. A value of at least 8 letters and digits that is masked is also masked
// where it stands elsewhere in the text.
//
// Redacting a redacted text does not change it. A text that is valid UTF-8 stays so.
// The result has at most three times the bytes of text, and the time is proportional
// to the length of text.
func Text(text string) string { return redact.Text(text) }

// Map returns a copy of m, such as labels or attributes, with each key and value as
// [Text] returns it. A value under the key of a secret, such as "password", is replaced
// by "***" as a whole, unless it is empty, or a file, an ARN or a routing key as above. A
// value under a key such as "otp" is masked if it would be in a text, as in otp=123456.
// The copy is never nil. If two keys become the same, the value of the one that is first
// in ascending order stays.
func Map(m map[string]string) map[string]string {
	if m == nil {
		return map[string]string{}
	}
	return redact.Map(m)
}

// A Redactor is for a service that knows its secrets: besides what [Text] masks, it
// masks given values wherever they are. Its zero value knows none and masks what Text
// does. A Redactor may be copied, and its methods may be called concurrently. It keeps
// the values in memory; printing it does not show them.
type Redactor struct{ known redact.Redactor }

// New returns a Redactor that masks each of values: as it is, percent-encoded, whichever
// characters are, and within JSON or Go strings, which may be quoted again. White space
// around a value is ignored. So is a value of fewer than 4 bytes, because it would be
// found in other words. It does not recognize other encodings, such as Base64.
func New(values ...string) Redactor { return Redactor{redact.New(values...)} }

// Text returns text as [Text] does, with the known values replaced by "***" too. Those
// that overlap are replaced together. If the known values are valid UTF-8, a text that
// is valid UTF-8 stays so. The time is proportional to the length of text and, at
// worst, the total length of the values.
func (r Redactor) Text(text string) string { return r.known.Text(text) }

// Found returns the values that [Text] masks in text, without those of fewer than 4 bytes
// and those that are also a word without digits elsewhere in it. In "invalid token: x", x
// is recognized as a secret by the words before it, which the error that is wrapped may
// not have: to show the errors of a chain one by one, mask them with
// New(Found(err.Error())...).
func Found(text string) []string { return redact.Found(text) }
