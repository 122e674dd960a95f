package enricher

import (
	"cmp"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/decode"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/rawconfig"
	"github.com/failure-enrichers/enricher/internal/redact"
)

// The values that zero fields of [Config], [Policy] and [Limits] stand for.
const (
	DefaultTimeout          = time.Second
	DefaultMaxPending       = 1024
	DefaultMaxConcurrent    = 64
	DefaultBreakerThreshold = 5
	DefaultBreakerCooldown  = 10 * time.Second
	DefaultMaxLabels        = 64
	DefaultMaxValueLength   = 1024
)

const (
	maxCount       = 1 << 20 // of goroutines: more are a mistake
	maxValueLength = 1 << 20
)

// A Config says which enrichers run and how. Its zero value starts none.
//
// A name is a registered one, or a registered one, a slash and an instance:
// "rules/payments" and "rules/infra" are made by one factory, each with its own
// options. Like any two enrichers they must declare different keys.
//
// Names are matched exactly in FailureEnrichers, and without regard to case in
// Options and Policies, because many loaders of configuration lower-case keys.
type Config struct {
	FailureEnrichers []string                  // names, in order; a name given twice counts once; nil is an error if Strict is set
	Options          map[string]map[string]any // by configured name
	Timeout          time.Duration             // the budget of one failure over all its enrichers. By default, DefaultTimeout.
	Policy           Policy                    // for every enricher
	Policies         map[string]Policy         // by configured name; a zero field falls back to Policy
	Limits           Limits                    // for every enricher
	MaxPending       int                       // EnrichAsync calls under way at once, at most 1<<20. By default, DefaultMaxPending.
	Strict           bool                      // New fails if it would otherwise reject an enricher or warn
}

// A Policy bounds what one enricher can cost.
type Policy struct {
	Timeout          time.Duration // of one call, and of its wait for a slot before. By default, as long as the budget of the failure allows.
	MaxConcurrent    int           // calls under way at once, abandoned ones included, at most 1<<20; as many more may wait. By default, DefaultMaxConcurrent.
	BreakerThreshold int           // timeouts or panics in a row that open the breaker; negative: no breaker. By default, DefaultBreakerThreshold.
	BreakerCooldown  time.Duration // how long an open breaker lets no call through. By default, DefaultBreakerCooldown.
}

// Limits bound what one enricher can say about one failure.
type Limits struct {
	MaxLabels      int // labels. By default, DefaultMaxLabels.
	MaxValueLength int // bytes of a value, at most 1 MiB. By default, DefaultMaxValueLength.
}

// A ConfigError reports a value in a configuration that cannot be used.
//
// A factory may return one with an empty Enricher, or several, joined: [New]
// fills it in.
type ConfigError struct {
	Enricher string // as configured; empty if the option is not an enricher's
	Option   string // the option or configuration key
	Err      error  // what is wrong with it, and what is accepted
}

// Error returns a text in which what looks like a secret is masked, as package
// redact does it, because Err may quote values of the configuration. If Option is named
// like a secret, that may be the first word of Err: a path, for example, must come later.
func (e *ConfigError) Error() string {
	text := fmt.Sprintf("option %q: %s", e.Option, guard.Text(e.Err))
	if e.Enricher != "" {
		text = fmt.Sprintf("enricher %q: %s", e.Enricher, text)
	}
	return redact.Text(text)
}

func (e *ConfigError) Unwrap() error { return e.Err }

// ParseConfig returns the configuration that raw holds, which may be what any
// loader yields: a decoded YAML or JSON document, viper's AllSettings, koanf's
// Raw, or a property file as a flat map. The keys are
//
//	jobmanager:
//	  failure-enrichers: [rules/payments, owner]  # or "rules/payments, owner"
//	  failure-enricher:
//	    rules/payments: {file: rules.json}        # options by configured name
//	  failure-enrichment:
//	    timeout: 1s                               # and strict, max-pending
//	    policy: {max-concurrent: 8}               # and timeout, breaker-threshold, breaker-cooldown
//	    policies: {owner: {timeout: 200ms}}       # the same by configured name
//	    limits: {max-labels: 16}                  # and max-value-length
//
// or the same without the jobmanager level, or flat
// ("jobmanager.failure-enricher.rules/payments.file"). In a flat key, the longest
// configured name is the enricher; without one, the key is split at its first
// dot. Each of the three sections is written in one of these spellings: nested
// and flat keys may stand side by side, but not inside each other. Keys are
// matched without regard to case. Strings stand for other types as in
// [FactoryConfig.Decode].
//
// Other keys beside and below jobmanager are ignored, so that the whole
// configuration of a service can be passed; beside a section without the
// jobmanager level they are an error. So are unknown keys in a section, a
// section or key in two spellings, values of a wrong type, and sections that
// stand below another key if none stands where it belongs. Each error is a
// [*ConfigError] that names the key in full, and all of them are returned,
// joined.
//
// ParseConfig judges form only; [New] judges names and numbers. raw is not
// changed, and nothing of it is kept.
func ParseConfig(raw map[string]any) (Config, error) {
	var sections struct {
		FailureEnrichers  []string
		FailureEnricher   map[string]map[string]any
		FailureEnrichment struct {
			Timeout    time.Duration
			Strict     bool
			MaxPending int
			Policy     Policy
			Policies   map[string]Policy
			Limits     Limits
		}
	}
	if err := rawconfig.Into(raw, &sections); err != nil {
		return Config{}, configErrors("", err)
	}
	settings := sections.FailureEnrichment
	return Config{
		FailureEnrichers: sections.FailureEnrichers,
		Options:          sections.FailureEnricher,
		Timeout:          settings.Timeout,
		Policy:           settings.Policy,
		Policies:         settings.Policies,
		Limits:           settings.Limits,
		MaxPending:       settings.MaxPending,
		Strict:           settings.Strict,
	}, nil
}

