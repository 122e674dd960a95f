package enricher

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/evidence/foreign"
	"github.com/failure-enrichers/enricher/internal/graph"
	"github.com/failure-enrichers/enricher/internal/guard"
	"github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/internal/text"
)

// An Explainer is a FailureEnricher that can give the reasons for its labels. [Enricher.Explain] calls ExplainFailure in place of ProcessFailure.
type Explainer interface {
	FailureEnricher

	// ExplainFailure returns the labels that ProcessFailure would return, and
	// the reasons for people to read, by label key. A reason that concerns no
	// label, or all, has the empty key. A key without a label may have a reason:
	// why it was not set. ExplainFailure has no effects: it sends, counts and
	// remembers nothing. Otherwise it is called like ProcessFailure.
	ExplainFailure(ctx context.Context, cause error, fc FailureContext) (Labels, map[string]string, error)
}

// An Explanation says why a failure has the labels that it has. It prints as a
// text of several lines, and marshals to JSON.
type Explanation struct {
	Chain    []ExplainedError  `json:"chain"`              // the first 100 errors of [Chain]; empty for nil, or if they do not answer in time
	Answers  []ExplainedAnswer `json:"answers"`            // one per enricher, wave by wave, in configured order within a wave
	Rejected []Rejection       `json:"rejected,omitempty"` // see [Enricher.Rejected]
	Labels   Labels            `json:"labels"`             // merged; never nil
}

// An ExplainedError is one error of a chain.
type ExplainedError struct {
	Depth int    `json:"depth"` // 0 is the failure's cause; what that wraps has 1
	Type  string `json:"type"`  // as %T prints it
	Text  string `json:"text"`  // at most 1024 bytes
}

// An ExplainedAnswer is what one enricher read and answered.
type ExplainedAnswer struct {
	Wave      int      `json:"wave"`                // from 1: enrichers of a wave wait only for those of earlier ones
	WaitsFor  []string `json:"waitsFor,omitempty"`  // the enrichers whose labels it may read
	InputKeys []string `json:"inputKeys,omitempty"` // as it declares them; empty unless it is a [LabelReader]
	Read      Labels   `json:"read,omitempty"`      // what it found in FailureContext.Labels; nil if it reads none

	Outcome Outcome           `json:"outcome"`           // how it dealt with the failure, and the labels that were dropped or cut
	Labels  Labels            `json:"labels,omitempty"`  // what it set, dropped ones not included
	Reasons map[string]string `json:"reasons,omitempty"` // why, by label key, at most 1024 bytes each; nil unless it is an [Explainer]
}

const (
	maxExplainedErrors = 100
	maxExplainedText   = 1024
)

// Explain hands a failure to the enrichers as [Enricher.EnrichContext] does, and
// returns why it gets its labels: the chain of errors, what each enricher read
// and answered, wave by wave, which labels were dropped, and, from an
// [Explainer], why. It lists rejected enrichers, too. It is meant for people who
// ask why a label is set or missing, and for the test of a configuration.
//
// An Explainer has no effects when it explains. Other enrichers are called as for
// any failure. Calls take slots and count for the circuit breakers, but not in
// [Stats]; nothing is logged, and no observer is called. What looks like a secret is
// masked.
func (e *Enricher) Explain(ctx context.Context, cause error, fc FailureContext) (x Explanation) {
	defer func() { x.redact() }()
	timeout := DefaultTimeout
	if !e.isEmpty() {
		timeout = e.timeout
	}
	x = Explanation{Chain: explainChain(cause, timeout), Answers: []ExplainedAnswer{}, Rejected: e.Rejected(), Labels: Labels{}}
	if e.isEmpty() || cause == nil || len(e.members) == 0 {
		return x
	}
	if !e.end.enter() {
		x.Answers = e.unanswered()
		for i := range x.Answers {
			x.Answers[i].Outcome.Status, x.Answers[i].Outcome.Err = StatusSkipped, ErrShutdown
		}
		return x
	}
	defer e.end.leave()
	f := newFailure(e, ctx, cause, fc)
	f.explained = e.unanswered()
	f.run(time.Now())
	x.Labels, x.Answers = f.labels, f.explained
	f.labels, f.outcomes = nil, nil // an abandoned call keeps f
	slices.SortStableFunc(x.Answers, func(a, b ExplainedAnswer) int { return a.Wave - b.Wave })
	return x
}

// redact masks the secrets in x, which is for people.
func (x *Explanation) redact() {
	redactError := func(err *error) {
		if *err == nil {
			return
		}
		if redacted := redact.Text(errorText(*err)); redacted != guard.Text(*err) {
			*err = &failedError{*err, redacted}
		}
	}
	x.Labels = redact.Map(x.Labels)
	var found []string
	if len(x.Chain) > 0 {
		found = redact.Found(x.Chain[0].Text)
	}
	hide := redact.Hider(found)
	for i := range x.Chain {
		x.Chain[i].Type = redact.Text(x.Chain[i].Type)
		x.Chain[i].Text = text.Cut(redact.Text(hide(x.Chain[i].Text)), maxExplainedText)
	}
	for i := range x.Answers {
		a := &x.Answers[i]
		a.Outcome.Enricher, a.WaitsFor, a.InputKeys = redact.Text(a.Outcome.Enricher), redact.All(a.WaitsFor), redact.All(a.InputKeys)
		for key, why := range a.Reasons {
			a.Reasons[key] = hide(why)
		}
		a.Read, a.Labels, a.Reasons = redact.Map(a.Read), redact.Map(a.Labels), redact.Map(a.Reasons)
		redactError(&a.Outcome.Err)
		for i := range a.Outcome.Issues {
			issue := &a.Outcome.Issues[i]
			issue.Key = redact.Text(issue.Key)
			redactError(&issue.Err)
		}
	}
	for i := range x.Rejected {
		x.Rejected[i].Name = redact.Text(x.Rejected[i].Name)
		redactError(&x.Rejected[i].Err)
	}
}

