package rules

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
)

// An attempt is a condition on the number of an attempt. Every attempt meets the
// zero value.
type attempt struct {
	operator string
	number   int
}

const last = "last" // the operator for the last attempt

// operators are those before a number, longer ones first.
var operators = []string{">=", "<=", "!=", ">", "<", "="}

// parseAttempt parses a number or a text.
func parseAttempt(condition any) (attempt, error) {
	if condition == nil {
		return attempt{}, nil
	}
	rest := strings.TrimSpace(fmt.Sprint(condition))
	if rest == "" {
		return attempt{}, errEmpty
	}
	if rest == last {
		return attempt{operator: last}, nil
	}
	a := attempt{operator: "="}
	if i := slices.IndexFunc(operators, func(o string) bool { return strings.HasPrefix(rest, o) }); i >= 0 {
		a.operator = operators[i]
		rest = strings.TrimSpace(rest[len(a.operator):])
	}
	n, err := strconv.ParseUint(rest, 10, 31)
	if err != nil || n == 0 {
		return attempt{}, fmt.Errorf(`%.64q: must be a positive number such as 3, a comparison such as ">= 3", or "last"`, fmt.Sprint(condition))
	}
	if a.number = int(n); a.operator == "<" && n == 1 {
		return attempt{}, fmt.Errorf("%.64q: can never match, as the first attempt is 1", fmt.Sprint(condition))
	}
	return a, nil
}

// match reports whether the attempt meets the condition. An attempt whose number
// is unknown, 0, does not meet any comparison.
func (a attempt) match(fc *enricher.FailureContext) bool {
	n := fc.Attempt
	switch a.operator {
	case "":
		return true
	case last:
		return fc.Final()
	case "=":
		return n == a.number
	case "!=":
		return n > 0 && n != a.number
	case "<":
		return n > 0 && n < a.number
	case "<=":
		return n > 0 && n <= a.number
	case ">":
		return n > a.number
	}
	return n >= a.number
}
