package webhook

import (
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/failure-enrichers/enricher/enrichers/internal/file"
)

// A Secret is a value that is given as it is, or is read from the environment or
// from a file. Exactly one field is set; the zero value is no secret. In a
// configuration it is a string, which is its Value, or a map with one of the keys
// value, env and file.
//
// Env and File are read once, by [New]. White space around the value there is
// dropped; a file has at most 64 KiB. The Value never shows when a Secret is printed, logged or marshaled.
type Secret struct {
	Value string // the value itself
	Env   string // the name of an environment variable
	File  string // the path of a regular file; a relative one is relative to the working directory
}

const maxSecret = 64 << 10 // bytes of a file

// UnmarshalText sets Value to text and clears the other fields. The error is
// always nil.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret{Value: string(text)}
	return nil
}

// String returns "(hidden)", or "(none)" for the zero value.
func (s Secret) String() string {
	if s == (Secret{}) {
		return "(none)"
	}
	return hidden
}

// Format prints String, whatever the verb and the flags are.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText returns String. The error is always nil.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// secret returns the value of an option.
func (c *checker) secret(option string, s Secret) string {
	value, err := s.read()
	c.add(option, err)
	return value
}

// variable matches a variable, as other programs expand it.
var variable = regexp.MustCompile(`\$\{[A-Z_][A-Z0-9_]*\}`)

// read returns the value. The error does not have it, nor the name of a variable or
// file that may be a secret in the wrong place.
func (s Secret) read() (string, error) {
	given := slices.DeleteFunc([]string{s.Value, s.Env, s.File}, func(field string) bool { return field == "" })
	value := s.Value
	switch {
	case len(given) > 1:
		return "", errors.New("must have exactly one of value, env and file")
	case variable.MatchString(s.Value):
		return "", errors.New("must not have a variable such as ${NAME}")
	case s.Env != "":
		value = strings.TrimSpace(os.Getenv(s.Env))
	case s.File != "":
		text, err := file.Read(s.File, maxSecret)
		if dir, _ := os.Getwd(); err != nil && !filepath.IsAbs(s.File) {
			return "", fmt.Errorf("its file %s cannot be read, by a path relative to %s: %w", file.Place(s.File), dir, err)
		} else if err != nil {
			return "", fmt.Errorf("its file %s cannot be read: %w", file.Place(s.File), err)
		}
		value = strings.TrimSpace(string(text))
	}
	switch {
	case value != "" || s == (Secret{}):
	case s.File != "":
		return "", fmt.Errorf("its file %s is empty: write the value into it", file.Place(s.File))
	default:
		return "", fmt.Errorf("its environment variable %s is missing or empty: set it", file.Name(s.Env))
	}
	return value, nil
}

// hidden stands for a secret.
const hidden = file.Hidden

// Shorter texts are not masked: to hide every "1" in an error because of a header
// "X-Version: 1" would hide the error.
const (
	minMasked = 4 // bytes of a secret
	minPart   = 6 // bytes of a part of one
)

// A mask hides secrets in answers and errors: each as a whole, and the words in it,
// as an answer may quote a part of a path or escape the characters between.
type mask struct {
	secrets  []string // the longest first
	replacer *strings.Replacer
}

func newMask(secrets []string) *mask {
	m := &mask{}
	for _, secret := range secrets {
		if len(secret) >= minMasked {
			m.secrets = append(m.secrets, secret)
		}
		for part := range strings.FieldsFuncSeq(secret, isSeparator) {
			if len(part) >= minPart {
				m.secrets = append(m.secrets, part)
			}
		}
	}
	// The replacer takes the first that fits.
	slices.SortFunc(m.secrets, func(a, b string) int { return len(b) - len(a) })
	var pairs []string
	for _, s := range m.secrets {
		pairs = append(pairs, s, hidden)
	}
	m.replacer = strings.NewReplacer(pairs...)
	return m
}

// hide returns s without secrets, and without the beginning of one at its end: third
// parties cut texts. If it is known that s was cut, one character is enough for that.
func (m *mask) hide(s string, cut bool) string {
	s = m.replacer.Replace(s)
	longest := minMasked - 2
	if cut {
		longest = 0
	}
	least := longest
	for _, secret := range m.secrets {
		for n := min(len(secret), len(s)); n > longest; n-- {
			if strings.HasSuffix(s, secret[:n]) {
				longest = n
			}
		}
	}
	if longest == least {
		return s
	}
	return s[:len(s)-longest] + hidden
}

func isSeparator(r rune) bool {
	return r != '-' && r != '_' && !unicode.IsLetter(r) && !unicode.IsDigit(r)
}

// secretsOf returns what may be secret in a URL, which may be nil.
func secretsOf(u *url.URL) []string {
	if u == nil {
		return nil
	}
	password, _ := u.User.Password()
	secrets := []string{u.User.Username(), password, u.Path, u.EscapedPath(), u.RawQuery}
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	return secrets
}
