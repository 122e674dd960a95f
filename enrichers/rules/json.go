package rules

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// parseJSON returns the value that data holds, numbers as [json.Number]. Unlike
// package json, it refuses what is not UTF-8 and keys that are given twice, and
// its errors say the line and the column, in characters.
func parseJSON(data []byte) (any, error) {
	for i := 0; i < len(data); {
		r, size := utf8.DecodeRune(data[i:])
		if r == utf8.RuneError && size == 1 {
			return nil, at(data, i, fmt.Errorf("the byte 0x%02x is not valid UTF-8", data[i]))
		}
		i += size
	}
	// Checked as a whole first: the errors of a decoder have no place, or a
	// wrong one.
	if err := json.Unmarshal(data, new(json.RawMessage)); err != nil {
		if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
			i := int(syntax.Offset) - 1 // it counts what was read
			if i+1 >= len(data) && syntax.Error() == "unexpected end of JSON input" {
				i++
			}
			return nil, at(data, i, err)
		}
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return parseValue(data, d)
}

func parseValue(data []byte, d *json.Decoder) (any, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch token {
	case json.Delim('['):
		list := []any{}
		for d.More() {
			item, err := parseValue(data, d)
			if err != nil {
				return nil, err
			}
			list = append(list, item)
		}
		_, err := d.Token()
		return list, err
	case json.Delim('{'):
		object := map[string]any{}
		for d.More() {
			token, err := d.Token()
			if err != nil {
				return nil, err
			}
			key := token.(string) // or it would not be valid
			if _, twice := object[key]; twice {
				return nil, at(data, int(d.InputOffset())-1, fmt.Errorf("key %q is given twice in one object", key))
			}
			if object[key], err = parseValue(data, d); err != nil {
				return nil, err
			}
		}
		_, err := d.Token()
		return object, err
	}
	return token, nil
}

// at returns err with the place of the byte at index i.
func at(data []byte, i int, err error) error {
	before := data[:min(max(i, 0), len(data))]
	line := 1 + bytes.Count(before, []byte("\n"))
	column := 1 + utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:])
	return fmt.Errorf("line %d, column %d: %w", line, column, err)
}
