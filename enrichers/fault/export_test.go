package fault

import (
	"reflect"
	"strings"
)

// DefaultHintMatches returns what the default hints match, as option hints has it.
func DefaultHintMatches() []string {
	var all []string
	for c := range defaultsByCode {
		all = append(all, string(c.kind)+" "+c.text)
	}
	return all
}

// DefaultHintCodes returns how many codes the default hints have, those that stand twice
// counted twice.
func DefaultHintCodes() (n int) {
	for _, d := range defaultHints {
		for _, codes := range reflect.ValueOf(*d).Fields() {
			if codes.Kind() == reflect.String {
				n += len(strings.Fields(codes.String()))
			}
		}
	}
	return n
}
