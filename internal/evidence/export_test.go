//go:build linux

package evidence

import "slices"

// The tables of codes that are no [Table], for their document.
var (
	ErrnoTable  = errnos
	SignalTable = signals
	ReasonTable = exitReasons
)

// Row returns what a row says.
func (r errnoRow) Row() (string, Fault, Retry) { return r.name, r.fault, r.retry }

// JudgeOf returns what the client of the package at path says about err alone, and
// whether there is one.
func JudgeOf(path string, err error) (Verdict, bool) {
	var v Verdict
	c, ok := clientOf(path)
	if ok {
		v.apply(c.judge, err)
	}
	return v, ok
}

// Texts returns the texts of clients, those that stand twice also twice.
func Texts() (all []string) {
	for _, row := range slices.Concat(textRows, libraryTexts) {
		all = append(all, row.lines()...)
	}
	return all
}
