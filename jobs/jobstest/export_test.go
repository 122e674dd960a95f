package jobstest

import "testing"

// Checks has the checks by name.
func Checks() map[string]func(testing.TB, Manager) {
	all := map[string]func(testing.TB, Manager){}
	for _, c := range checks {
		all[c.name] = c.run
	}
	return all
}
