package enricher

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// A Rejection is an enricher that was configured but refused.
type Rejection struct {
	Name string // as configured
	Err  error  // names the enricher, says what is wrong and what would be right
}

// MarshalJSON writes r with the error as text.
func (r Rejection) MarshalJSON() ([]byte, error) {
	return json.Marshal(struct {
		Name  string `json:"name"`
		Error string `json:"error"`
	}{r.Name, guard.Text(r.Err)})
}

// An OverlapError says that several enrichers declare the same output key. All
// of them are refused, since whose label it would be is anybody's guess.
type OverlapError struct {
	Key       string
	Enrichers []string // in configured order
}

func (e *OverlapError) Error() string {
	return fmt.Sprintf("output key %q is declared by %s: want it declared by one enricher only", e.Key, quoted(e.Enrichers))
}

// A CycleError says that enrichers wait for each other's labels, so that none
// of them could ever start. All of them are refused.
type CycleError struct {
	Enrichers []string // in configured order

	reads []string // for the message: which of them reads what of which
}

// maxReads bounds a message: many enrichers may all read from each other.
const maxReads = 16

func (e *CycleError) Error() string {
	var reads string
	if shown := e.reads[:min(len(e.reads), maxReads)]; len(shown) > 0 {
		reads = strings.Join(shown, ", ")
		if more := len(e.reads) - len(shown); more > 0 {
			reads += fmt.Sprintf(" and %d more", more)
		}
		reads = " (" + reads + ")"
	}
	if len(e.Enrichers) == 1 {
		return fmt.Sprintf("enricher %q waits for its own labels%s: want no input key among its output keys", e.Enrichers[0], reads)
	}
	return fmt.Sprintf("enrichers %s wait for each other's labels%s: want no circle of input keys", quoted(e.Enrichers), reads)
}
