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

// Options are the options of the enricher. The package documentation says what
// they do.
type Options struct {
	Terminal  map[string][]string // values by label key
	Retryable map[string][]string // values by label key

	Repeats       int           // 2 to 100; 0: they do not matter
	RepeatsWindow time.Duration // By default, an hour.

	Veto              bool
	MaxRestartsVetoed int           // within VetoWindow, at most 10,000. By default, 10.
	VetoWindow        time.Duration // By default, an hour.
}

const (
	defaultWindow = time.Hour
	defaultVetoed = 10
	maxVetoed     = 10_000
	maxOfRepeats  = 100
)

// check returns what is wrong with o, and o with nothing left at zero that has a
// default.
func (o Options) check() (Options, error) {
	var errs []error
	bad := func(option, format string, args ...any) {
		errs = append(errs, &enricher.ConfigError{Option: option, Err: fmt.Errorf(format, args...)})
	}
	for _, by := range []struct {
		option string
		values map[string][]string
	}{{"terminal", o.Terminal}, {"retryable", o.Retryable}} {
		for _, key := range slices.Sorted(maps.Keys(by.values)) {
			switch {
			case key == "" || key == "*":
				bad(by.option, "label %q: want the key of a label", key)
			case slices.Contains([]string{Key, KeyAfter, enricher.KeyJobCannotRestart}, key):
				bad(by.option, "label %q: it is set by this enricher itself: want one of another", key)
			case len(by.values[key]) == 0:
				bad(by.option, "label %q: no values: want one at least", key)
			}
		}
	}
	if o.Repeats < 0 || o.Repeats == 1 || o.Repeats > maxOfRepeats {
		bad("repeats", "%d: want 2 to %d, or 0 for none", o.Repeats, maxOfRepeats)
	}
	if o.RepeatsWindow < 0 {
		bad("repeats-window", "%v: want more than 0, or 0 for the default, %v", o.RepeatsWindow, defaultWindow)
	}
	if o.MaxRestartsVetoed < 0 || o.MaxRestartsVetoed > maxVetoed {
		bad("max-restarts-vetoed", "%d: want 1 to %d, or 0 for the default, %d", o.MaxRestartsVetoed, maxVetoed, defaultVetoed)
	}
	if o.VetoWindow < 0 {
		bad("veto-window", "%v: want more than 0, or 0 for the default, %v", o.VetoWindow, defaultWindow)
	}
	o.RepeatsWindow = cmp.Or(o.RepeatsWindow, defaultWindow)
	o.MaxRestartsVetoed = cmp.Or(o.MaxRestartsVetoed, defaultVetoed)
	o.VetoWindow = cmp.Or(o.VetoWindow, defaultWindow)
	return o, errors.Join(errs...)
}

// reads returns the keys of the labels that the options go by.
func (o Options) reads() []string {
	keys := slices.Concat(slices.Collect(maps.Keys(o.Terminal)), slices.Collect(maps.Keys(o.Retryable)))
	slices.Sort(keys)
	return slices.Compact(keys)
}

// byLabels returns the first label that a list of values has.
func byLabels(values map[string][]string, labels enricher.Labels) (key string, ok bool) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if value, set := labels[key]; set && slices.Contains(values[key], value) {
			return key, true
		}
	}
	return "", false
}
