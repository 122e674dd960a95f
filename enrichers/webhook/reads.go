package webhook

import "regexp"

var (
	action = regexp.MustCompile(`(?s)\{\{.*?\}\}`)

	// A label that is read by its name: .Labels.team, or index .Labels "team".
	labelRead = regexp.MustCompile(`\.Labels\)?\.(\w+)|index \$?\.Labels "([^"\\]+)"`)
)

// labelsRead returns the keys of the labels that a template reads by their names.
func labelsRead(text string) []string {
	var keys []string
	for _, code := range action.FindAllString(text, -1) {
		for _, read := range labelRead.FindAllStringSubmatch(code, -1) {
			keys = append(keys, read[1]+read[2])
		}
	}
	return keys
}
