package rules

import (
	"errors"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/internal/reload"
)

// Literal is tested for all regular expressions.
var Literal = literal

// Parse returns an enricher with the rules in the content of a file.
func Parse(data []byte) (enricher.FailureEnricher, error) {
	s, errs := parseFile("f", data, false)
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	rules, err := reload.Load(reload.Options{Rules: 1}, func() (*ruleSet, []error) { return s, nil }, nil)
	return &labeler{Rules: rules}, err
}
