package enrichertest

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"

	"github.com/failure-enrichers/enricher"
)

const (
	contractCreation = "a factory returns an enricher or an error, does not wait for remote systems, and can make several of the same options"
	contractOptions  = "a factory refuses an option that it does not know or cannot use, and the error names it: decode with FactoryConfig.Decode or NewFactory, and return a ConfigError"
	contractStart    = "a factory that returns an error has nothing started, as nobody could stop it"
)

// A refusal is what came of giving the factory options that it should refuse.
type refusal struct {
	badOption
	in  *instance
	err error
}

// prepare finds out whether there is anything to check.
func (s *suite) prepare() {
	s.prepared.Do(func() {
		if _, skip := s.skip["creation"]; !skip {
			if s.unusable = s.createSeveral(); s.unusable != nil {
				return
			}
		}
		unknown := badOption{unknownOption, map[string]any{unknownOption: "a value"}}
		for _, bad := range append([]badOption{unknown}, s.bad...) {
			bad.options = merged(s.options, bad.options)
			in, err := s.create(bad.options)
			if err == nil {
				in.close()
			}
			s.refused = append(s.refused, refusal{bad, in, err})
		}
	})
}

// merged returns options with others over them.
func merged(options, over map[string]any) map[string]any {
	all := map[string]any{}
	maps.Copy(all, options)
	maps.Copy(all, over)
	return all
}

// unknownOption is no enricher's option.
const unknownOption = "no-such-option"

// createSeveral makes two enrichers that live at the same time, and one after they
// are closed, and returns why that is not possible.
func (s *suite) createSeveral() error {
	first, err := s.create(s.options)
	if err != nil {
		needs := ""
		if first.own != nil && len(s.options) == 0 {
			needs = ": give it what it needs with WithOptions"
		}
		return errors.New(text(err) + needs)
	}
	second, err := s.create(s.options)
	first.close()
	if err != nil {
		return fmt.Errorf("a second enricher of the same options, while the first is in use: %s", text(err))
	}
	second.close()
	third, err := s.create(s.options)
	if err != nil {
		return fmt.Errorf("a second enricher of the same options, after the first is closed: %s", text(err))
	}
	third.close()
	return nil
}

func checkCreation(s *suite, r *report) {
	if s.unusable != nil {
		given := "no options"
		if len(s.options) > 0 {
			given = "the options " + show(s.options)
		}
		r.addf("", "with %s: %w", given, s.unusable)
	}
}

func checkOptions(s *suite, r *report) {
	for _, bad := range s.refused {
		// What New makes of the factory's error names the enricher, and that may be
		// called like the option.
		err := cmp.Or(bad.in.own, bad.err)
		switch {
		case err == nil:
			r.addf("", "the options %s are accepted: want an error that names %q", show(bad.options), bad.name)
		case !namesOption(err, bad.name):
			r.addf("", "the options %s: want an error that names %q, not: %s", show(bad.options), bad.name, text(err))
		}
	}
}

// show returns options as they are written in a configuration.
func show(options map[string]any) string {
	if options == nil {
		return "{}"
	}
	text, err := json.Marshal(options)
	if err != nil {
		return fmt.Sprint(options)
	}
	return string(text)
}

// namesOption reports whether err says that it is about an option. A ConfigError
// may name a part of it, such as "rules[0].match" for "rules".
func namesOption(err error, option string) bool {
	typed := false
	for err := range enricher.Chain(err) {
		if ce, ok := err.(*enricher.ConfigError); ok && ce != nil {
			typed = true
			rest, ok := strings.CutPrefix(ce.Option, option)
			if ok && (rest == "" || rest[0] == '.' || rest[0] == '[') {
				return true
			}
		}
	}
	return !typed && strings.Contains(wholeText(err), option)
}

func checkStart(s *suite, r *report) {
	for _, bad := range s.refused {
		if bad.in.own == nil {
			continue // there was an enricher, which has been closed: see goroutines
		}
		for _, goroutine := range left(bad.in.label, s.margin) {
			r.addf("", "left of a factory that has refused the options %s: %s", show(bad.options), goroutine)
		}
	}
}
