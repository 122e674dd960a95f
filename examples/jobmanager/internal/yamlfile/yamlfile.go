// Package yamlfile decodes YAML files with errors that begin with file and line.
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

// Decode decodes the first document in data into a map or a struct, which must
// have a field for every key. If there is nothing but comments, it sets nothing.
// name is used in messages.
func Decode(name string, data []byte, into any) error {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	dec.KnownFields(true)
	err := dec.Decode(into)
	if err == nil || errors.Is(err, io.EOF) {
		return nil
	}
	texts := []string{strings.TrimPrefix(err.Error(), "yaml: ")}
	if several, ok := errors.AsType[*yaml.TypeError](err); ok {
		texts = several.Errors
	}
	var errs []error
	for _, text := range texts {
		errs = append(errs, fmt.Errorf("%s:%s", name, position.ReplaceAllString(" "+text, "$1: ")))
	}
	return errors.Join(errs...)
}

// position is how the YAML parser begins a message if it knows the line.
var position = regexp.MustCompile(`^ line (\d+): `)
