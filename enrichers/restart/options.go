package restart

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/failure-enrichers/enricher"
)

// Options are the options of the enricher. The package documentation describes
// them.
type Options struct {
	Terminal  map[string][]string // values by label key
	Retryable map[string][]string // values by label key

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

// check returns an error for each wrong option, joined.
func (o Options) check() error {
	var errs []error
	check := func(ok bool, option, format string, args ...any) {
		if !ok {
			errs = append(errs, &enricher.ConfigError{Option: option, Err: fmt.Errorf(format, args...)})
		}
	}
	own := []string{KeyRetry, KeyRetryAfter, enricher.KeyJobCannotRestart}
	for _, by := range []struct {
		option string
		values map[string][]string
	}{{"terminal", o.Terminal}, {"retryable", o.Retryable}} {
		for _, key := range slices.Sorted(maps.Keys(by.values)) {
			check(key != "" && key != "*", by.option, "label %q: must be the key of a label", key)
			check(!slices.Contains(own, key), by.option, "label %q: must be set by another enricher", key)
			check(len(by.values[key]) > 0, by.option, "label %q: must have at least one value", key)
		}
	}
	check(o.Repeats == 0 || o.Repeats >= 2 && o.Repeats <= maxOfRepeats,
		"repeats", "%d: must be 2 to %d, or 0 to ignore repeats", o.Repeats, maxOfRepeats)
	check(o.RepeatsWindow > 0, "repeats-window", "%v: must be more than 0", o.RepeatsWindow)
	check(o.MaxRestartsVetoed > 0 && o.MaxRestartsVetoed <= maxVetoed,
		"max-restarts-vetoed", "%d: must be 1 to %d", o.MaxRestartsVetoed, maxVetoed)
	check(o.MaxRestartsVetoedTotal > 0 && o.MaxRestartsVetoedTotal <= maxVetoed,
		"max-restarts-vetoed-total", "%d: must be 1 to %d", o.MaxRestartsVetoedTotal, maxVetoed)
	check(o.VetoWindow > 0, "veto-window", "%v: must be more than 0", o.VetoWindow)
	return errors.Join(errs...)
}

// firstMatch returns the first key, in order, whose label has one of the values.
func firstMatch(values map[string][]string, labels enricher.Labels) (key string, ok bool) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if value, set := labels[key]; set && slices.Contains(values[key], value) {
			return key, true
		}
	}
	return "", false
}
