package evidence

import "strings"

// passing are words with which servers say that what they reject now, with a status that
// mostly stays, may be accepted later.
var passing = []string{
	"try again", "please retry", "retry later", "temporarily", "transient state", "another operation", "in progress", "busy", "is locked",
	"is pending", "pending event", "being created", "being deleted", "being updated", "being terminated", "not ready", "not yet",
	"rate limit exceeded", "too many requests", "no such container", "base branch was modified",
}

// askingAgain are words with which services ask for a later attempt, limit a rate, or say
// that they elect a leader.
var askingAgain = []string{
	"try again later", "try again soon", "please retry", "retry later",
	"too many requests", "exceeded rate limit", "rate limit exceeded", "no leader", "not leader", "not the leader",
}

// has reports whether text has one of words.
func has(text string, words []string) bool {
	text = strings.ToLower(text)
	for _, word := range words {
		for rest := text; ; {
			start := strings.Index(rest, word)
			if start < 0 {
				break
			}
			end := start + len(word)
			if (start == 0 || !isLetter(rest[start-1])) && (end == len(rest) || !isLetter(rest[end])) {
				return true
			}
			rest = rest[end:]
		}
	}
	return false
}

func isLetter(b byte) bool { return 'a' <= b && b <= 'z' }

// doubt withdraws that err is terminal, if that is only known from a status and the text
// says that it passes. What was decided before err was judged is before.
func (v *Verdict) doubt(err error, before Evidence) {
	if e := v.Retry; e == before || e.Retry != Terminal || e.Weight != Coded || e.Kind != HTTPStatus && e.Kind != GRPCStatus && e.Kind != "" {
		return
	}
	defer func() { _ = recover() }()
	if has(proseOf(err), passing) {
		v.add(Evidence{Weight: Specific, Retry: Undecided, Why: "the text says that it may pass"})
	}
}
