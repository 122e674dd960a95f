package rules

import "github.com/failure-enrichers/enricher/enrichers/internal/reload"

// Literal is for the test of a claim about all expressions.
var Literal = literal

// Parse makes rules of the content of a file.
func Parse(data []byte) (*Enricher, []error) {
	set, errs := parseFile(data, false)
	if len(errs) > 0 {
		return nil, errs
	}
	return newEnricher(reload.Fixed(set)), nil
}
