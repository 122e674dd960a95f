package webhook

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// A Secret is a value that may be given as it is, or be found in the environment
// or in a file. At most one field is set; the zero value is no secret. In a
// configuration it is a string, which is its Value, or a map with one of the
// keys value, env and file.
//
// Env and File are read once, by [New]. White space around what is there is
// dropped.
//
// However a Secret is printed, logged or marshaled, its Value does not show.
type Secret struct {
	Value string // the value itself
	Env   string // the name of an environment variable
	File  string // the path of a file of at most 64 KiB
}

const maxSecretFile = 64 << 10

// UnmarshalText sets Value to text and clears the other fields. The error is
// always nil.
func (s *Secret) UnmarshalText(text []byte) error {
	*s = Secret{Value: string(text)}
	return nil
}

// String says where the value comes from, but not what it is.
func (s Secret) String() string {
	switch {
	case s == Secret{}:
		return "(none)"
	case s.Value != "":
		return hidden
	case s.File != "":
		return "(hidden, from a file)"
	}
	return "(hidden, from the environment)"
}

// Format prints String, whatever the verb and the flags are.
func (s Secret) Format(f fmt.State, _ rune) { io.WriteString(f, s.String()) }

// MarshalText returns String. The error is always nil.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// find returns the value. The error does not have it, nor what may be a value
// in the wrong place.
func (s Secret) find() (string, error) {
	given := 0
	for _, field := range []string{s.Value, s.Env, s.File} {
		if field != "" {
			given++
		}
	}
	switch {
	case given > 1:
		return "", errors.New("want one of value, env and file")
	case s.Env != "":
		return s.fromEnv()
	case s.File != "":
		return s.fromFile()
	}
	return s.Value, nil
}

func (s Secret) fromEnv() (string, error) {
	if !isVariable(s.Env) {
		return "", errors.New("want the name of an environment variable: letters, digits and '_'")
	}
	value := strings.TrimSpace(os.Getenv(s.Env))
	if value == "" {
		return "", fmt.Errorf("the environment variable %q is not set, or empty", s.Env)
	}
	return value, nil
}

func isVariable(name string) bool {
	return !strings.ContainsFunc(name, func(r rune) bool {
		return r != '_' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	})
}

func (s Secret) fromFile() (string, error) {
	f, err := os.Open(s.File)
	if pe, ok := errors.AsType[*fs.PathError](err); ok && !filepath.IsAbs(s.File) {
		// Without the path: it may be the value, in the wrong place.
		return "", fmt.Errorf("the file cannot be opened (its path is not shown): %w", pe.Err)
	}
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxSecretFile+1))
	switch {
	case err != nil:
		return "", err
	case len(text) > maxSecretFile:
		return "", fmt.Errorf("the file %q has more than %d bytes", s.File, maxSecretFile)
	}
	value := strings.TrimSpace(string(text))
	if value == "" {
		return "", fmt.Errorf("the file %q is empty", s.File)
	}
	return value, nil
}

// hidden stands for a secret.
const hidden = "(hidden)"

// minMasked is the length of the shortest text that is masked: to hide every "1"
// in an error because of a header "X-Version: 1" would hide the error.
const minMasked = 4

// A mask hides secrets, wherever they show up in what an endpoint answers or an
// error says.
type mask struct {
	replacer *strings.Replacer
	longest  int // bytes of the longest secret
}

func newMask(secrets []string) *mask {
	for _, s := range slices.Clone(secrets) {
		secrets = append(secrets, escapedForms(s)...)
	}
	secrets = slices.DeleteFunc(secrets, func(s string) bool { return len(s) < minMasked })
	// The replacer takes the first that fits.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var pairs []string
	for _, s := range secrets {
		pairs = append(pairs, s, hidden)
	}
	m := &mask{replacer: strings.NewReplacer(pairs...)}
	if len(secrets) > 0 {
		m.longest = len(secrets[0])
	}
	return m
}

// escapedForms returns how s looks in JSON: as package encoding/json writes it, and
// as those do who escape slashes.
func escapedForms(s string) []string {
	text, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	inner := string(text[1 : len(text)-1])
	return []string{inner, strings.ReplaceAll(inner, "/", `\/`), strings.ReplaceAll(s, "/", `\/`)}
}

// hide returns text without secrets. Where it was cut, its end may be the
// beginning of one: that goes as well.
func (m *mask) hide(text string, wasCut bool) string {
	text = m.replacer.Replace(text)
	if wasCut {
		text = text[:max(len(text)-m.longest, 0)]
	}
	return text
}

// secretsOf returns what of a URL may be a secret; nil has none.
func secretsOf(u *url.URL) []string {
	if u == nil {
		return nil
	}
	secrets := []string{u.RawQuery}
	for _, path := range []string{u.Path, u.EscapedPath()} {
		secrets = append(secrets, path)
		for part := range strings.SplitSeq(path, "/") {
			if len(part) >= minPathSecret {
				secrets = append(secrets, part)
			}
		}
	}
	for _, values := range u.Query() {
		secrets = append(secrets, values...)
	}
	if u.User != nil {
		password, _ := u.User.Password()
		secrets = append(secrets, u.User.Username(), password, strings.TrimPrefix(basicAuth(u.User), "Basic "))
	}
	return secrets
}

// minPathSecret is how long a part of a path has to be for a secret. That hides
// words such as "services" as well, which costs little.
const minPathSecret = 6
