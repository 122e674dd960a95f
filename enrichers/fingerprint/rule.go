package fingerprint

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A Rule gives the failures that it matches a fingerprint of its own. In a
// configuration the fields are called match and key.
type Rule struct {
	// Match says which failures. It must have a condition, unless this is the last rule,
	// and not those of another rule.
	Match Match

	// Key is what the fingerprint is made of. Failures with the same key have the same
	// fingerprint. {{default}} is the fingerprint without rules, {{type}} the type of
	// the error, without wrappers that only add a text, labels or a stack, {{job}} and
	// {{task}} the names of the job and the task. It must not be empty.
	Key string
}

// A Match is a list of conditions, all of which must be met. In a configuration the
// fields are called type, message, job, task and labels. Globs are those of package
// rules. An empty list or map, or a null, is an error.
type Match struct {
	Type      []string            // Go types, of which any error in the chain must have one: "*fs.PathError"
	Message   string              // a regular expression (RE2), which must be found in the text of the error
	Job, Task []string            // globs, one of which the name must match
	Labels    map[string][]string // globs by the key of another enricher's label, which must be present
}

// A rule is a Rule that is ready for matching.
type rule struct {
	Rule
	number    int // from 1
	message   *regexp.Regexp
	job, task []*glob.Pattern
	labels    map[string][]*glob.Pattern
}

// placeholders are what a key may have between {{ and }}.
const placeholders = "{{default}}, {{type}}, {{job}} and {{task}}"

var (
	errEmpty       = errors.New("must not be empty: remove it, or say which failures meet it")
	placeholder    = regexp.MustCompile(`\{\{[^}]*\}?\}?|\$?\{(default|type|job|task)\}`)
	maxMatchedText = 64 << 10 // bytes of a message
)

// compile makes rules ready for matching. The error joins one for each mistake.
func compile(given []Rule) (rules []*rule, err error) {
	var errs []error
	earlier := map[string]int{}
	for i, r := range given {
		c := &rule{Rule: r, number: i + 1}
		match := fmt.Sprintf("%#v", r.Match)
		if same := earlier[match]; same > 0 {
			errs = append(errs, fmt.Errorf("rule %d: can never match, as rule %d has the same conditions: remove one of them", c.number, same))
		}
		earlier[match] = cmp.Or(earlier[match], c.number)
		for _, err := range c.compile() {
			errs = append(errs, fmt.Errorf("rule %d: %w", c.number, err))
		}
		if c.isCatchAll() && i < len(given)-1 {
			errs = append(errs, fmt.Errorf("rule %d: must have conditions or be the last rule, as rule %d can never match", c.number, c.number+1))
		}
		rules = append(rules, c)
	}
	if err := errors.Join(errs...); err != nil {
		return nil, &enricher.ConfigError{Option: "rules", Err: err}
	}
	return rules, nil
}

func (r *rule) isCatchAll() bool {
	m := &r.Match
	return m.Message == "" && len(m.Type)+len(m.Job)+len(m.Task)+len(m.Labels) == 0
}

func (r *rule) compile() (errs []error) {
	fail := func(key string, err error) { errs = append(errs, fmt.Errorf("%s: %w", key, err)) }
	globs := func(key string, patterns []string) (compiled []*glob.Pattern) {
		for _, s := range patterns {
			p, err := glob.Compile(s)
			if err != nil {
				fail(key, err)
			}
			compiled = append(compiled, p)
		}
		return compiled
	}
	m := &r.Match
	for _, list := range []struct {
		key    string
		values []string
	}{{"type", m.Type}, {"job", m.Job}, {"task", m.Task}} {
		if list.values != nil && len(list.values) == 0 {
			fail("match."+list.key, errEmpty)
		}
	}
	if m.Labels != nil && len(m.Labels) == 0 {
		fail("match.labels", errEmpty)
	}
	for _, name := range m.Type {
		if err := inspect.CheckTypeName(name); err != nil {
			fail("match.type", fmt.Errorf("%.128q: %w", name, err))
		}
	}
	r.job, r.task = globs("match.job", m.Job), globs("match.task", m.Task)
	r.labels = map[string][]*glob.Pattern{}
	for _, key := range slices.Sorted(maps.Keys(m.Labels)) {
		if len(m.Labels[key]) == 0 {
			fail("match.labels."+key, errEmpty)
		}
		if key == "*" || enricher.CheckKey(key) != nil {
			fail("match.labels", fmt.Errorf("%q: must be the key of a label", key))
		}
		r.labels[key] = globs("match.labels."+key, m.Labels[key])
	}
	var err error
	if r.message, err = regexp.Compile(m.Message); err != nil {
		fail("match.message", err)
	}
	if r.Key == "" {
		fail("key", errors.New(`must not be empty; "{{default}}" is the fingerprint without rules`))
	}
	for _, p := range placeholder.FindAllString(r.Key, -1) {
		switch p {
		case "{{default}}", "{{type}}", "{{job}}", "{{task}}":
		default:
			fail("key", fmt.Errorf("%q: must be one of %s", p, placeholders))
		}
	}
	return errs
}

// matches reports whether the failure meets the conditions.
func (r *rule) matches(root *node, fc *enricher.FailureContext) bool {
	if !matchesAny(r.job, fc.JobName) || !matchesAny(r.task, fc.TaskName) {
		return false
	}
	for key, patterns := range r.labels {
		if value, ok := fc.Labels[key]; !ok || !matchesAny(patterns, value) {
			return false
		}
	}
	return (len(r.Match.Type) == 0 || root.hasType(r.Match.Type)) &&
		(r.Match.Message == "" || r.message.MatchString(text.Cut(root.text, maxMatchedText)))
}

func matchesAny(patterns []*glob.Pattern, s string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p *glob.Pattern) bool { return p.Match(s) })
}

// hasType reports whether n or an error that it wraps has one of these types.
func (n *node) hasType(names []string) bool {
	for ; n != nil; n = n.one {
		if slices.ContainsFunc(names, func(name string) bool { return inspect.IsType(n.err, name) }) {
			return true
		}
		if slices.ContainsFunc(n.many, func(n *node) bool { return n.hasType(names) }) {
			return true
		}
	}
	return false
}

// key returns the fingerprint that the rule gives. byDefault is the one without rules.
func (r *rule) key(byDefault string, root *node, fc *enricher.FailureContext) string {
	if r.Key == "{{default}}" {
		return byDefault
	}
	key := placeholder.ReplaceAllStringFunc(r.Key, func(p string) string {
		switch p {
		case "{{default}}":
			return byDefault
		case "{{type}}":
			return inspect.TypeName(inspect.Peel(root.err))
		case "{{job}}":
			return fc.JobName
		}
		return fc.TaskName
	})
	return digest([]byte("fingerprint " + strconv.Itoa(Version) + "\nrule " + key))
}

// A labelReader is a fingerprinter with rules that look at labels of others.
type labelReader struct {
	*fingerprinter
	read map[string][]string // values by key: globs are not among them
}

var _ enricher.ValueReader = (*labelReader)(nil)

func (l *labelReader) InputKeys() []string { return slices.Sorted(maps.Keys(l.read)) }

// InputValues returns the values that the rules compare labels with.
func (l *labelReader) InputValues() map[string][]string { return l.read }

// labelsRead returns the labels that the rules look at.
func labelsRead(rules []*rule) map[string][]string {
	read := map[string][]string{}
	for _, r := range rules {
		for key, patterns := range r.labels {
			read[key] = append(read[key], glob.Literals(patterns...)...)
		}
	}
	return read
}
