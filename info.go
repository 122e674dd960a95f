package enricher

import (
	"fmt"
	"strings"
)

// An Info describes an enricher that is loaded.
type Info struct {
	Name       string   // as configured
	OutputKeys []string // as it declared them
	InputKeys  []string // of a LabelReader, as it declared them
	Location   Location
}

// A Location says where an enricher comes from. What is not known is empty.
type Location struct {
	Type    string // the Go type of the enricher
	Module  string // the module of its factory, or of itself where it was made in code
	Version string // of the module; "(devel)" in its own working copy
	File    string // where the factory, or else the enricher, is written
	Line    int
}

// String returns l in a line: "*acme.enricher from github.com/acme/enrichers
// v1.2.3 (/src/acme/enricher.go:42)".
func (l Location) String() string {
	s := l.Type
	if l.Module != "" {
		s += " from " + strings.TrimSpace(l.Module+" "+l.Version)
	}
	if l.File != "" {
		s += fmt.Sprintf(" (%s:%d)", l.File, l.Line)
	}
	return s
}
