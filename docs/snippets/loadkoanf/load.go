// Package loadkoanf loads a configuration with koanf.
package loadkoanf

import (
	"strings"

	"github.com/knadh/koanf/parsers/yaml"
	"github.com/knadh/koanf/providers/env/v2"
	"github.com/knadh/koanf/providers/file"
	"github.com/knadh/koanf/v2"

	"github.com/failure-enrichers/enricher"
)

// Load reads a file, and lets the environment override it:
// JOBMANAGER__FAILURE_ENRICHMENT__TIMEOUT=2s.
func Load(path string) (enricher.Config, error) {
	k := koanf.New(".")
	if err := k.Load(file.Provider(path), yaml.Parser()); err != nil {
		return enricher.Config{}, err
	}
	err := k.Load(env.Provider(".", env.Opt{
		Prefix: "JOBMANAGER__",
		TransformFunc: func(key, value string) (string, any) {
			key = strings.ReplaceAll(strings.ToLower(key), "__", ".")
			if !k.Exists("jobmanager") { // a file without this level
				key = strings.TrimPrefix(key, "jobmanager.")
			}
			return strings.ReplaceAll(key, "_", "-"), value
		},
	}), nil)
	if err != nil {
		return enricher.Config{}, err
	}
	return enricher.ParseConfig(k.Raw())
}