// unanswered returns what is known of each enricher before it is called.
func (e *Enricher) unanswered() []ExplainedAnswer {
	answers := make([]ExplainedAnswer, len(e.members))
	waves := graph.Depths(e.waits)
	for i, m := range e.members {
		a := &answers[i]
		a.Wave = waves[i]
		a.Outcome.Enricher = m.Name
		a.InputKeys = slices.Clone(m.InputKeys)
		for _, j := range e.waits[i] {
			a.WaitsFor = append(a.WaitsFor, e.members[j].Name)
		}
	}
	return answers
}

// explain calls the enricher of m for its labels and, if it is an Explainer,
// for its reasons.
func (m *member) explain(ctx context.Context, cause error, fc FailureContext) (Labels, map[string]string, error) {
	explainer, ok := m.fe.(Explainer)
	if !ok {
		labels, err := m.fe.ProcessFailure(ctx, cause, fc)
		return labels, nil, err
	}
	labels, reasons, err := explainer.ExplainFailure(ctx, cause, fc)
	reasons = maps.Clone(reasons)
	for key, why := range reasons {
		reasons[key] = redact.Cut(why, maxExplainedText)
	}
	return labels, reasons, err
}

// explainChain returns the chain of cause. The methods of its errors are
// third-party code: if they do not return in time, the chain is empty.
func explainChain(cause error, timeout time.Duration) []ExplainedError {
	chain := []ExplainedError{}
	read := guard.Within(timeout, func() {
		var walk guard.Walk
		walk.Visit(cause, func(err error, depth int) guard.Step {
			if len(chain) == maxExplainedErrors {
				return guard.Stop
			}
			chain = append(chain, ExplainedError{depth - 1, foreign.TypeOf(err), redact.Cut(Text(err), maxExplainedText)})
			return guard.Into
		})
	})
	if !read {
		return []ExplainedError{}
	}
	return chain
}

// String returns x for people, in several lines.
func (x Explanation) String() string {
	var b strings.Builder
	for _, err := range x.Chain {
		fmt.Fprintf(&b, "%s%s: %s\n", strings.Repeat("  ", err.Depth), err.Type, oneLine(err.Text))
	}
	if len(x.Chain) == maxExplainedErrors {
		fmt.Fprintf(&b, "(only the first %d errors are shown)\n", maxExplainedErrors)
	}
	wave := 0
	for _, a := range x.Answers {
		if a.Wave != wave {
			wave = a.Wave
			fmt.Fprintf(&b, "\nwave %d\n", wave)
		}
		a.print(&b)
	}
	if len(x.Rejected) > 0 {
		b.WriteString("\nrejected\n")
	}
	for _, r := range x.Rejected {
		fmt.Fprintf(&b, "  %s: %s\n", oneLine(r.Name), oneLine(guard.Text(r.Err)))
	}
	if len(x.Answers)+len(x.Rejected) > 0 {
		b.WriteByte('\n')
	}
	fmt.Fprintf(&b, "labels: %s\n", oneLine(x.Labels.String()))
	return b.String()
}

func (a ExplainedAnswer) print(b *strings.Builder) {
	fmt.Fprintf(b, "  %s: %v", a.Outcome.Enricher, a.Outcome.Status)
	if len(a.WaitsFor) > 0 {
		fmt.Fprintf(b, ", after %s", strings.Join(a.WaitsFor, ", "))
	}
	b.WriteByte('\n')
	if a.Read != nil {
		fmt.Fprintf(b, "    read %s\n", oneLine(cmp.Or(a.Read.String(), "nothing of "+strings.Join(a.InputKeys, ", "))))
	}
	if a.Outcome.Err != nil {
		fmt.Fprintf(b, "    %s\n", oneLine(guard.Text(a.Outcome.Err)))
	}
	for _, key := range unique(slices.Concat(a.Labels.Keys(), sortedKeys(a.Reasons))) {
		value, set := a.Labels[key]
		why, has := a.Reasons[key]
		b.WriteString("    ")
		if set {
			fmt.Fprintf(b, "%s=%s", oneLine(key), oneLine(value))
		} else if key != "" {
			fmt.Fprintf(b, "no %s", oneLine(key))
		}
		if has {
			if key != "" {
				b.WriteString("  because: ")
			}
			b.WriteString(oneLine(why))
		}
		b.WriteByte('\n')
	}
	for _, issue := range a.Outcome.Issues {
		fmt.Fprintf(b, "    dropped or cut: %s: %s\n", oneLine(issue.Key), oneLine(guard.Text(issue.Err)))
	}
}

// oneLine returns text in a form that is safe for a terminal: what cannot be
// printed is written as in a Go string.
func oneLine(text string) string {
	quoted := strconv.Quote(text)
	return printable.Replace(quoted[1 : len(quoted)-1])
}

// printable undoes what strconv.Quote does to characters that can be printed.
var printable = strings.NewReplacer(`\\`, `\`, `\"`, `"`)
