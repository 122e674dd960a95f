package rules

import "slices"

// RuleStats say how often a rule has matched.
type RuleStats struct {
	Number  int    // from 1, in the order of the rules
	Name    string // may be empty
	Matches uint64 // failures that got its labels, or would have if no earlier rule had set them
}

// Rules returns all rules in their order. After a reload, those that are as they
// were have kept their counts, and the others begin at 0.
func (e *Enricher) Rules() []RuleStats {
	set := e.rules.Value()
	stats := make([]RuleStats, len(set.rules))
	for i, r := range set.rules {
		stats[i] = RuleStats{r.number, r.Name, r.matches.Load()}
	}
	return stats
}

// NeverMatched returns the rules that have not matched so far.
func (e *Enricher) NeverMatched() []RuleStats {
	return slices.DeleteFunc(e.Rules(), func(r RuleStats) bool { return r.Matches > 0 })
}

// Unmatched returns how many failures there were that no rule matched. With a
// catch-all there are none.
func (e *Enricher) Unmatched() uint64 { return e.unmatched.Load() }

// Counts returns, under "unmatched", what [Enricher.Unmatched] returns and, under
// "reload-failed", how often a new version of the file could not be used, or the
// file not be read again. Rules from an older version are in force then.
func (e *Enricher) Counts() map[string]uint64 {
	return map[string]uint64{"unmatched": e.Unmatched(), "reload-failed": e.rules.Failed()}
}
