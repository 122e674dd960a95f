package enricher

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/decode"
	"github.com/failure-enrichers/enricher/internal/fanout"
	"github.com/failure-enrichers/enricher/internal/graph"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/nearest"
)

// A Rejection is an enricher that was configured but rejected.
type Rejection struct {
	Name string // as configured
	Err  error  // names the enricher, and says what is wrong and what is accepted
}

// MarshalJSON encodes r with the error as text.
func (r Rejection) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name  string `json:"name"`
		Error string `json:"error"`
	}{r.Name, guard.Text(r.Err)})
}

// check sets why candidates are rejected: for their keys, for output keys that
// several declare, or for cycles. Unknown ones are rejected already.
func check(all []*candidate) {
	for _, c := range all {
		if c.rejected == nil {
			c.rejected = c.checkKeys()
		}
	}
	rejectOverlaps(all)
	rejectCycles(all)
}

// checkKeys asks the enricher what it declares and returns why it must be rejected.
func (c *candidate) checkKeys() error {
	p := guard.Apart(func() {
		c.OutputKeys = slices.Clone(c.fe.OutputKeys())
		var r LabelReader
		if r, c.reader = c.fe.(LabelReader); c.reader {
			c.InputKeys = slices.Clone(r.InputKeys())
		}
		if r, ok := c.fe.(ValueReader); ok {
			c.values = decode.Clone(r.InputValues())
		}
		if d, ok := c.fe.(LabelDescriber); ok {
			c.Labels = decode.Clone(d.DescribeLabels())
		}
	})
	if p != nil {
		return &EnricherError{c.Name, fmt.Errorf("its declarations: %w", panicError(p))}
	}
	var errs []error
	for _, key := range c.OutputKeys {
		if err := CheckKey(key); err != nil {
			errs = append(errs, fmt.Errorf("output key %w", err))
		}
	}
	if len(errs) > 0 {
		return &EnricherError{c.Name, errors.Join(errs...)}
	}
	return nil
}

// An OverlapError says that several enrichers declare the same output key. All
// of them are rejected, because it is undefined whose label it would be.
type OverlapError struct {
	Key       string
	Enrichers []string // in configured order
}

func (e *OverlapError) Error() string {
	return fmt.Sprintf("output key %q is declared by %s: only one enricher may declare it, so remove the others or configure other keys", e.Key, quoted(e.Enrichers))
}

// rejectOverlaps rejects all candidates that share an output key with another.
func rejectOverlaps(all []*candidate) {
	setters := map[string][]*candidate{}
	for _, c := range all {
		if c.rejected != nil {
			continue
		}
		for _, key := range unique(c.OutputKeys) {
			setters[key] = append(setters[key], c)
		}
	}
	overlaps := map[*candidate][]error{}
	for _, key := range sortedKeys(setters) {
		cs := setters[key]
		if len(cs) < 2 {
			continue
		}
		overlap := &OverlapError{Key: key}
		for _, c := range cs {
			overlap.Enrichers = append(overlap.Enrichers, c.Name)
			overlaps[c] = append(overlaps[c], overlap)
		}
	}
	for c, errs := range overlaps {
		c.rejected = errors.Join(errs...)
	}
}

// A CycleError says that enrichers wait for each other's labels, so that none of
// them could ever start. All of them are rejected.
type CycleError struct {
	Enrichers []string // in configured order

	reads []string // which of them reads which key of which, for the message
}

func (e *CycleError) Error() string {
	var reads string
	if len(e.reads) > 0 {
		reads = " (" + strings.Join(e.reads, ", ") + ")"
	}
	if len(e.Enrichers) == 1 {
		return fmt.Sprintf("enricher %q waits for its own labels%s: an input key must not be one of its output keys", e.Enrichers[0], reads)
	}
	return fmt.Sprintf("enrichers %s wait for each other's labels%s: input keys must not form a cycle", quoted(e.Enrichers), reads)
}

// rejectCycles rejects the readers that wait for each other.
func rejectCycles(all []*candidate) {
	kept := slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return c.rejected != nil })
	for _, cycle := range graph.Cycles(waits(kept)) {
		members := make([]*candidate, len(cycle))
		for i, j := range cycle {
			members[i] = kept[j]
		}
		err := newCycleError(members)
		for _, c := range members {
			c.rejected = err
		}
	}
}

func newCycleError(members []*candidate) *CycleError {
	err := &CycleError{}
	setter := map[string]string{} // no key has two: overlaps are rejected already
	for _, c := range members {
		err.Enrichers = append(err.Enrichers, c.Name)
		for _, key := range c.OutputKeys {
			setter[key] = c.Name
		}
	}
	for _, c := range members {
		for _, key := range unique(c.InputKeys) {
			if by, ok := setter[key]; ok && key != graph.All {
				err.reads = append(err.reads, fmt.Sprintf("%q reads %q of %q", c.Name, key, by))
			}
		}
	}
	return err
}

// rejectionErrors returns the errors of rejected, each once: those that share a
// key or a cycle have the same error.
func rejectionErrors(rejected []Rejection) (errs []error) {
	for _, r := range rejected {
		own := []error{r.Err}
		if joined, ok := r.Err.(interface{ Unwrap() []error }); ok {
			own = joined.Unwrap()
		}
		for _, err := range own {
			if !slices.Contains(errs, err) { // all of them are our own pointers
				errs = append(errs, err)
			}
		}
	}
	return errs
}

// A finding is something that is probably a mistake, but does not keep an enricher
// from running.
type finding struct {
	level    slog.Level
	msg      string
	enricher string // empty if it is about all of them
	err      error  // names the enricher
}

