package restart

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
)

// Options are the options of the enricher. The package documentation describes
// them.
type Options struct {
	// Each has values by label key. By default, there are none.
	Terminal, Retryable, Uncounted, Expected map[string][]string

	Repeats       int           // 2 to 100. By default, 0: repeats do not matter.
	RepeatsWindow time.Duration // By default, an hour.

	Veto                   bool
	MaxRestartsVetoed      int           // of one job within VetoWindow; 1 to 10,000. By default, 100.
	MaxRestartsVetoedTotal int           // of all jobs within VetoWindow; 1 to 10,000. By default, 1000.
	VetoWindow             time.Duration // By default, an hour.
}

const (
	maxVetoed     = 10_000
	maxOfRepeats  = 100
	defaultWindow = time.Hour
)

// withDefaults returns o with its zero fields set.
func (o Options) withDefaults() Options {
	o.RepeatsWindow = cmp.Or(o.RepeatsWindow, defaultWindow)
	o.MaxRestartsVetoed = cmp.Or(o.MaxRestartsVetoed, 100)
	o.MaxRestartsVetoedTotal = cmp.Or(o.MaxRestartsVetoedTotal, 1000)
	o.VetoWindow = cmp.Or(o.VetoWindow, defaultWindow)
	return o
}

// check returns an error for each wrong option, joined. given are the options without
// defaults.
func (o Options) check(given Options) error {
	var errs []error
	check := func(ok bool, option, format string, args ...any) {
		if !ok {
			errs = append(errs, &enricher.ConfigError{Option: option, Err: fmt.Errorf(format, args...)})
		}
	}
	own := []string{KeyRetry, KeyRetryAfter, KeyAttemptCounts, KeyExpected, enricher.KeyJobCannotRestart}
	for _, c := range o.conditions() {
		for _, key := range slices.Sorted(maps.Keys(c.values)) {
			check(key != "" && key != "*", c.option, "label %q: must be the key of a label", key)
			check(!slices.Contains(own, key), c.option, "label %q: must be set by another enricher", key)
			check(len(c.values[key]) > 0, c.option, "label %q: must have at least one value", key)
			for _, value := range c.values[key] {
				check(strings.TrimRight(value, "*?") == value, c.option, "label %q: %.64q: must be a value, and no pattern", key, value)
				check(c.option != "retryable" && c.option != "uncounted" || !slices.Contains(o.Terminal[key], value), c.option,
					"label %q: %.64q: has no effect, as option terminal has it: remove one of them", key, value)
			}
		}
	}
	check(o.Repeats == 0 || o.Repeats >= 2 && o.Repeats <= maxOfRepeats,
		"repeats", "%d: must be 2 to %d, or 0 to ignore repeats", o.Repeats, maxOfRepeats)
	check(o.RepeatsWindow > 0, "repeats-window", "%v: must be more than 0", o.RepeatsWindow)
	check(o.MaxRestartsVetoed > 0 && o.MaxRestartsVetoed <= maxVetoed,
		"max-restarts-vetoed", "%d: must be 1 to %d", o.MaxRestartsVetoed, maxVetoed)
	check(o.MaxRestartsVetoedTotal > 0 && o.MaxRestartsVetoedTotal <= maxVetoed,
		"max-restarts-vetoed-total", "%d: must be 1 to %d", o.MaxRestartsVetoedTotal, maxVetoed)
	check(given.MaxRestartsVetoed <= o.MaxRestartsVetoedTotal || o.MaxRestartsVetoed > maxVetoed, "max-restarts-vetoed",
		"%d: must be at most max-restarts-vetoed-total, which is %d", o.MaxRestartsVetoed, o.MaxRestartsVetoedTotal)
	check(o.VetoWindow > 0, "veto-window", "%v: must be more than 0", o.VetoWindow)
	const unused = "has no effect without option %s"
	check(o.Veto || given.MaxRestartsVetoed == 0, "max-restarts-vetoed", unused, "veto")
	check(o.Veto || given.MaxRestartsVetoedTotal == 0, "max-restarts-vetoed-total", unused, "veto")
	check(o.Veto || given.VetoWindow == 0, "veto-window", unused, "veto")
	check(o.Repeats != 0 || given.RepeatsWindow == 0, "repeats-window", unused, "repeats")
	return errors.Join(errs...)
}

// A condition is met by labels that have one of its values.
type condition struct {
	option string
	values map[string][]string // by label key
}

func (o Options) conditions() []condition {
	return []condition{{"terminal", o.Terminal}, {"retryable", o.Retryable}, {"uncounted", o.Uncounted}, {"expected", o.Expected}}
}

// met returns how labels meet c, or "" if they do not. Of several labels that do,
// the first by key counts.
func (c condition) met(labels enricher.Labels) (why string) {
	for _, key := range slices.Sorted(maps.Keys(c.values)) {
		if value, set := labels[key]; set && slices.Contains(c.values[key], value) {
			return "option " + c.option + ": " + key + "=" + value
		}
	}
	return ""
}
