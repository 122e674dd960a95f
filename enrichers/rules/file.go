package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

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
	if errs = repeated(json.NewDecoder(bytes.NewReader(data)), ""); len(errs) > 0 {
		return doc, errs
	}
	for err := range enricher.Chain(enricher.NewFactoryConfig(Name, raw).Decode(&doc)) {
		if ce, ok := err.(*enricher.ConfigError); ok {
			errs = append(errs, fmt.Errorf("%s: %w", ce.Option, ce.Err))
		}
	}
	return doc, errs
}

// repeated returns an error for each key that an object of the next value in valid
// JSON has twice. Unmarshal takes the last one, so that rules would be lost.
func repeated(d *json.Decoder, path string) (errs []error) {
	open, _ := d.Token()
	if _, ok := open.(json.Delim); !ok {
		return nil
	}
	seen := map[string]bool{}
	for i := 0; d.More(); i++ {
		if open == json.Delim('[') {
			errs = append(errs, repeated(d, fmt.Sprintf("%s[%d]", path, i))...)
			continue
		}
		token, _ := d.Token()
		key := token.(string)
		at := strings.TrimPrefix(path+"."+key, ".")
		if seen[key] {
			errs = append(errs, fmt.Errorf("%s: given twice: remove one of them", at))
		}
		seen[key] = true
		errs = append(errs, repeated(d, at)...)
	}
	_, _ = d.Token() // the end
	return errs
}
