//go:build linux

package corpustest

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"math"
	"strings"
	"testing"
)

// An order is what the jobs of these tests read.
type order struct {
	ID    int `json:"id" xml:"id" yaml:"id"`
	Price int `json:"price" xml:"price" yaml:"price"`
}

// jsonFailures are those of structured documents.
var jsonFailures = []provocation{
	{"json syntax", fromJSON(`{"id": 1,}`)},
	{"json of another type", fromJSON(`{"id": "seven"}`)},
	{"json number out of range", fromJSON(`{"id": 1e99}`)},
	{"json cut", fromJSON(`{"id": 1`)},
	{"json empty", fromJSON(``)},
	{"json stream cut", func(*testing.T) error {
		var o order
		return fmt.Errorf("read order 2: %w", json.NewDecoder(strings.NewReader(`{"id":`)).Decode(&o))
	}},
	{"json with an unknown field", func(*testing.T) error {
		decoder := json.NewDecoder(strings.NewReader(`{"identity": 1}`))
		decoder.DisallowUnknownFields()
		return fmt.Errorf("parse parameters: %w", decoder.Decode(&order{}))
	}},
	{"json into no pointer", fromJSONInto(`{}`, order{})},
	{"json of a channel", func(*testing.T) error {
		_, err := json.Marshal(map[string]any{"done": make(chan int)})
		return fmt.Errorf("write state: %w", err)
	}},
	{"json of a number that is none", func(*testing.T) error {
		_, err := json.Marshal(math.NaN())
		return fmt.Errorf("write mean: %w", err)
	}},
	{"json of a value that cannot say", func(*testing.T) error {
		_, err := json.Marshal(map[string]any{"at": unsayable{}})
		return fmt.Errorf("write state: %w", err)
	}},
	{"xml syntax", fromXML(`<order><id>1</order>`)},
	{"xml cut", fromXML(`<order><id>1`)},
	{"xml of another element", fromXML(`<invoice/>`)},
	{"xml of another type", fromXML(`<order><id>seven</id></order>`)},
}

// An unsayable value has no JSON.
type unsayable struct{}

func (unsayable) MarshalJSON() ([]byte, error) { return nil, fmt.Errorf("no time zone") }

func fromJSON(text string) func(*testing.T) error { return fromJSONInto(text, &order{}) }

func fromJSONInto(text string, into any) func(*testing.T) error {
	return func(*testing.T) error {
		return fmt.Errorf("parse order: %w", json.Unmarshal([]byte(text), into))
	}
}

func fromXML(text string) func(*testing.T) error {
	return func(*testing.T) error {
		into := struct {
			XMLName xml.Name `xml:"order"`
			order
		}{}
		return fmt.Errorf("parse order: %w", xml.Unmarshal([]byte(text), &into))
	}
}
