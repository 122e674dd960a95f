package fault

// DefaultHintMatches returns what the default hints match, as option hints has it.
func DefaultHintMatches() []string {
	var all []string
	for c := range defaultsByCode {
		all = append(all, string(c.kind)+" "+c.text)
	}
	return all
}
