// Package loadyaml loads a configuration from a YAML file.
package loadyaml

import (
	"os"

	"go.yaml.in/yaml/v3"

	"github.com/failure-enrichers/enricher"
)

// Load reads a file.
func Load(path string) (enricher.Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return enricher.Config{}, err
	}
	var raw map[string]any
	if err := yaml.Unmarshal(text, &raw); err != nil {
		return enricher.Config{}, err
	}
	return enricher.ParseConfig(raw)
}
