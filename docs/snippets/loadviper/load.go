// Package loadviper loads a configuration with viper.
package loadviper

import (
	"strings"

	"github.com/spf13/viper"

	"github.com/failure-enrichers/enricher"
)

// Load reads a file, and lets the environment override what it sets:
// JOBMANAGER__FAILURE_ENRICHMENT__TIMEOUT=2s.
func Load(path string) (enricher.Config, error) {
	v := viper.New()
	v.SetConfigFile(path)
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "__", "-", "_"))
	v.AutomaticEnv()
	if err := v.ReadInConfig(); err != nil {
		return enricher.Config{}, err
	}
	if !v.IsSet("jobmanager") { // a file without this level
		v.SetEnvPrefix("JOBMANAGER_")
	}
	return enricher.ParseConfig(v.AllSettings())
}
