// Package yamlfile parses YAML files with errors for those who wrote them.
package yamlfile

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Parse returns the root of the only document in data, or nil if there is
// nothing but comments. name is used in messages.
func Parse(name string, data []byte) (*yaml.Node, error) {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var first, second yaml.Node
	if err := dec.Decode(&first); errors.Is(err, io.EOF) {
		return nil, nil
	} else if err != nil {
		return nil, explain(name, err)
	}
	if err := dec.Decode(&second); err == nil {
		return nil, fmt.Errorf("%s:%d: got a second YAML document: want one", name, second.Line)
	} else if !errors.Is(err, io.EOF) {
		return nil, explain(name, err)
	}
	return first.Content[0], nil
}

// ParseMap returns the only document in data as a map, or nil if there is nothing
// but comments. name is used in messages.
func ParseMap(name string, data []byte) (map[string]any, error) {
	root, err := Parse(name, data)
	if root == nil || err != nil {
		return nil, err
	}
	if root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: want keys and values", name, root.Line)
	}
	var m map[string]any
	if err := root.Decode(&m); err != nil {
		return nil, explain(name, err)
	}
	return m, nil
}

// position is how the YAML parser begins a message, if it knows the line.
var position = regexp.MustCompile(`^line (\d+): `)

// explain returns an error of the YAML parser with its position in front, as
// compilers have it. Of several it returns the first.
func explain(name string, err error) error {
	text := strings.TrimPrefix(err.Error(), "yaml: ")
	if several, ok := errors.AsType[*yaml.TypeError](err); ok && len(several.Errors) > 0 {
		text = several.Errors[0]
	}
	if m := position.FindStringSubmatch(text); m != nil {
		name, text = name+":"+m[1], text[len(m[0]):]
	}
	return fmt.Errorf("%s: not a YAML file: %s", name, text)
}
