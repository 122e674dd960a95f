package fingerprint

import (
	"context"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher"
)

// Name is what the enricher is registered as.
const Name = "fingerprint"

// The keys of its labels.
const (
	KeyFingerprint = "fingerprint"         // 16 hexadecimal digits
	KeyMessage     = "fingerprint_message" // the normalized message
)

// Options are the options of the enricher. The comments give their names in a
// configuration.
type Options struct {
	// NoMessage leaves out the label fingerprint_message (no-message). By default,
	// it is set.
	NoMessage bool

	// MessageLength is how many bytes of the message to keep, 16 to 4096
	// (message-length). By default, and where it is 0, 256. A longer one is cut,
	// and ends in "…". It has no effect on the fingerprint.
	MessageLength int
}

// The bounds and the default of MessageLength.
const (
	minMessageLength     = 16
	maxMessageLength     = 4096
	defaultMessageLength = 256
)

func init() {
	enricher.Register(Name, enricher.NewFactory(Options{},
		func(_ enricher.FactoryConfig, opts Options) (enricher.FailureEnricher, error) { return New(opts) }))
}

// New returns the enricher. Options out of their range are an
// [*enricher.ConfigError].
func New(opts Options) (*Enricher, error) {
	if opts.MessageLength == 0 {
		opts.MessageLength = defaultMessageLength
	}
	if n := opts.MessageLength; n < minMessageLength || n > maxMessageLength {
		return nil, &enricher.ConfigError{
			Option: "message-length",
			Err:    fmt.Errorf("want %d to %d bytes, not %d", minMessageLength, maxMessageLength, n),
		}
	}
	e := &Enricher{opts: opts, keys: []string{KeyFingerprint}}
	if !opts.NoMessage {
		e.keys = append(e.keys, KeyMessage)
	}
	return e, nil
}

// An Enricher tells which failures are the same. Its methods may be called
// concurrently.
type Enricher struct {
	opts Options
	keys []string
}

var _ enricher.Explainer = (*Enricher)(nil)

// OutputKeys returns [KeyFingerprint] and, unless NoMessage is set, [KeyMessage].
func (e *Enricher) OutputKeys() []string { return e.keys }

// ProcessFailure always sets every label. It does not wait for anything, and
// what it looks at is bounded, so it does not look at its context.
func (e *Enricher) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	d := describe(cause)
	return e.labels(&d), nil
}

func (e *Enricher) labels(d *description) enricher.Labels {
	labels := enricher.Labels{KeyFingerprint: d.key()}
	if !e.opts.NoMessage {
		labels[KeyMessage] = shorten(d.message, e.opts.MessageLength)
	}
	return labels
}

// ExplainFailure says what went into the fingerprint.
func (e *Enricher) ExplainFailure(
	_ context.Context, cause error, _ enricher.FailureContext,
) (enricher.Labels, map[string]string, error) {
	d := describe(cause)
	labels := e.labels(&d)
	reasons := map[string]string{KeyFingerprint: e.reason(&d)}
	if !e.opts.NoMessage {
		reasons[KeyMessage] = "the text of the failure with what varies replaced"
		if kept := len(strings.TrimSuffix(labels[KeyMessage], ellipsis)); kept < len(d.message) {
			reasons[KeyMessage] += fmt.Sprintf(", %d of %d bytes", kept, len(d.message))
		}
	}
	return labels, reasons, nil
}

// reason says what d.key is the key of.
func (e *Enricher) reason(d *description) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version %d of the message %q", Version, shorten(d.message, e.opts.MessageLength))
	say := func(what, verb string, parts []string) {
		const most = 10
		for i, part := range parts[:min(len(parts), most)] {
			if i > 0 {
				what = ","
			}
			fmt.Fprintf(&b, "%s "+verb, what, shorten(part, e.opts.MessageLength))
		}
		if len(parts) > most {
			fmt.Fprintf(&b, ", and %d more", len(parts)-most)
		}
	}
	say("; the types", "%s", d.types)
	say("; the codes", "%s", d.codes)
	say("; what it hides,", "%q", d.causes)
	say("; and where it arose,", "%s", d.frames)
	return b.String()
}

const ellipsis = "…"

// shorten returns message cut to n bytes, between two characters and not in a
// placeholder, with an ellipsis at the end if something is missing.
func shorten(message string, n int) string {
	if len(message) <= n {
		return message
	}
	n -= len(ellipsis)
	for !utf8.RuneStart(message[n]) {
		n--
	}
	if i := strings.LastIndexByte(message[:n], '<'); i >= 0 && i+len(placeholder(message[i:])) > n {
		n = i
	}
	return message[:n] + ellipsis
}
