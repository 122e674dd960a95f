package form

import (
	"maps"
	"math"
	"slices"
	"time"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/internal/text"
)

// The bounds of a failure.
const (
	MaxErrors   = 64
	MaxText     = 8 << 10 // bytes of a text
	MaxFrames   = 32
	MaxTotal    = 64 << 10 // bytes
	MaxName     = 1 << 10  // bytes of any other string
	MaxPairs    = 64       // attributes, labels or fields
	MaxEvidence = 16       // of one error
)

// longest is how many milliseconds a time.Duration can have.
const longest = math.MaxInt64 / int64(time.Millisecond)

// A level is how much is kept.
type level struct{ text, name, errors, frames, pairs int }

// levels are tried one after another if a failure has more than MaxTotal bytes. The
// last has fewer, whatever is in it.
var levels = []level{
	{MaxText, MaxName, MaxErrors, MaxFrames, MaxPairs},
	{MaxText / 4, MaxName, MaxErrors, MaxFrames, MaxPairs},
	{MaxText / 8, MaxName / 2, MaxErrors, MaxFrames / 4, MaxPairs},
	{MaxText / 16, MaxName / 4, MaxErrors, MaxFrames / 8, MaxPairs / 2},
	{MaxText / 32, MaxName / 8, MaxErrors / 2, MaxFrames / 8, MaxPairs / 4},
	{MaxText / 32, MaxName / 16, MaxErrors / 8, MaxFrames / 8, MaxPairs / 8},
	{MaxText / 64, MaxName / 16, 1, 0, 0},
}

// Bound makes all texts valid UTF-8 and cuts what exceeds the bounds.
func (f *Failure) Bound() { f.cut(levels[0]) }

func (f *Failure) cut(l level) {
	if f.Deadline < 0 || f.Deadline > longest {
		f.Deadline = 0
	}
	if len(f.Chain) > l.errors {
		f.Chain, f.Cut = f.Chain[:l.errors], true
	}
	f.Chain = slices.Clone(f.Chain)
	inner := l.errors
	for i := range f.Chain {
		f.Chain[i].cut(l, &inner)
	}
	f.Cut = f.Cut || inner < 0
	c := &f.Failure
	for _, s := range []*string{&c.ID, &c.RootID, &c.Type, &c.JobID, &c.JobName, &c.TaskName, &c.TaskManagerID, &c.Endpoint, &c.Time} {
		*s = keep(*s, l.name)
	}
	c.Attributes, c.Labels = cutMap(c.Attributes, l), cutMap(c.Labels, l)
}

// cut cuts n, and so that all errors together have no more than inner of those that
// Unwrap does not return. Then inner is negative if there were more.
func (n *Node) cut(l level, inner *int) {
	n.Text = Cut(n.Text, l.text, &n.TextCut)
	h := &n.Has
	for _, s := range []*string{&n.Type, &n.TypePath, &n.Wait, &h.Errno} {
		*s = keep(*s, l.name)
	}
	for _, s := range []**string{&h.SQLState, &h.ErrorType, &h.Signal, &h.ExitReason} {
		if *s != nil {
			*s = new(keep(**s, l.name))
		}
	}
	if h.StatusCode != nil && (*h.StatusCode < 0 || *h.StatusCode > 999) {
		h.StatusCode = nil
	}
	if h.RetryAfterMs != nil && (*h.RetryAfterMs < -longest || *h.RetryAfterMs > longest) {
		h.RetryAfterMs = nil
	}
	if h.Code != nil && h.Code.Text != nil {
		h.Code = TextCode(keep(*h.Code.Text, l.name))
	}
	n.Is = slices.Clone(n.Is[:min(len(n.Is), MaxPairs)])
	for i := range n.Is {
		n.Is[i] = keep(n.Is[i], l.name)
	}
	n.Fields, n.Labels = cutMap(n.Fields, l), cutMap(n.Labels, l)
	n.Frames = slices.Clone(n.Frames[:min(len(n.Frames), l.frames)])
	for i := range n.Frames {
		n.Frames[i].Function, n.Frames[i].File = keep(n.Frames[i].Function, l.name), keep(n.Frames[i].File, l.name)
	}
	n.Evidence = slices.Clone(n.Evidence[:min(len(n.Evidence), MaxEvidence)])
	for i := range n.Evidence {
		e := &n.Evidence[i]
		for _, s := range []*string{&e.Weight, &e.Fault, &e.Retry, &e.Kind, &e.Code, &e.Why} {
			*s = keep(*s, l.name)
		}
	}
	if n.Inner != nil {
		all := len(n.Inner)
		n.Inner = slices.Clone(n.Inner[:min(all, max(*inner, 0))])
		*inner -= all
		for i := range n.Inner {
			n.Inner[i].cut(l, inner)
		}
	}
}

// Cut returns the first and the last half of limit bytes of a text that is longer, and
// sets cut then. The result is valid UTF-8.
func Cut(s string, limit int, cut *bool) string {
	if len(s) <= limit && utf8.ValidString(s) {
		return s
	}
	const between = "\n\u2026\n"
	half := limit/2 - len(between)
	for range 2 { // what is not UTF-8 becomes longer
		if len(s) > limit {
			tail := s[len(s)-half:]
			for len(tail) > 0 && len(tail) > half-utf8.UTFMax && !utf8.RuneStart(tail[0]) {
				tail = tail[1:]
			}
			s, *cut = text.Cut(s, half)+between+tail, true
		}
		s = valid(s)
	}
	return s
}

// valid returns s with U+FFFD in place of each byte that is not UTF-8.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return string([]rune(s))
}

// keep returns at most limit bytes of s.
func keep(s string, limit int) string {
	if len(s) <= limit && utf8.ValidString(s) {
		return s
	}
	return text.Cut(valid(text.Cut(s, limit)), limit)
}

func cutMap(m map[string]string, l level) map[string]string {
	if m == nil {
		return nil
	}
	kept := make(map[string]string, min(len(m), l.pairs))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if len(kept) == l.pairs {
			break
		}
		kept[keep(key, l.name)] = keep(m[key], l.name)
	}
	return kept
}
