package evidence

import "strings"

// passing are words with which servers say that what they reject now, with a status that
// mostly stays, may be accepted later.
var passing = []string{
	"try again", "please retry", "retry later", "temporarily", "transient state", "another operation", "in progress", "is busy", "is locked",
	"is pending", "pending event", "being created", "being deleted", "being updated", "being terminated", "not ready", "not yet", "no such container",
}

// askingAgain are those of them that ask for a later attempt.
var askingAgain = []string{"try again later", "try again soon", "try again in ", "please retry", "retry later"}

// has reports whether text, of which only the beginning is looked at, has one of words.
func has(text string, words []string) bool {
	text = strings.ToLower(text[:min(len(text), maxProse)])
	for _, word := range words {
		if strings.Contains(text, word) {
			return true
		}
	}
	return false
}

// doubt withdraws that err is terminal, if that is only known from a status and the text
// says that it passes. What was decided before err was judged is before.
func (v *Verdict) doubt(err error, before Evidence) {
	if e := v.Retry; e == before || e.Retry != Terminal || e.Weight != Coded || e.Kind != HTTPStatus && e.Kind != GRPCStatus && e.Kind != "" {
		return
	}
	defer func() { _ = recover() }()
	if has(err.Error(), passing) {
		v.add(Evidence{Weight: Specific, Retry: Undecided, Why: "the text says that it may pass"})
	}
}
