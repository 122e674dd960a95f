// Package wire writes a failure as JSON, so that an enricher in another process, a
// plugin or a store can have it, and makes an error of it again:
//
//	data := wire.Encode(cause, fc)
//
//	f, err := wire.Decode(data)
//	res := e.EnrichContext(ctx, f.Cause(), f.Context())
//
// # What stays
//
// Every ready-made enricher sets the same labels for the decoded error as for the
// original. [enricher.Chain] yields an error for each one that it yields for the
// original, with the same text, and in addition:
//
//   - Errors of these types are values of them: [fs.PathError], [os.LinkError],
//     [os.SyscallError], [syscall.Errno], [net.OpError], [net.DNSError], [net.AddrError],
//     [net.ParseError], [url.Error], [exec.Error], [strconv.NumError], [time.ParseError],
//     [csv.ParseError], [xml.SyntaxError], [textproto.Error], [http.MaxBytesError],
//     [tls.RecordHeaderError], [tls.CertificateVerificationError] and
//     [enricher.PanicError], the last with its stack but with a text as its value unless
//     that is an error or nil.
//   - Well-known sentinels such as [context.Canceled], [io.EOF], [fs.ErrNotExist] and
//     [sql.ErrNoRows] are found by [errors.Is], also if only a method Is says so.
//   - Of all other errors, [errors.As] and [enricher.AsType] find the methods
//     Timeout, Temporary, Retryable, RetryAfter, StatusCode, SQLState, Code (a string or
//     an int), ErrorType, FailureLabels, ExitCode, ExitSignal and ExitReason that the
//     original has, in any interface of them. A type assertion finds no more than
//     Timeout and Temporary, which package net and others assert.
//   - Rules and options that name a Go type, error_type and [TypeOf] see that of the
//     original.
//
// These differ: an error that was registered with fault.RegisterSentinel is no longer
// that value; an [exec.ExitError] is an error with its methods; x509 and JSON errors are
// found by [errors.As], but with another text; a system error without a name, such as
// errno 4095, is only a text; a method that panics or returns a number out of range is
// not there; nil among joined errors is left out; [enricher.ResultOf] finds nothing; a
// byte that is not UTF-8 is U+FFFD, which makes a long text longer, so that its
// fingerprint may differ; and what exceeds the bounds is cut.
//
// # Bounds
//
// A failure has at most 64 KiB of JSON, in valid UTF-8, with at most 64 errors, as many
// in inner, 8 KiB of each text (the first and the last half), 1 KiB of any other string,
// 64 attributes, labels and fields each, and 32 frames of a stack. If it has more than 64
// KiB, texts and then the rest are cut further.
//
// [Encode] never fails. It takes at most a second, even if a method of an error does not
// return: then the rest of the errors is left out. Such a method keeps a goroutine until
// it returns. If 64 of them hang, no more methods are called.
//
// # The form
//
// All fields but v are optional.
//
//	{"v":1,"deadlineMs":480,"cut":false,
//	 "chain":[{"depth":0,"type":"*net.OpError","typePath":"*net.OpError","text":"…","textCut":false,"joined":false,
//	   "is":["context.DeadlineExceeded"],
//	   "has":{"timeout":true,"temporary":false,"retryable":true,"retryAfterMs":30000,"statusCode":503,"sqlState":"23505",
//	          "code":"X","errorType":"…","errno":"ECONNREFUSED","exitStatus":3,"signal":"SIGKILL","exitReason":"OOMKilled"},
//	   "fields":{"Op":"dial"},"labels":{},"frames":[{"function":"","file":"","line":0}],
//	   "evidence":[{"weight":"coded","fault":"DEPENDENCY","retry":"retryable","kind":"errno","code":"ECONNREFUSED","why":"…"}],
//	   "wait":"30s","inner":[]}],
//	 "failure":{"id":"","rootId":"","type":"TASK","jobId":"","jobName":"","taskName":"","taskManagerId":"","endpoint":"",
//	   "attempt":3,"maxAttempts":5,"terminal":false,"time":"RFC 3339","attributes":{},"labels":{}}}
//
// chain is depth first, as [enricher.Chain] yields it; an error wraps those after it that
// are one deeper, and joined says that it may wrap several. typePath is the type with
// the full path of its package, if that differs. has is what the methods of the error
// returned; a code is a string or a number; a name of an errno or signal is that of Linux.
// evidence, wait and inner are what the ready-made enrichers have found: inner has the
// errors that an error holds without an Unwrap method. labels of the failure are there
// for a reader of labels.
//
// An enricher that gets a failure returns an [Answer], and says what it is by an [Info].
// Their fields are optional, except v, and outputKeys if there is no error. Any other
// field is an error, so that a misspelt one is noticed:
//
//	{"labels":{"team":"web"},"error":{"text":"…"}}
//	{"v":1,"name":"…","version":"…","outputKeys":["team"],"inputKeys":["type"],"inputValues":{"type":["USER"]},
//	 "labels":[{"key":"team","doc":"…","values":[]}],"error":{"option":"…","text":"…"}}
//
// [Decode] ignores fields that it does not know and values of a wrong type or out of
// range. A file that this version has written is read by every later one. A later
// release may write more fields into a failure, which other programs must ignore; it does
// not write more into an answer, unless the failure says that its sender knows them.
package wire

