package file

import (
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
)

// Hidden stands in messages for what may be a secret in the wrong place.
const Hidden = "(hidden)"

const (
	// A word is one of a name: letters in one case, or with a capital at the beginning;
	// at most two digits, also behind capitals; or a short one such as s3, K8S or x509.
	// Tokens and good passwords are not made of such words.
	word = `(?:[A-Z]?[a-z]{1,23}|[A-Z]{1,24}[0-9]{0,2}|[0-9]{1,2}|(?:[a-z]{1,2}|[A-Z]{1,2})[0-9]{1,3}[A-Za-z]?)`

	maxName = 64 // bytes
)

var (
	words = regexp.MustCompile(`^[._/\\]*` + word + `(?:[ ._/\\-]+` + word + `)*[/\\]?$`)

	// An absolute path, or a path with an extension. Tokens hardly ever have these, or
	// they have other characters as well.
	path = regexp.MustCompile(`^(?:(?:[A-Za-z]:)?[/\\][\w ./\\-]*|[\w ./\\-]*\.[A-Za-z]{1,5})$`)
)

// isName reports whether s looks like a name that people give, and not like a secret.
func isName(s string) bool { return len(s) <= maxName && words.MatchString(s) }

// Name returns the name of a variable, for messages, or [Hidden] if it does not look
// like a name.
func Name(name string) string {
	if !isName(name) {
		return Hidden
	}
	return name
}

// Quote returns a short value in quotation marks, for messages, or [Hidden] if it does
// not look like a name.
func Quote(value string) string {
	if value != "" && !isName(value) {
		return Hidden
	}
	return strconv.Quote(value)
}

// Place returns the absolute path, for messages. It hides what does not look like a
// path.
func Place(given string) string {
	hide := strings.Contains(given, "//") || !path.MatchString(given) && !isName(given)
	if hide && filepath.IsAbs(given) {
		return Hidden
	}
	if hide { // the absolute path may not have given as it is: it is clean
		given = Hidden
	}
	absolute, err := filepath.Abs(given)
	if err != nil {
		return "(unknown)"
	}
	return absolute
}
