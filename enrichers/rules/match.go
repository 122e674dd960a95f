package rules

import (
	"context"
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/glob"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/text"
)

// maxText is how much of a message is looked at: as much as of a name.
const maxText = glob.MaxText

// A ruleSet is one version of the rules. Nothing in it changes but the counts.
type ruleSet struct {
	rules           []*rule
	all             bool
	outputs, inputs []string // keys, ascending
}

// A rule is a Rule that is ready for matching.
type rule struct {
	Rule
	number  int
	matches *atomic.Uint64 // shared by all versions that have the rule

	job, task          globs
	attributes, labels []keyGlobs
	attempt            attempt
	message            *regexp.Regexp // nil: any
	literal            string         // without which message is not found
	groups             bool           // of message are used in set
	set                []setLabel     // by key, ascending
}

type setLabel struct {
	key   string
	value template
}

func (r *rule) String() string { return ruleName(r.number, r.Name) }

func (r *rule) isCatchAll() bool {
	return len(r.Type)+len(r.Chain)+len(r.Message)+len(r.Job)+len(r.Task)+len(r.Attributes)+
		len(r.Attempt)+len(r.FailureType)+len(r.Labels) == 0
}

// globs are alternatives. None at all match anything.
type globs []*glob.Pattern

func (g globs) match(s string) bool {
	return len(g) == 0 || slices.ContainsFunc(g, func(p *glob.Pattern) bool { return p.Match(s) })
}

type keyGlobs struct {
	key    string
	values globs
}

// matchAll reports whether values has each key, with a value that matches.
func matchAll(wanted []keyGlobs, values map[string]string) bool {
	for _, w := range wanted {
		if value, ok := values[w.key]; !ok || !w.values.match(value) {
			return false
		}
	}
	return true
}

// A hit is a rule that matched, and where its groups are in the message, if its
// labels need them.
type hit struct {
	rule   *rule
	groups []int
}

// apply returns the rules that match: the first one, or all.
func (s *ruleSet) apply(ctx context.Context, f *failure) (hits []hit, err error) {
	for i, r := range s.rules {
		// Long messages and many expressions take long.
		if i%16 == 15 && ctx.Err() != nil {
			return nil, fmt.Errorf("time was up after %d of %d rules: %w", i, len(s.rules), context.Cause(ctx))
		}
		groups, ok := r.match(f)
		if !ok {
			continue
		}
		hits = append(hits, hit{r, groups})
		if !s.all {
			break
		}
	}
	return hits, nil
}

// match reports whether the failure meets the conditions, the cheap ones first.
func (r *rule) match(f *failure) (groups []int, ok bool) {
	fc := f.fc
	if len(r.FailureType) > 0 && !slices.Contains(r.FailureType, fc.Type) ||
		!r.attempt.match(fc) ||
		!r.job.match(fc.JobName) || !r.task.match(fc.TaskName) ||
		!matchAll(r.attributes, fc.Attributes) || !matchAll(r.labels, fc.Labels) ||
		len(r.Type) > 0 && !slices.ContainsFunc(r.Type, f.isType) ||
		len(r.Chain) > 0 && !slices.ContainsFunc(r.Chain, f.inChain) {
		return nil, false
	}
	if r.message == nil {
		return nil, true
	}
	text := f.text()
	if !strings.Contains(text, r.literal) {
		return nil, false
	}
	if r.groups {
		groups = r.message.FindStringSubmatchIndex(text)
		return groups, groups != nil
	}
	return nil, r.message.MatchString(text)
}

// labels returns what the hits set. The earlier one wins.
func labels(f *failure, hits []hit) enricher.Labels {
	all := enricher.Labels{}
	for _, h := range hits {
		for _, l := range h.rule.set {
			if _, ok := all[l.key]; !ok {
				all[l.key] = l.value.expand(f, h.groups)
			}
		}
	}
	return all
}

// A failure is what the rules look at. What costs something is found out when the
// first rule asks for it.
type failure struct {
	cause error
	fc    *enricher.FailureContext
	given *Given // of an example, in place of cause

	message    string
	hasMessage bool
	peeled     error
	chain      []error // one for each type of error in it
}

// text returns the text of the error.
func (f *failure) text() string {
	if !f.hasMessage {
		f.hasMessage = true
		if f.given != nil {
			f.message = text.Clean(f.given.Error, maxText)
		} else {
			f.message = inspect.Text(f.cause, maxText)
		}
	}
	return f.message
}

// isType reports whether the error without plain wrappers has this type.
func (f *failure) isType(name string) bool {
	if f.given != nil {
		return sameType(f.given.Type, name)
	}
	if f.peeled == nil {
		f.peeled = inspect.Peel(f.cause)
	}
	return inspect.IsType(f.peeled, name)
}

// inChain reports whether there is an error of this type. There may be 10,000
// errors and as many rules, but there are never many types.
func (f *failure) inChain(name string) bool {
	if f.given != nil {
		return sameType(f.given.Type, name) ||
			slices.ContainsFunc(f.given.Chain, func(t string) bool { return sameType(t, name) })
	}
	if f.chain == nil {
		for err := range enricher.Chain(f.cause) {
			t := reflect.TypeOf(err)
			if !slices.ContainsFunc(f.chain, func(e error) bool { return reflect.TypeOf(e) == t }) {
				f.chain = append(f.chain, err)
			}
		}
	}
	return slices.ContainsFunc(f.chain, func(err error) bool { return inspect.IsType(err, name) })
}

// sameType reports whether a type that is given in an example is the one that a
// rule wants, which may have left out the path of the package.
func sameType(given, want string) bool {
	if given == want {
		return given != ""
	}
	stars := given[:len(given)-len(strings.TrimLeft(given, "*"))]
	return stars+given[max(strings.LastIndexByte(given, '/')+1, len(stars)):] == want
}
