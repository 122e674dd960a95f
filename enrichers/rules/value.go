package rules

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/redact"
)

// A value is the value of a label, in the form of [regexp.Regexp.Expand] if it
// has groups.
type value struct {
	text   string
	groups bool
}

// groupPattern matches a reference to a group.
var groupPattern = regexp.MustCompile(`\$(?:\$|\{([\pL\p{Nd}_]+)\}|([\pL\p{Nd}_]+)|)`)

// parseValue parses a value. A group that message does not have is an error,
// while Expand takes it for an empty one.
func parseValue(s string, message *regexp.Regexp) (value, error) {
	v := value{text: s}
	for _, m := range groupPattern.FindAllStringSubmatch(s, -1) {
		name := m[1] + m[2]
		switch n, err := strconv.Atoi(name); {
		case m[0] == "$":
			return v, fmt.Errorf(`%.256q: must have $1, ${1}, $name or ${name} for a group, and "$$" for a dollar sign`, s)
		case m[0] == "$$":
		case err == nil && n <= message.NumSubexp(), message.SubexpIndex(name) >= 0:
			v.groups = true
		default:
			return v, fmt.Errorf(`%.256q: message has no group %q; write ${1}x for group 1 followed by x, and "$$" for a dollar sign`, s, name)
		}
	}
	for _, name := range message.SubexpNames() {
		if braced := "{" + name + "}"; name != "" && strings.Contains(strings.ReplaceAll(s, "$"+braced, ""), braced) {
			return v, fmt.Errorf("%.256q: must have $%s for the group %q", s, braced, name)
		}
	}
	if !v.groups {
		v.text = clean(strings.ReplaceAll(s, "$$", "$"))
	}
	return v, nil
}

// expand returns the value with the groups that message has found in the text of f.
func (v value) expand(f *failure, message *regexp.Regexp, groups []int) string {
	if !v.groups {
		return v.text
	}
	return clean(f.hide(string(message.ExpandString(nil, v.text, f.text(), groups))))
}

// clean returns s as a valid value of a label. What is cut does not end in half a secret.
func clean(s string) string { return redact.Clean(s, enricher.DefaultMaxValueLength) }