// configErrors returns the errors of decoding, joined, as ConfigErrors. Any
// other error is a mistake of the program and is returned as it is.
func configErrors(enricher string, err error) error {
	wrong, ok := err.(decode.Errors)
	if !ok {
		return err
	}
	var errs []error
	for _, e := range wrong {
		errs = append(errs, &ConfigError{enricher, e.Option, e.Err})
	}
	return errors.Join(errs...)
}

// check returns what is wrong with the numbers of c.
func (c Config) check() error {
	const section = "failure-enrichment."
	var errs []error
	number := func(enricher, option string, value, most int) {
		if value < 0 || value > most {
			errs = append(errs, &ConfigError{enricher, section + option, fmt.Errorf("%d: must be from 1 to %d, or 0 for the default", value, most)})
		}
	}
	duration := func(enricher, option string, value time.Duration) {
		if value < 0 {
			errs = append(errs, &ConfigError{enricher, section + option, fmt.Errorf("%v: must be positive, or 0 for the default", value)})
		}
	}
	policy := func(enricher, option string, p Policy, threshold int) {
		duration(enricher, option+"timeout", p.Timeout)
		number(enricher, option+"max-concurrent", p.MaxConcurrent, maxCount)
		duration(enricher, option+"breaker-cooldown", p.BreakerCooldown)
		if p.BreakerCooldown > 0 && threshold < 0 {
			errs = append(errs, &ConfigError{enricher, section + option + "breaker-cooldown", fmt.Errorf(
				"%v: has no effect, as a negative breaker-threshold means no breaker: remove one of them", p.BreakerCooldown)})
		}
	}
	duration("", "timeout", c.Timeout)
	number("", "max-pending", c.MaxPending, maxCount)
	threshold := c.Policy.BreakerThreshold
	for _, own := range c.Policies {
		if own.BreakerThreshold > 0 { // with the cooldown of c.Policy
			threshold = own.BreakerThreshold
		}
	}
	policy("", "policy.", c.Policy, threshold)
	for _, name := range sortedKeys(c.Policies) {
		own := c.Policies[name]
		policy(name, "policies."+name+".", own, cmp.Or(own.BreakerThreshold, c.Policy.BreakerThreshold))
	}
	number("", "limits.max-labels", c.Limits.MaxLabels, maxCount)
	number("", "limits.max-value-length", c.Limits.MaxValueLength, maxValueLength)
	errs = append(errs, sameName("failure-enricher", sortedKeys(c.Options)), sameName(section+"policies", sortedKeys(c.Policies)))
	return errors.Join(errs...)
}

// sameName returns an error for names that differ only in case.
func sameName(option string, names []string) error {
	seen := map[string]string{}
	var errs []error
	for _, name := range names {
		if other, ok := seen[fold(name)]; ok {
			errs = append(errs, &ConfigError{name, option, fmt.Errorf("conflicts with %q: names are case-insensitive", other)})
		}
		seen[fold(name)] = name
	}
	return errors.Join(errs...)
}

// policyOf returns the policy of an enricher, with nothing left at zero but a
// Timeout that the budget decides.
func (c Config) policyOf(name string) Policy {
	own := byName(c.Policies, name)
	return Policy{
		Timeout:          cmp.Or(own.Timeout, c.Policy.Timeout),
		MaxConcurrent:    cmp.Or(own.MaxConcurrent, c.Policy.MaxConcurrent, DefaultMaxConcurrent),
		BreakerThreshold: cmp.Or(own.BreakerThreshold, c.Policy.BreakerThreshold, DefaultBreakerThreshold),
		BreakerCooldown:  cmp.Or(own.BreakerCooldown, c.Policy.BreakerCooldown, DefaultBreakerCooldown),
	}
}

// limits returns the limits, with nothing left at zero.
func (c Config) limits() Limits {
	return Limits{
		MaxLabels:      cmp.Or(c.Limits.MaxLabels, DefaultMaxLabels),
		MaxValueLength: cmp.Or(c.Limits.MaxValueLength, DefaultMaxValueLength),
	}
}

func (c Config) timeout() time.Duration { return cmp.Or(c.Timeout, DefaultTimeout) }

func (c Config) maxPending() int64 { return int64(cmp.Or(c.MaxPending, DefaultMaxPending)) }

// byName returns the value of a name, without regard to case. There is at most
// one, see sameName.
func byName[V any](m map[string]V, name string) (v V) {
	for key, v := range m {
		if fold(key) == fold(name) {
			return v
		}
	}
	return v
}

// fold makes names equal that differ only in case.
func fold(name string) string { return strings.ToLower(name) }
