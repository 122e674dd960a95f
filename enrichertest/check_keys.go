package enrichertest

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
)

func checkOutputKeys(_ *suite, r *report, in *instance) {
	checkEachKey(r, "OutputKeys", in.keys.outputs, in.keys.outputsCrash)
}

func checkInputKeys(_ *suite, r *report, in *instance) {
	if _, ok := in.fe.(enricher.LabelReader); !ok {
		r.skipped = "the enricher is no LabelReader"
		return
	}
	checkEachKey(r, "InputKeys", in.keys.inputs, in.keys.inputsCrash)
	for _, key := range in.keys.inputs {
		if slices.Contains(in.keys.outputs, key) {
			r.addf("", "InputKeys has %q, which is an output key too", key)
		}
	}
}

// checkEachKey reports keys that are not valid or not distinct.
func checkEachKey(r *report, method string, keys []string, crash *crash) {
	if crash != nil {
		r.addf("", "%s %v", method, crash)
	}
	for i, key := range keys {
		if key == "" || len(key) > 128 || !utf8.ValidString(key) || strings.ContainsFunc(key, unicode.IsControl) {
			r.addf("", "%s has %.200q, which is not valid (%d bytes)", method, key, len(key))
		}
		if slices.Contains(keys[:i], key) {
			r.addf("", "%s has %.200q several times", method, key)
		}
	}
}

func checkStableKeys(s *suite, r *report, in *instance) {
	if in.keys.outputsCrash != nil || in.keys.inputsCrash != nil {
		r.skipped = "the keys are not known: see output-keys and input-keys"
		return
	}
	compareKeys(r, in.keys, in, "when they are asked for again")
	for _, i := range sample(s.passOf(r).answered, 24) {
		if in.process(i).crash != nil {
			return
		}
	}
	compareKeys(r, in.keys, in, "after some failures")

	// If there are no options, a configuration may have none or an empty list.
	options := s.options
	if len(options) == 0 {
		options = map[string]any{}
	}
	other, err := s.create(options)
	if err != nil {
		r.addf("", "one more enricher of the same options cannot be made: %s", text(err))
		return
	}
	defer other.close()
	compareKeys(r, in.keys, other, "of another enricher of the same options")
}

// compareKeys reports keys of an enricher that are not as they were.
func compareKeys(r *report, were keys, in *instance, when string) {
	are := in.askKeys()
	if !slices.Equal(were.outputs, are.outputs) {
		r.addf("", "OutputKeys were %q and are %q %s", were.outputs, are.outputs, when)
	}
	if !slices.Equal(were.inputs, are.inputs) {
		r.addf("", "InputKeys were %q and are %q %s", were.inputs, are.inputs, when)
	}
}
