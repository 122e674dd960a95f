package enricher

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/failure-enrichers/enricher/internal/graph"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/nearest"
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

// refusals returns the errors of rejected, those that several share only once.
func refusals(rejected []Rejection) (errs []error) {
	for _, r := range rejected {
		own := []error{r.Err}
		if shared, ok := r.Err.(*overlaps); ok {
			own = shared.all
		}
		for _, err := range own {
			if !slices.Contains(errs, err) { // all of them are pointers of ours
				errs = append(errs, err)
			}
		}
	}
	return errs
}

// askKeys asks the enricher for its keys and returns why it cannot be kept.
func (c *candidate) askKeys() error {
	p := guard.Do(func() {
		c.outputs = slices.Clone(c.fe.OutputKeys())
		var r LabelReader
		if r, c.reader = c.fe.(LabelReader); c.reader {
			c.inputs = slices.Clone(r.InputKeys())
		}
	})
	if p != nil {
		return &EnricherError{c.name, fmt.Errorf("asked for its keys: %w", NewPanicError(p.Value, p.Stack))}
	}
	var errs []error
	for _, key := range c.outputs {
		if err := CheckKey(key); err != nil {
			errs = append(errs, fmt.Errorf("output key %w", err))
		}
	}
	if len(errs) > 0 {
		return &EnricherError{c.name, errors.Join(errs...)}
	}
	return nil
}

// refuseOverlaps refuses all that share an output key with another.
func refuseOverlaps(all []*candidate) {
	setters := map[string][]*candidate{}
	for _, c := range all {
		if c.refused != nil {
			continue
		}
		for _, key := range unique(c.outputs) {
			setters[key] = append(setters[key], c)
		}
	}
	for _, key := range sortedKeys(setters) {
		cs := setters[key]
		if len(cs) < 2 {
			continue
		}
		overlap := &OverlapError{Key: key}
		for _, c := range cs {
			overlap.Enrichers = append(overlap.Enrichers, c.name)
		}
		for _, c := range cs {
			shared, ok := c.refused.(*overlaps)
			if !ok {
				shared = &overlaps{}
				c.refused = shared
			}
			shared.all = append(shared.all, overlap)
		}
	}
}

// overlaps are all the overlaps of one enricher.
type overlaps struct{ all []error }

func (o *overlaps) Error() string   { return errors.Join(o.all...).Error() }
func (o *overlaps) Unwrap() []error { return o.all }

// refuseCircles refuses the readers that wait for each other.
func refuseCircles(all []*candidate) {
	kept := slices.DeleteFunc(slices.Clone(all), func(c *candidate) bool { return c.refused != nil })
	for _, circle := range graph.Cycles(waits(kept)) {
		cycle := &CycleError{}
		setter := map[string]string{} // no key has two: overlaps are refused already
		for _, i := range circle {
			cycle.Enrichers = append(cycle.Enrichers, kept[i].name)
			kept[i].refused = cycle
			for _, key := range kept[i].outputs {
				setter[key] = kept[i].name
			}
		}
		for _, i := range circle {
			for _, key := range unique(kept[i].inputs) {
				switch of, ok := setter[key]; {
				case !ok, key == graph.All:
				case of == kept[i].name:
					cycle.reads = append(cycle.reads, fmt.Sprintf("%q reads its own %q", of, key))
				default:
					cycle.reads = append(cycle.reads, fmt.Sprintf("%q reads %q of %q", kept[i].name, key, of))
				}
			}
		}
	}
}

// waits returns for each enricher the indexes of those whose labels it reads.
func waits(cs []*candidate) [][]int {
	nodes := make([]graph.Node, len(cs))
	for i, c := range cs {
		nodes[i] = graph.Node{Sets: c.outputs, Reads: c.inputs}
	}
	return graph.Waits(nodes)
}

// strays returns an error for each name that has options or a policy although
// there is nothing to have them: somebody switched the enricher off by taking
// its name out of the list, or misspelt it.
func strays(cfg Config, all []*candidate) (errs []error) {
	var names []string
	configured := map[string]*candidate{}
	for _, c := range all {
		names = append(names, c.name)
		configured[fold(c.name)] = c
	}
	check := func(name, section string, ok func(*candidate) bool) {
		c := configured[fold(name)]
		var why string
		switch {
		case c == nil:
			why = "no such enricher is configured: add it to failure-enrichers, or remove this"
			if near, ok := nearest.Name(name, names); ok {
				why += fmt.Sprintf("; did you mean %q?", near)
			}
		case !ok(c):
			why = "the enricher is made in code and takes no options: remove this"
		default:
			return
		}
		errs = append(errs, &ConfigError{name, section, errors.New(why)})
	}
	for _, name := range sortedKeys(cfg.Options) {
		check(name, "failure-enricher", func(c *candidate) bool { return !c.inCode })
	}
	for _, name := range sortedKeys(cfg.Policies) {
		check(name, "failure-enrichment.policies", func(*candidate) bool { return true })
	}
	return errs
}
