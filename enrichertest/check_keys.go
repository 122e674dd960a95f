package enrichertest

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
)

const (
	contractOutputKeys = "OutputKeys returns keys of 1 to 128 bytes of valid UTF-8 without control characters, each once"
	contractInputKeys  = "InputKeys returns \"*\", or keys that a label can have, each once and none of them an output key of the same enricher, which would wait for itself"
	contractStableKeys = "OutputKeys and InputKeys are asked once, when the enricher is loaded: they are the same, in the same order, for every enricher of the same options and at any time"
)

const maxKeyLength = 128

// validKey reports whether a label can have this key.
func validKey(key string) bool {
	return len(key) >= 1 && len(key) <= maxKeyLength && utf8.ValidString(key) && !strings.ContainsFunc(key, unicode.IsControl)
}

func checkOutputKeys(s *suite, r *report) {
	in, ok := s.instance(r)
	if !ok {
		return
	}
	defer in.close()
	keys, e := in.outputKeys()
	if !e.ok() {
		r.addf("", "OutputKeys %v", e)
		return
	}
	checkEachKey(r, "OutputKeys", keys)
}

func checkInputKeys(s *suite, r *report) {
	in, ok := s.instance(r)
	if !ok {
		return
	}
	defer in.close()
	if _, ok := in.fe.(enricher.LabelReader); !ok {
		r.skip("the enricher is no LabelReader")
		return
	}
	keys, e := in.inputKeys()
	if !e.ok() {
		r.addf("", "InputKeys %v", e)
		return
	}
	checkEachKey(r, "InputKeys", keys)
	outputs, _ := in.outputKeys()
	for _, key := range keys {
		if slices.Contains(outputs, key) {
			r.addf("", "InputKeys has %q, which is an output key too", key)
		}
	}
}

// checkEachKey reports keys that are not valid, or there twice.
func checkEachKey(r *report, method string, keys []string) {
	seen := map[string]bool{}
	for _, key := range keys {
		if !validKey(key) {
			r.addf("", "%s has %.200q, which is no valid key (%d bytes)", method, key, len(key))
		}
		if seen[key] {
			r.addf("", "%s has %.200q several times", method, key)
		}
		seen[key] = true
	}
}

func checkStableKeys(s *suite, r *report) {
	in, ok := s.instance(r)
	if !ok {
		return
	}
	defer in.close()
	first, e := in.keys()
	if !e.ok() {
		r.skip("the keys cannot be had: see output-keys and input-keys")
		return
	}
	first.compare(r, in, "when they are asked for again")
	for _, input := range s.sample(r, 24, 1) {
		in.process(input.failure, input.in)
	}
	first.compare(r, in, "after some failures")

	// For want of options, a configuration may have none or an empty list.
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
	first.compare(r, other, "of another enricher of the same options")
}

// Declared are all keys that an enricher declares. The slices are copies.
type declared struct{ outputs, inputs []string }

// keys asks the enricher for its keys.
func (in *instance) keys() (k declared, e end) {
	for _, ask := range []func(){
		func() { k.outputs, e = in.outputKeys() },
		func() { k.inputs, e = in.inputKeys() },
	} {
		if ask(); !e.ok() {
			return declared{}, e
		}
	}
	return declared{slices.Clone(k.outputs), slices.Clone(k.inputs)}, end{}
}

// compare reports where the keys of an enricher are not k.
func (k declared) compare(r *report, in *instance, when string) {
	other, e := in.keys()
	if !e.ok() {
		r.addf("", "the keys %s: the call %v", when, e)
		return
	}
	if !slices.Equal(k.outputs, other.outputs) {
		r.addf("", "OutputKeys were %q and are %q %s", k.outputs, other.outputs, when)
	}
	if !slices.Equal(k.inputs, other.inputs) {
		r.addf("", "InputKeys were %q and are %q %s", k.inputs, other.inputs, when)
	}
}
