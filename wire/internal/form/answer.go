package form

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/failure-enrichers/enricher"
)

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

// UnmarshalJSON reads what an enricher says. An unknown field is an error.
func (i *Info) UnmarshalJSON(data []byte) error {
	type info Info
	return strict(data, (*info)(i), "v, name, version, outputKeys, inputKeys, inputValues, labels (key, doc, values), error (option, text)")
}

// An Answer is the answer to a failure.
type Answer struct {
	Labels enricher.Labels `json:"labels,omitempty"`
	Error  *Problem        `json:"error,omitempty"`
}

// UnmarshalJSON reads an answer. An unknown field is an error.
func (a *Answer) UnmarshalJSON(data []byte) error {
	type answer Answer
	return strict(data, (*answer)(a), "labels, error (option, text)")
}

func strict(data []byte, into any, known string) error {
	decoder := json.NewDecoder(bytes.NewReader(data))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return fmt.Errorf("%w; known fields: %s", err, known)
	}
	return nil
}

// A Problem is an error in an answer.
type Problem struct {
	Option string `json:"option,omitempty"` // that it is about
	Text   string `json:"text"`
}