import (
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher"
	known "github.com/failure-enrichers/enricher/internal/redact"
	"github.com/failure-enrichers/enricher/redact"
	"github.com/failure-enrichers/enricher/wire/internal/form"
)

// Version is the version of the form that Encode writes and Decode reads.
const Version = form.Version

// A Failure is a failure outside of its process. [json.Marshal] writes it as [Encode]
// does.
type Failure struct {
	// Deadline is how much time the receiver has, in whole milliseconds. Zero means
	// that it is not known.
	Deadline time.Duration

	form form.Failure
}

// Encode returns the failure as JSON. It masks no secrets: see [Failure.Redact].
// If cause is nil, the failure has no error.
func Encode(cause error, fc enricher.FailureContext) []byte { return New(cause, fc).form.Encode() }

// New returns the Failure that [Encode] writes.
func New(cause error, fc enricher.FailureContext) *Failure {
	f := &Failure{form: form.Failure{V: form.Version, Failure: form.ContextOf(fc)}}
	if cause != nil {
		f.form.Chain, f.form.Cut = read(cause)
	}
	f.form.Bound()
	return f
}

// Decode returns the failure that [Encode] has written. The error says that data is not
// JSON or has another version.
func Decode(data []byte) (*Failure, error) {
	f, err := form.Decode(data)
	if err != nil {
		return nil, err
	}
	return &Failure{time.Duration(f.Deadline) * time.Millisecond, *f}, nil
}

// MarshalJSON returns f as JSON. The error is always nil.
func (f *Failure) MarshalJSON() ([]byte, error) {
	form := f.form
	form.Deadline = max(0, f.Deadline.Milliseconds())
	return form.Encode(), nil
}

// Cause returns the error, or nil if the failure has none. It is made anew each time.
func (f *Failure) Cause() error { return f.form.Cause() }

// Context returns where the failure happened. Its maps are those of f.
func (f *Failure) Context() enricher.FailureContext { return f.form.Context() }

// Redact masks what r masks in texts, fields, labels, attributes and the names of the
// context, and as a whole each value under the key of a secret, such as "password". What r
// masks in the text of the error is masked everywhere, also without the words by which it
// was found there. If a text was cut, the words that were cut in two are left out.
// What Cause has returned before does not change.
func (f *Failure) Redact(r redact.Redactor) {
	f.form.Bound() // copies the chain
	mask := r.Text
	if len(f.form.Chain) > 0 {
		whole := f.form.Chain[0].Text
		hide := known.Hider(known.Masked(whole, r.Text(whole)))
		mask = func(s string) string { return r.Text(hide(s)) }
	}
	redactAll(mask, f.form.Chain)
	c := &f.form.Failure
	for _, s := range []*string{&c.ID, &c.RootID, &c.JobID, &c.JobName, &c.TaskName, &c.TaskManagerID, &c.Endpoint} {
		*s = mask(*s)
	}
	c.Attributes, c.Labels = masked(mask, c.Attributes), masked(mask, c.Labels)
}

func redactAll(mask func(string) string, chain []form.Node) {
	for i := range chain {
		n := &chain[i]
		if n.TextCut {
			n.Text = withoutHalves(n.Text)
		}
		n.Text = mask(n.Text)
		n.Fields, n.Labels = masked(mask, n.Fields), masked(mask, n.Labels)
		h := &n.Has
		for _, s := range []*string{h.SQLState, h.ErrorType, h.ExitReason} {
			if s != nil {
				*s = mask(*s)
			}
		}
		if h.Code != nil && h.Code.Text != nil {
			h.Code = form.TextCode(mask(*h.Code.Text))
		}
		for j := range n.Evidence {
			e := &n.Evidence[j]
			e.Code, e.Why = mask(e.Code), mask(e.Why)
		}
		redactAll(mask, n.Inner)
	}
}

// withoutHalves returns a text that was cut without the two words that were: half a
// secret is harder to recognize than a whole one.
func withoutHalves(s string) string {
	const cut, space, maxWord = "\n…\n", " \t\n", 1 << 10
	head, tail, ok := strings.Cut(s, cut)
	if !ok {
		return s
	}
	if i := strings.LastIndexAny(head, space); i >= len(head)-maxWord && i >= 0 {
		head = head[:i]
	}
	if i := strings.IndexAny(tail, space); i >= 0 && i < maxWord {
		tail = tail[i+1:]
	}
	return head + cut + tail
}

func masked(mask func(string) string, m map[string]string) map[string]string {
	if m == nil {
		return nil
	}
	own := make(map[string]string, len(m))
	for _, key := range slices.Sorted(maps.Keys(m)) {
		if shown := mask(key); own[shown] == "" {
			own[shown] = mask(m[key])
		}
	}
	return redact.Map(own)
}
