package enrichertest

import (
	"maps"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/guard"
)

// checkCreation makes a second enricher while the first is there, and a third one
// after both are closed.
func checkCreation(s *suite, r *report, in *instance) {
	for _, when := range []string{"while the first is in use", "after the first is closed"} {
		other, err := s.create(s.options)
		if err != nil {
			r.addf("", "a second enricher of the same options, %s: %s", when, text(err))
			return
		}
		in.close()
		other.close()
	}
}

// A rejection is what came of options that the factory should reject.
type rejection struct {
	badOption
	in  *instance
	err error
}

// rejections gives the factory all options that it should reject.
func (s *suite) rejections() (all []rejection) {
	const unknown = "no-such-option"
	for _, bad := range append([]badOption{{unknown, map[string]any{unknown: "a value"}}}, s.bad...) {
		options := map[string]any{}
		maps.Copy(options, s.options)
		maps.Copy(options, bad.options)
		in, err := s.create(options)
		if err == nil {
			in.close()
		}
		all = append(all, rejection{badOption{bad.name, options}, in, err})
	}
	return all
}

func checkOptions(s *suite, r *report, _ *instance) {
	for _, bad := range s.rejections() {
		err := bad.err
		if bad.in.own != nil {
			err = bad.in.own // New adds the enricher's name, and that may be the option's
		}
		if err == nil {
			r.addf("", "the options %v are accepted: there must be an error that names %q", bad.options, bad.name)
		} else if !namesOption(err, bad.name) {
			r.addf("", "the options %v: the error must name %q: %s", bad.options, bad.name, text(err))
		}
	}
}

// namesOption reports whether err is about an option. A ConfigError may name a part of
// it, such as "rules[0].match" for "rules".
func namesOption(err error, option string) bool {
	ce, ok := enricher.AsType[*enricher.ConfigError](err)
	if !ok || ce.Option == "" {
		return strings.Contains(guard.Text(err), option)
	}
	rest, ok := strings.CutPrefix(ce.Option, option)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

func checkStart(s *suite, r *report, _ *instance) {
	for _, bad := range s.rejections() {
		if bad.in.own == nil {
			continue // there was an enricher, which has been closed: see goroutines
		}
		for _, place := range left(bad.in.label) {
			r.addf("", "left by a factory that has rejected the options %v: %s", bad.options, place)
		}
	}
}
