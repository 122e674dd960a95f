package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/failure-enrichers/enricher"
)

// A document is the content of a file.
type document struct {
	All      bool
	Rules    []Rule
	Examples []Example
}

// parseFile compiles the rules in the content of the file at path.
func parseFile(path string, data []byte, all bool) (*ruleSet, []error) {
	doc, errs := decode(data)
	if len(errs) == 0 {
		var s *ruleSet
		doc.All = doc.All || all
		if s, errs = compile(doc); len(errs) == 0 {
			return s, nil
		}
	}
	for i, err := range errs {
		errs[i] = fmt.Errorf("%s: %w", path, err)
	}
	return nil, errs
}

// decode decodes JSON as strictly as options are decoded.
func decode(data []byte) (doc document, errs []error) {
	var raw map[string]any
	if err := json.Unmarshal(data, &raw); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			err = fmt.Errorf("line %d: %w", 1+bytes.Count(data[:syntax.Offset], []byte("\n")), err)
		}
		return doc, []error{fmt.Errorf("must be a JSON object: %w", err)}
	}
	for err := range enricher.Chain(enricher.NewFactoryConfig(Name, raw).Decode(&doc)) {
		if ce, ok := err.(*enricher.ConfigError); ok {
			errs = append(errs, fmt.Errorf("%s: %w", ce.Option, ce.Err))
		}
	}
	return doc, errs
}
