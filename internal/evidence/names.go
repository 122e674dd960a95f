package evidence

import (
	"reflect"
	"slices"
	"strings"
	"unicode"

	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
)

// ofTypeName judges an error by the name of its type. That is a guess, which counts
// as little as a text.
func ofTypeName(t reflect.Type) (Evidence, bool) { return ofName(inspect.NamedType(t).Name()) }

func ofName(name string) (Evidence, bool) {
	words := wordsOf(name)
	for len(words) > 0 && slices.Contains([]string{"error", "err", "exception", "failure"}, words[len(words)-1]) {
		words = words[:len(words)-1]
	}
	if len(words) == 0 {
		return Evidence{}, false
	}
	e, ok := firstWords[words[0]]
	if len(words) > 1 && (words[0] == "non" || words[0] == "not" || words[0] == "no") {
		e, ok = negations[words[1]]
	} else if !ok {
		if e, ok = lastPair(words); !ok {
			e, ok = lastWords[words[len(words)-1]]
		}
	}
	e.Why = "a type named " + name
	return e, ok
}

// firstWords count more than the last word: an InvalidTimeout is not a timeout.
var firstWords = map[string]Evidence{
	"invalid":       guess(User, Terminal),
	"malformed":     guess(User, Terminal),
	"permanent":     guess("", Terminal),
	"retriable":     guess("", Retryable),
	"retryable":     guess("", Retryable),
	"temporary":     guess("", Retryable),
	"transient":     guess("", Retryable),
	"terminal":      guess("", Terminal),
	"unrecoverable": guess("", Terminal),
	"unretryable":   guess("", Terminal),
}

// lastPair finds the last two words, and a limit of a rate anywhere.
func lastPair(words []string) (e Evidence, ok bool) {
	for i := 1; i < len(words); i++ {
		if words[i-1] == "rate" && words[i] == "limit" {
			return guess(Dependency, Retryable), true
		}
	}
	if len(words) > 1 {
		e, ok = pairs[words[len(words)-2]+" "+words[len(words)-1]]
	}
	return e, ok
}

var pairs = map[string]Evidence{
	"not found":          guess(User, Terminal),
	"not exist":          guess(User, Terminal),
	"already exists":     guess(User, Terminal),
	"already locked":     guess(Dependency, Retryable),
	"state locked":       guess(Dependency, Retryable),
	"resource locked":    guess(Dependency, Retryable),
	"connection closed":  guess(Dependency, Retryable),
	"connection failed":  guess(Dependency, Retryable),
	"connection lost":    guess(Dependency, Retryable),
	"connection problem": guess(Dependency, Retryable),
	"connection refused": guess(Dependency, Retryable),
	"connection reset":   guess(Dependency, Retryable),
}

// negations are words behind Non, Not or No.
var negations = map[string]Evidence{
	"found":       guess(User, Terminal),
	"recoverable": guess("", Terminal),
	"retriable":   guess("", Terminal),
	"retry":       guess("", Terminal),
	"retryable":   guess("", Terminal),
}

// lastWords are those before Error.
var lastWords = map[string]Evidence{
	"argument":    guess(User, Terminal),
	"input":       guess(User, Terminal),
	"invalid":     guess(User, Terminal),
	"malformed":   guess(User, Terminal),
	"parameter":   guess(User, Terminal),
	"parse":       guess(User, Terminal),
	"syntax":      guess(User, Terminal),
	"validation":  guess(User, Terminal),
	"canceled":    guess(Cancelled, Undecided),
	"cancelled":   guess(Cancelled, Undecided),
	"throttled":   guess(Dependency, Retryable),
	"throttling":  guess(Dependency, Retryable),
	"timeout":     guess(Dependency, Retryable),
	"unavailable": guess(Dependency, Retryable),
	"limited":     guess(Dependency, Retryable),
	"oom":         guess(System, Retryable),
}

func guess(f Fault, r Retry) Evidence { return Evidence{Weight: Text, Fault: f, Retry: r} }

// wordsOf returns the words of a name in camel case, in lower case.
func wordsOf(name string) []string {
	name, _, _ = strings.Cut(name, "[") // type arguments
	var words []string
	start := 0
	runes := []rune(name)
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || unicode.IsUpper(runes[i]) && (!unicode.IsUpper(runes[i-1]) || i+1 < len(runes) && unicode.IsLower(runes[i+1])) {
			words = append(words, strings.ToLower(string(runes[start:i])))
			start = i
		}
	}
	return words
}
