//go:build race

package plugin_test

func init() { race = true }
