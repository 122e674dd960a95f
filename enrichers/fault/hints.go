package fault

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/internal/evidence"
	"github.com/failure-enrichers/enricher/internal/evidence/inspect"
	"github.com/failure-enrichers/enricher/internal/nearest"
	"github.com/failure-enrichers/enricher/internal/text"
)

// A hint is a sentence for the person who has to act.
type hint struct {
	text     string
	ended    bool      // about a failure of type CANCELLED
	override *override // if it is one of option hints: what it matches
}

// hints are the hints of the options. Their methods may be called concurrently.
type hints struct {
	own      []*hint // of option hints, by what they match, ascending
	types    []*hint // of those, the ones that match a type
	codes    map[code]*hint
	defaults map[code]*hint // empty without option default-hints
}

// maxHint bounds a hint, in bytes.
const maxHint = 512

// hints returns the hints, nil if there are none, or an error for each that is wrong.
func (o Options) hints() (*hints, error) {
	if len(o.Hints) == 0 && !o.DefaultHints {
		return nil, nil
	}
	h := &hints{codes: map[code]*hint{}}
	var errs []error
	for _, match := range slices.Sorted(maps.Keys(o.Hints)) {
		own := &hint{text: o.Hints[match], override: &override{option: "hints", key: match}}
		h.own = append(h.own, own)
		err := h.add(own)
		if err == nil && (own.text == "" || own.text != text.Clean(own.text, maxHint)) {
			err = fmt.Errorf("the hint must have 1 to %d bytes, without control characters", maxHint)
		}
		if err != nil {
			errs = append(errs, &enricher.ConfigError{Option: "hints", Err: fmt.Errorf("%q: %w", match, err)})
		}
	}
	if o.DefaultHints {
		h.defaults = defaultsByCode
	}
	return h, errors.Join(errs...)
}

// add adds a hint of a code, such as "errno ENOSPC", or of a Go type.
func (h *hints) add(own *hint) error {
	match := own.override.key
	at := strings.LastIndexByte(match, ' ')
	if at < 0 {
		if err := inspect.CheckTypeName(match); err != nil {
			return fmt.Errorf("%w; or a code after its kind, such as \"errno ENOSPC\"; CODES.md of package fault has the kinds", err)
		}
		for _, other := range h.types {
			if strings.EqualFold(other.override.key, match) {
				return fmt.Errorf("conflicts with %q: matches are case-insensitive", other.override.key)
			}
		}
		h.types = append(h.types, own)
		return nil
	}
	c := code{evidence.Kind(match[:at]), upper(match[at+1:])}
	known := slices.IndexFunc(kinds, func(k evidence.Kind) bool { return strings.EqualFold(string(k), string(c.kind)) })
	if known < 0 {
		return fmt.Errorf("unknown kind of code %q: CODES.md of package fault has the kinds%s", c.kind, nearest.Hint(string(c.kind), names(kinds)))
	}
	c.kind = kinds[known]
	if other := h.codes[c]; other != nil {
		return fmt.Errorf("conflicts with %q: matches are case-insensitive", other.override.key)
	}
	h.codes[c] = own
	return checkCode(c)
}

// kinds are the kinds of codes that have hints.
var kinds = func() []evidence.Kind {
	all := []evidence.Kind{evidence.Errno, evidence.Signal, evidence.ExitReason, evidence.OwnCode}
	for _, t := range evidence.Tables() {
		if !slices.Contains(all, t.Kind) {
			all = append(all, t.Kind)
		}
	}
	return all
}()

func names(kinds []evidence.Kind) (all []string) {
	for _, k := range kinds {
		all = append(all, string(k))
	}
	return all
}

// checkCode returns an error if there cannot be such a code, as far as that is known.
func checkCode(c code) error {
	switch c.kind {
	case evidence.Errno:
		return checkErrno(c.text)
	case evidence.SQLState:
		return checkSQLState(c.text)
	case evidence.HTTPStatus:
		return checkStatus(c.text)
	case evidence.GRPCStatus:
		return oneOf("gRPC code", evidence.GRPCCodes())(c.text)
	case evidence.Signal:
		return oneOf("signal", evidence.Signals())(c.text)
	case evidence.ExitReason:
		reasons := evidence.ExitReasons()
		if !slices.ContainsFunc(reasons, func(reason string) bool { return strings.EqualFold(reason, c.text) }) {
			return fmt.Errorf("%w (other reasons have the kind \"code\")", oneOf("exit reason", reasons)(c.text))
		}
	case evidence.ExitStatus:
		if n, err := strconv.Atoi(c.text); err == nil {
			if e := evidence.OfExitStatus(n); e.Kind == evidence.Signal {
				return fmt.Errorf("is the status of a command that was ended by a signal: must be \"signal %s\"", e.Code)
			}
		}
		return checkExitStatus(c.text)
	}
	return nil
}

// of returns the hint of a failure with type t, and what it is about, or nil. Of
// option hints the outermost error decides. Of default hints one that is about a
// failure of this type is preferred, and then the outermost.
func (h *hints) of(cause error, t Type) (found *hint, why string) {
	if h == nil {
		return nil, ""
	}
	for err := range enricher.Chain(cause) {
		if i := slices.IndexFunc(h.types, func(own *hint) bool { return inspect.IsType(err, own.override.key) }); i >= 0 {
			return h.types[i], "option " + h.types[i].override.String()
		}
		codes := evidence.CodesOf(err)
		for _, e := range codes {
			if own := lookUp(h.codes, e); own != nil {
				return own, "option " + own.override.String()
			}
		}
		if len(h.defaults) == 0 || found != nil && found.ended == (t == Cancelled) {
			continue
		}
		e := evidence.Main(codes)
		byDefault, reason := lookUp(h.defaults, e), e.Reason()
		if byDefault == nil {
			byDefault, reason = ofStandard(err)
		}
		if byDefault != nil && (found == nil || byDefault.ended == (t == Cancelled)) {
			found, why = byDefault, reason
		}
	}
	if len(h.codes) > 0 { // a text may have one
		if own := lookUp(h.codes, evidence.Of(cause).Code); own != nil {
			return own, "option " + own.override.String()
		}
	}
	return found, why
}

// lookUp returns the hint of a code, or else of its class.
func lookUp(codes map[code]*hint, e evidence.Evidence) *hint {
	if len(codes) == 0 || e.Code == "" {
		return nil
	}
	if h := codes[code{e.Kind, upper(e.Code)}]; h != nil {
		return h
	}
	return codes[code{e.Kind, upper(classOf(e))}]
}

// describe describes the label.
func (h *hints) describe() enricher.LabelDescription {
	d := enricher.LabelDescription{Key: KeyHint, Doc: "What the person who has to act should know."}
	for _, own := range h.own {
		d.Values = append(d.Values, own.text)
	}
	if len(h.defaults) > 0 {
		for i := range defaultHints {
			d.Values = append(d.Values, defaultHints[i].text)
		}
	}
	slices.Sort(d.Values)
	d.Values = slices.Compact(d.Values)
	return d
}