// checkInputs returns the input keys of kept that none of them sets, and the values that
// their readers look for and that are never set.
func checkInputs(kept, all []*candidate) (found []finding) {
	set, rejected := map[string]*candidate{}, map[string][]string{}
	for _, c := range all {
		for _, key := range unique(c.OutputKeys) {
			if c.rejected == nil {
				set[key] = c
			} else {
				rejected[key] = append(rejected[key], c.Name)
			}
		}
	}
	for _, c := range kept {
		for _, key := range unique(c.InputKeys) {
			setter := set[key]
			switch {
			case key == graph.All:
			case setter != nil:
				found = append(found, c.checkValues(key, setter)...)
			default:
				others := slices.DeleteFunc(sortedKeys(set), func(key string) bool { return slices.Contains(c.OutputKeys, key) })
				hint := nearest.Hint(key, others)
				if names := rejected[key]; names != nil {
					hint = fmt.Sprintf(" (rejected: %s)", quoted(names))
				}
				found = append(found, c.finding("Failure enricher reads a label that no loaded enricher sets",
					"it reads the label %q, which no loaded enricher sets%s", key, hint))
			}
		}
	}
	return found
}

// checkValues returns the values that c looks for under key and that its setter
// never sets.
func (c *candidate) checkValues(key string, setter *candidate) (found []finding) {
	i := slices.IndexFunc(setter.Labels, func(d LabelDescription) bool { return d.Key == key })
	if i < 0 || setter.Labels[i].Values == nil {
		return nil
	}
	possible := setter.Labels[i].Values
	for _, value := range unique(c.values[key]) {
		if slices.Contains(possible, value) {
			continue
		}
		found = append(found, c.finding("Failure enricher looks for a value that is never set",
			"it looks for the label %s=%.64q, which %q never sets: its values are %s%s",
			key, value, setter.Name, quoted(possible), nearest.Hint(value, possible)))
	}
	return found
}

// actedOn are the keys of the labels that job managers act on.
var actedOn = []string{KeyJobCannotRestart, KeyRetryAfter, KeyAttemptCounts, KeyExpected}

// checkActedOn returns the output keys that are in actedOn but for their case, or for
// '-' in place of '_'. Loaders change keys that way, and no job manager acts on such a label.
func checkActedOn(kept []*candidate) (found []finding) {
	for _, c := range kept {
		for _, key := range unique(c.OutputKeys) {
			for _, want := range actedOn {
				if key != want && strings.EqualFold(strings.ReplaceAll(key, "-", "_"), want) {
					f := c.finding("Failure enricher sets a label that no job manager acts on",
						"its output key %q must be %q for a job manager to act on it: labels are case-sensitive", key, want)
					f.level = slog.LevelError
					found = append(found, f)
				}
			}
		}
	}
	return found
}

func (c *candidate) finding(msg, format string, args ...any) finding {
	return finding{slog.LevelWarn, msg, c.Name, &EnricherError{c.Name, fmt.Errorf(format, args...)}}
}

// checkTimeouts returns the timeouts, of policies and of the options of enrichers, that
// are longer than the time that there is.
func checkTimeouts(cfg Config, kept []*candidate) (found []finding) {
	budget := cfg.timeout()
	policy := func(enricher, option string, own, most time.Duration) {
		if own <= most {
			return
		}
		what := "the budget of a failure"
		if most < budget {
			what = "its share of the budget of a failure, as there are readers of labels"
		}
		found = append(found, finding{
			slog.LevelWarn, "Timeout of a policy has no effect", enricher,
			&ConfigError{enricher, "failure-enrichment." + option, fmt.Errorf(
				"%v: must be at most %v, %s: lower it, or raise failure-enrichment.timeout", own, most, what)},
		})
	}
	policy("", "policy.timeout", cfg.Policy.Timeout, budget)
	shares := fanout.Deadlines(waits(kept), budget)
	for i, c := range kept {
		policy(c.Name, "policies."+c.Name+".timeout", byName(cfg.Policies, c.Name).Timeout, shares[i])
		set, most := time.Duration(0), shares[i]
		if own := cfg.policyOf(c.Name).Timeout; own != 0 {
			most = min(most, own)
		}
		if t, ok := c.fe.(interface{ OptionTimeout() time.Duration }); ok {
			guard.Apart(func() { set = t.OptionTimeout() })
		}
		if set > most {
			found = append(found, c.finding("Failure enricher has less time than its options say",
				"its option timeout is %v, but it has at most %v: raise failure-enrichment.timeout, or the timeout in its policy", set, most))
		}
	}
	return found
}

// unusedConfig returns the names that have options or a policy that no enricher
// takes: the enricher was removed from the list, or is misspelt.
func unusedConfig(cfg Config, all []*candidate) (found []finding) {
	var names []string
	configured := map[string]*candidate{}
	for _, c := range all {
		if c.factory != nil || c.fe != nil { // the name of an unknown one may be what is misspelt
			names = append(names, c.Name)
		}
		configured[fold(c.Name)] = c
	}
	add := func(name, section, why string) {
		found = append(found, finding{
			slog.LevelWarn, "Configuration of a failure enricher is not used", name,
			&ConfigError{name, section, errors.New(why)},
		})
	}
	missing := func(name, section string) {
		add(name, section, "no such enricher is configured: add it to failure-enrichers, or remove this; "+
			"an instance, such as rules/payments, has options of its own"+nearest.Hint(name, names))
	}
	for _, name := range sortedKeys(cfg.Options) {
		switch c := configured[fold(name)]; {
		case c == nil:
			missing(name, "failure-enricher")
		case c.factory == nil && c.fe != nil:
			add(name, "failure-enricher", "the enricher is made in code and takes no options: remove this")
		}
	}
	for _, name := range sortedKeys(cfg.Policies) {
		if configured[fold(name)] == nil {
			missing(name, "failure-enrichment.policies")
		}
	}
	return found
}
