package fingerprint

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/fingerprint/internal/normalize"
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
	// (message-length). By default, and if it is 0, 256. A longer one is cut,
	// and ends in "…". It has no effect on the fingerprint.
	MessageLength int

	// Rules give the failures that they match fingerprints of their own (rules). The
	// first rule that matches counts. By default, there are none.
	Rules []Rule
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

// New returns the enricher. An option out of its range or a wrong rule is an
// [*enricher.ConfigError]. The enricher is an [enricher.Explainer], and an
// [enricher.ValueReader] if a rule looks at labels.
func New(opts Options) (enricher.FailureEnricher, error) {
	if opts.NoMessage && opts.MessageLength != 0 {
		return nil, &enricher.ConfigError{Option: "message-length", Err: errors.New("has no effect with option no-message")}
	}
	if opts.MessageLength == 0 {
		opts.MessageLength = defaultMessageLength
	}
	if n := opts.MessageLength; n < minMessageLength || n > maxMessageLength {
		return nil, &enricher.ConfigError{
			Option: "message-length",
			Err:    fmt.Errorf("%d: must be %d to %d bytes", n, minMessageLength, maxMessageLength),
		}
	}
	rules, err := compile(opts.Rules)
	if err != nil {
		return nil, err
	}
	f := &fingerprinter{opts: opts, rules: rules, keys: []string{KeyFingerprint}}
	if !opts.NoMessage {
		f.keys = append(f.keys, KeyMessage)
	}
	if read := labelsRead(rules); len(read) > 0 {
		return &labelReader{f, read}, nil
	}
	return f, nil
}

// A fingerprinter sets the labels. Its methods may be called concurrently.
type fingerprinter struct {
	opts  Options
	rules []*rule
	keys  []string
}

var (
	_ enricher.Explainer      = (*fingerprinter)(nil)
	_ enricher.LabelDescriber = (*fingerprinter)(nil)
)

func (f *fingerprinter) OutputKeys() []string { return f.keys }

// DescribeLabels describes the labels that it sets. They may have any value.
func (f *fingerprinter) DescribeLabels() []enricher.LabelDescription {
	all := []enricher.LabelDescription{
		{Key: KeyFingerprint, Doc: "The same for failures of the same kind."},
		{Key: KeyMessage, Doc: "The text of the error, with what varies replaced."},
	}
	return all[:len(f.keys)]
}

// ProcessFailure sets every label. It waits for nothing, and what it looks at is
// bounded, so it ignores its context.
func (f *fingerprinter) ProcessFailure(_ context.Context, cause error, fc enricher.FailureContext) (enricher.Labels, error) {
	r := read(cause)
	defer r.release()
	d := describe(r.root)
	key, _ := f.key(&d, r.root, &fc)
	labels := enricher.Labels{KeyFingerprint: key}
	if !f.opts.NoMessage {
		labels[KeyMessage] = normalize.Cut(shown(r.root, &d).message, f.opts.MessageLength)
	}
	return labels, nil
}

// ExplainFailure says what went into the fingerprint.
func (f *fingerprinter) ExplainFailure(
	_ context.Context, cause error, fc enricher.FailureContext,
) (enricher.Labels, map[string]string, error) {
	r := read(cause)
	defer r.release()
	d := describe(r.root)
	key, rule := f.key(&d, r.root, &fc)
	masked := masked(r.root)
	labels := enricher.Labels{KeyFingerprint: key}
	reasons := map[string]string{KeyFingerprint: f.reason(masked)}
	if rule != nil {
		reasons[KeyFingerprint] = fmt.Sprintf("rule %d with the key %q; by default ", rule.number, rule.Key) + reasons[KeyFingerprint]
	}
	if !f.opts.NoMessage {
		labels[KeyMessage] = normalize.Cut(masked.message, f.opts.MessageLength)
		reasons[KeyMessage] = "the text of the failure with what varies replaced"
		if kept := len(strings.TrimSuffix(labels[KeyMessage], normalize.Ellipsis)); kept < len(masked.message) {
			reasons[KeyMessage] += fmt.Sprintf(", %d of %d bytes", kept, len(masked.message))
		}
	}
	return labels, reasons, nil
}

// key returns the fingerprint of a failure, and the rule that gives it, if any.
func (f *fingerprinter) key(d *description, root *node, fc *enricher.FailureContext) (string, *rule) {
	key := d.key()
	for _, r := range f.rules {
		if r.matches(root, fc) {
			return r.key(key, root, fc), r
		}
	}
	return key, nil
}

// reason says what the fingerprint is made of. In d secrets are masked.
func (f *fingerprinter) reason(d *description) string {
	var b strings.Builder
	fmt.Fprintf(&b, "version %d of the message %q", Version, normalize.Cut(d.message, f.opts.MessageLength))
	list := func(what, verb string, parts []string) {
		const most = 10
		for i, part := range parts[:min(len(parts), most)] {
			if i > 0 {
				what = ","
			}
			fmt.Fprintf(&b, "%s "+verb, what, normalize.Cut(part, f.opts.MessageLength))
		}
		if len(parts) > most {
			fmt.Fprintf(&b, ", and %d more", len(parts)-most)
		}
	}
	list("; the types", "%s", d.types)
	list("; the codes", "%s", d.codes)
	list("; the fields", "%s", d.fields)
	list("; the hidden causes", "%q", d.causes)
	list("; the functions in which it arose", "%s", d.frames)
	return b.String()
}
