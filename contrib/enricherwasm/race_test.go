//go:build race

package enricherwasm_test

func init() { race = true }
