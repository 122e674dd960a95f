package fingerprint

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
)

// Version is the version of the algorithm. An error has the same fingerprint in
// every release of this package that has the same Version.
const Version = 2

// Of returns the fingerprint of err: 16 hexadecimal digits that are the same for
// failures of the same kind. It does not panic, whatever err is; that of nil is "".
func Of(err error) string {
	if err == nil {
		return ""
	}
	r := read(err)
	defer r.release()
	d := describe(r.root)
	return d.key()
}

// Normalize returns text with what varies between two occurrences of one failure
// replaced by placeholders; the package documentation has the table. Every run of
// white space and control characters is one space, and the ends are trimmed.
//
// text may be anything. The result is valid UTF-8 without control characters and
// has at most six times the bytes of text. The time is proportional to the
// length of text. Normalizing a normalized text changes nothing, rare texts aside.
func Normalize(text string) string { return normalize.Text(text) }

// A description is what a fingerprint is made of.
type description struct {
	message string   // normalized
	types   []string // from the outside in
	codes   []string // HTTP and gRPC status and SQLSTATE, from the outside in
	fields  []string // what failed, by the fields of errors: "constraint orders_pkey"
	causes  []string // normalized messages of wrapped errors that message does not have
	frames  []string // the functions where it arose
	joined  bool     // there are joined errors in it
}

// key returns the fingerprint: the first 64 bits of the SHA-256 of the
// description. A plain hash such as FNV-1a would do against chance, but an author
// of error texts could make two failures collide on purpose.
func (d *description) key() string {
	var space [1024]byte
	return digest(d.appendTo(space[:0]))
}

// digest returns the first 64 bits of the SHA-256 of lines.
func digest(lines []byte) string {
	sum := sha256.Sum256(lines)
	var key [16]byte
	hex.Encode(key[:], sum[:len(key)/2])
	return string(key[:])
}

// appendTo appends the description to b, a line for each part. No part has a
// newline in it. This is the algorithm: a change here, in what a description has
// or in what Normalize replaces is a new Version.
func (d *description) appendTo(b []byte) []byte {
	b = append(b, "fingerprint "...)
	b = strconv.AppendInt(b, Version, 10)
	b = appendLines(b, "type ", d.types)
	b = appendLines(b, "code ", d.codes)
	b = appendLines(b, "field ", d.fields)
	b = append(b, "\nmessage "...)
	b = append(b, d.message...)
	b = appendLines(b, "cause ", d.causes)
	return appendLines(b, "frame ", d.frames)
}

func appendLines(b []byte, what string, lines []string) []byte {
	for _, line := range lines {
		b = append(b, '\n')
		b = append(b, what...)
		b = append(b, line...)
	}
	return b
}

// compare orders descriptions, so that it does not matter in which order errors
// were joined. Equal ones are the same failure.
func compare(a, b *description) int {
	return cmp.Or(
		strings.Compare(a.message, b.message),
		slices.Compare(a.types, b.types),
		slices.Compare(a.codes, b.codes),
		slices.Compare(a.fields, b.fields),
		slices.Compare(a.causes, b.causes),
		slices.Compare(a.frames, b.frames),
	)
}
