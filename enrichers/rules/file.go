package rules

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/decode"
)

const (
	maxFileSize = 1 << 20
	maxRules    = 10_000 // and as many examples
)

// A document is what a file of rules holds.
type document struct {
	All      bool
	Rules    []Rule
	Examples []Example
}

// parseFile makes rules of the content of a file.
func parseFile(data []byte, all bool) (*ruleSet, []error) {
	raw, err := parseJSON(data)
	if err != nil {
		return nil, []error{err}
	}
	object, ok := raw.(map[string]any)
	if !ok {
		return nil, []error{fmt.Errorf(`want an object such as {"rules": [...]}`)}
	}
	doc, errs := decodeDocument(object)
	if len(errs) > 0 {
		return nil, errs
	}
	set, errs := newRuleSet(doc.Rules, doc.All || all)
	if len(errs) > 0 {
		return nil, errs
	}
	return set, set.check(doc.Examples)
}

func decodeDocument(raw map[string]any) (doc document, errs []error) {
	var wire struct {
		All      bool
		Rules    []map[string]any
		Examples []map[string]any
	}
	if errs := keyErrors("", decode.Into(raw, &wire)); len(errs) > 0 {
		return doc, errs
	}
	doc.All = wire.All
	doc.Rules, errs = decodeRules(wire.Rules)
	examples, more := decodeExamples(wire.Examples)
	doc.Examples = examples
	return doc, append(errs, more...)
}

func decodeRules(raw []map[string]any) (rules []Rule, errs []error) {
	if len(raw) > maxRules {
		return nil, []error{fmt.Errorf("there are %d rules: want at most %d", len(raw), maxRules)}
	}
	for i, raw := range raw {
		var r Rule
		numberAsText(raw)
		err := decode.Into(raw, &r)
		name := ruleName(i+1, nameIn(raw))
		errs = append(errs, keyErrors(name+": ", err)...)
		for _, key := range emptyTexts(raw) {
			errs = append(errs, fmt.Errorf("%s: key %q: it is empty: want a condition, or no such key", name, key))
		}
		rules = append(rules, r)
	}
	return rules, errs
}

func decodeExamples(raw []map[string]any) (examples []Example, errs []error) {
	if len(raw) > maxRules {
		return nil, []error{fmt.Errorf("there are %d examples: want at most %d", len(raw), maxRules)}
	}
	for i, raw := range raw {
		var e Example
		err := decode.Into(raw, &e)
		errs = append(errs, keyErrors(exampleName(i+1, nameIn(raw))+": ", err)...)
		examples = append(examples, e)
	}
	return examples, errs
}

// numberAsText lets an attempt be written as a number.
func numberAsText(raw map[string]any) {
	for key, value := range raw {
		switch value.(type) {
		case json.Number, int, int64, uint64, float64:
			if strings.EqualFold(key, "attempt") {
				raw[key] = fmt.Sprint(value)
			}
		}
	}
}

// emptyTexts returns the keys of conditions that are there and empty, which in a
// Rule would be as if they were not.
func emptyTexts(raw map[string]any) (keys []string) {
	for key, value := range raw {
		if value == "" && (strings.EqualFold(key, "message") || strings.EqualFold(key, "attempt")) {
			keys = append(keys, key)
		}
	}
	slices.Sort(keys)
	return keys
}

// nameIn returns the name in a rule or an example that may not be decodable.
func nameIn(raw map[string]any) string {
	for key, value := range raw {
		if name, ok := value.(string); ok && strings.EqualFold(key, "name") {
			return name
		}
	}
	return ""
}

// ruleName is what errors and explanations call a rule.
func ruleName(number int, name string) string { return numbered("rule", number, name) }

func exampleName(number int, name string) string { return numbered("example", number, name) }

func numbered(what string, number int, name string) string {
	if name == "" {
		return fmt.Sprintf("%s %d", what, number)
	}
	return fmt.Sprintf("%s %d %q", what, number, name)
}

// keyErrors returns the errors of package decode, which name a key each.
func keyErrors(prefix string, err error) (errs []error) {
	if err == nil {
		return nil
	}
	for _, err := range parts(err) {
		if e, ok := err.(*decode.Error); ok {
			err = fmt.Errorf("key %q: %w", e.Option, e.Err)
		}
		errs = append(errs, fmt.Errorf("%s%w", prefix, err))
	}
	return errs
}
