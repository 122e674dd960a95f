package form

import "github.com/failure-enrichers/enricher"

// An Info is what an enricher says of itself.
type Info struct {
	V           int                         `json:"v"`
	Name        string                      `json:"name,omitempty"`
	Version     string                      `json:"version,omitempty"`
	OutputKeys  []string                    `json:"outputKeys"`
	InputKeys   []string                    `json:"inputKeys,omitzero"` // nil: it reads no labels
	InputValues map[string][]string         `json:"inputValues,omitempty"`
	Labels      []enricher.LabelDescription `json:"labels,omitempty"`
	Error       *Problem                    `json:"error,omitempty"`
}

// An Answer is the answer to a failure.
type Answer struct {
	Labels enricher.Labels `json:"labels,omitempty"`
	Error  *Problem        `json:"error,omitempty"`
}

// A Problem is an error in an answer.
type Problem struct {
	Option string `json:"option,omitempty"` // that it is about
	Text   string `json:"text"`
}
