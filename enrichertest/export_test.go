package enrichertest

import (
	"strings"

	"github.com/failure-enrichers/enricher"
)

// Notes does all checks and returns, by check, what Run would log, and why it would
// skip it.
func Notes(factory enricher.Factory, options ...Option) map[string]string {
	s, err := newSuite(factory, options)
	if err != nil {
		panic(err)
	}
	notes := map[string]string{}
	for _, c := range checks {
		r := s.run(c)
		notes[c.name] = strings.Join(append(r.notes, r.skipped), "\n")
	}
	return notes
}
