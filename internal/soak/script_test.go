package soak_test

import (
	"fmt"
	"hash/fnv"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
)

// An end is how one call ends.
type end int

const (
	answers end = iota
	fails
	panics
	exits
	hangs // until its generation is freed, whatever its context says; then it answers
	obeys // until its context ends, or its generation is freed
)

// A script is what one enricher does with one failure. It depends on nothing
// else, so that both tell what it was.
type script struct {
	takes time.Duration
	heeds bool // gives up when its context ends before that
	end   end
	leaks bool
	lies  []lie
}

// atOnce reports whether the call returns, one way or the other, in no time.
func (s script) atOnce() bool { return s.takes == 0 && s.end != hangs && s.end != obeys }

// givesUp reports whether the call returns when its context ends.
func (s script) givesUp() bool { return s.end == obeys || s.heeds && s.takes > 0 }

// A lie adds what it must not to the labels of an enricher.
type lie func(s *spec, labels enricher.Labels)

var lies = []lie{
	func(_ *spec, labels enricher.Labels) {
		labels["undeclared"] = "x"
		labels[strings.Repeat("long", 50)] = "x"
	},
	func(s *spec, labels enricher.Labels) {
		if s.stolen != "" {
			labels[s.stolen] = "stolen"
		}
	},
	func(_ *spec, labels enricher.Labels) {
		for i := range 100 {
			labels[fmt.Sprintf("flood-%d", i)] = ""
		}
	},
	onKey(0, "not UTF-8: \xff"),
	onKey(0, ""),
	onKey(1, "a bell\a"),
	onKey(1, "next line\u0085"),
	onKey(2, "tab\tand newline\n"), // is none
	onKey(0, strings.Repeat("日本", 1<<12)),
	onKey(2, strings.Repeat("ähm, ", 1<<12)),
	onKey(3, strings.Repeat("日本", 700)+"\x00"),
}

// onKey returns a lie about the n-th key.
func onKey(n int, value string) lie {
	return func(s *spec, labels enricher.Labels) {
		if n < len(s.keys) {
			labels[s.keys[n]] = value
		}
	}
}

// script returns what s does with a failure.
func (s *spec) script(id uint64) script {
	random := rand.New(rand.NewPCG(s.seed, id))
	sc := script{end: s.ends[random.IntN(len(s.ends))], heeds: random.IntN(2) == 0}
	if s.slow && random.IntN(2) == 0 {
		sc.takes = upTo(random, s.slowest)
		if random.IntN(2) == 0 {
			sc.takes /= 16
		}
	}
	sc.leaks = s.leaks && random.IntN(4) == 0
	if s.lies {
		for range random.IntN(4) {
			sc.lies = append(sc.lies, lies[random.IntN(len(lies))])
		}
	}
	return sc
}

// says returns the labels that s returns for a failure, if it answers.
func (s *spec) says(id uint64, sc script, inputs enricher.Labels) enricher.Labels {
	if s.shares {
		id = 0
	}
	labels := make(enricher.Labels, len(s.keys))
	for _, key := range s.keys {
		// What tells one from the other comes first: values may be cut.
		labels[key] = fmt.Sprintf("%x %08x %s", id, digest(inputs), key)
	}
	for _, lie := range sc.lies {
		lie(s, labels)
	}
	if len(labels) == 0 && id%2 == 0 {
		return nil
	}
	return labels
}

// digest tells sets of labels apart.
func digest(labels enricher.Labels) uint32 {
	h := fnv.New32a()
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		fmt.Fprintf(h, "%s=%s\n", key, labels[key])
	}
	return h.Sum32()
}

// An issue is an enricher.LabelIssue with the error that it must be.
type issue struct {
	key string
	err error
}

// keep returns what may become of labels, by the rules of docs/design.md.
func keep(labels enricher.Labels, declared []string, limits enricher.Limits) (kept enricher.Labels, issues []issue) {
	kept = enricher.Labels{}
	for _, key := range slices.Sorted(maps.Keys(labels)) {
		value := labels[key]
		switch {
		case !slices.Contains(declared, key):
			issues = append(issues, issue{key[:min(len(key), 128)], enricher.ErrUndeclaredKey})
		case !utf8.ValidString(value) || strings.ContainsFunc(value, forbidden):
			issues = append(issues, issue{key, enricher.ErrInvalidValue})
		case len(kept) == limits.MaxLabels:
			issues = append(issues, issue{key, enricher.ErrTooManyLabels})
		case len(value) > limits.MaxValueLength:
			kept[key] = strings.ToValidUTF8(value[:limits.MaxValueLength], "")
			issues = append(issues, issue{key, enricher.ErrValueTruncated})
		default:
			kept[key] = value
		}
	}
	return kept, issues[:min(len(issues), 64)]
}

func forbidden(r rune) bool { return unicode.IsControl(r) && r != '\t' && r != '\n' }

// upTo returns a random duration below d.
func upTo(random *rand.Rand, d time.Duration) time.Duration {
	return time.Duration(random.Int64N(int64(d)))
}
