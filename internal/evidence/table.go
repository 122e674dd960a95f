package evidence

import (
	"cmp"
	"strconv"
	"strings"
	"sync"
)

// A Table says what the codes of a client or protocol mean. To add a code, add it to
// the row with its meaning.
type Table struct {
	Kind   Kind
	Title  string // what its codes are, for the documentation
	Source string // where they are published
	Weight Weight // by default, [Coded]
	Rows   []Row

	once  sync.Once
	codes map[string]Evidence
}

// A Row has codes that mean the same.
type Row struct {
	Fault Fault
	Retry Retry
	Codes string // separated by white space; its name may stand behind a number: "5=LEADER_NOT_AVAILABLE"
}

// Codes returns the meaning of each code. The map must not be changed.
func (t *Table) Codes() map[string]Evidence {
	t.once.Do(func() {
		t.codes = map[string]Evidence{}
		for _, row := range t.Rows {
			for field := range strings.FieldsSeq(row.Codes) {
				code, name, _ := strings.Cut(field, "=")
				t.codes[code] = Evidence{
					Weight: cmp.Or(t.Weight, Coded),
					Fault:  row.Fault, Retry: row.Retry,
					Kind: t.Kind, Code: code, Why: name,
				}
			}
		}
	})
	return t.codes
}

// of returns the meaning of a code.
func (t *Table) of(code string) (Evidence, bool) {
	e, ok := t.Codes()[code]
	return e, ok
}

// answer returns the meaning of a code with which a server has answered. If it is
// not known, the server has rejected something all the same, but nothing tells
// whether it will again.
func (t *Table) answer(code string) Evidence {
	if e, ok := t.of(code); ok || code == "" {
		return e
	}
	return Evidence{Weight: Typed, Fault: Dependency, Retry: Undecided, Kind: t.Kind, Code: code}
}

// number is like answer, but for a number that is 0 if there is none.
func (t *Table) number(code int64) Evidence {
	if code == 0 {
		return Evidence{}
	}
	return t.answer(strconv.FormatInt(code, 10))
}

// raised returns the meaning of a number that the code of a user in a database has
// raised: only its author knows more.
func (t *Table) raised(code int64) Evidence {
	return Evidence{Weight: Coded, Fault: User, Retry: Undecided, Kind: t.Kind, Code: strconv.FormatInt(code, 10)}
}

// word is like of, but also finds the code before the first dot: clouds refine
// "Throttling" to "Throttling.User".
func (t *Table) word(code string) (Evidence, bool) {
	e, ok := t.of(code)
	if !ok {
		head, _, dotted := strings.Cut(code, ".")
		if !dotted {
			return e, false
		}
		if e, ok = t.of(head); ok {
			e.Code = code
		}
	}
	return e, ok
}
