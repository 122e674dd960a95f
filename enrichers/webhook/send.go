package webhook

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/failure-enrichers/enricher/internal/text"
)

// Bounds of answers. All that matters of one is its status.
const (
	maxAnswer  = 4 << 10                // bytes of a body that are read
	maxLinger  = 250 * time.Millisecond // for the body
	maxExcerpt = 256                    // bytes of a body, or of an error of package net, in an error
)

// A refusal is why one try has failed.
type refusal struct {
	text  string        // without secrets
	again bool          // another try may help
	after time.Duration // but not before
}

// A sendError is why a message was not sent. What package net/http says is not
// wrapped: it has the URL.
type sendError struct {
	text string
	ctx  error // where time was up, why
}

func (e *sendError) Error() string { return e.text }
func (e *sendError) Unwrap() error { return e.ctx }

// deliver posts body, again where that may help and there is time for it. It
// also returns how long the endpoint wants to be left alone.
func (p *endpoint) deliver(ctx context.Context, body []byte) (pause time.Duration, err error) {
	for tries := 1; ; tries++ {
		r := p.post(ctx, body)
		if r == nil {
			return 0, nil
		}
		// give returns the error, and says why there was no other try.
		give := func(why string, args ...any) (time.Duration, error) {
			text := p.url.Host + ": " + r.text
			if tries > 1 {
				text += fmt.Sprintf(" (%d tries)", tries)
			}
			return r.after, &sendError{text + fmt.Sprintf(why, args...), ctx.Err()}
		}
		wait := r.after + backoff(p.retryDelay, tries)
		switch {
		case ctx.Err() != nil:
			return give("; the time is up")
		case !r.again || tries > p.retries:
			return give("")
		case !fits(ctx, wait):
			return give("; no time is left for another try in %v", wait.Round(time.Millisecond))
		case !sleep(ctx, wait):
			return give("; the time is up")
		}
	}
}

// post sends one request. It returns nil where the endpoint took it.
func (p *endpoint) post(ctx context.Context, body []byte) *refusal {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, p.method, p.url.String(), bytes.NewReader(body))
	if err != nil {
		return &refusal{text: p.clean(err)}
	}
	req.Header = p.header.Clone()
	resp, err := p.client.Do(req)
	if err != nil {
		return p.broken(ctx, err)
	}
	defer resp.Body.Close()
	// A connection whose answer was read to its end can be used again. For one
	// that has no end nobody waits.
	linger := time.AfterFunc(maxLinger, cancel)
	defer linger.Stop()
	text, _ := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode/100 == 2 {
		return nil
	}
	r := &refusal{text: "answered " + statusText(resp.StatusCode)}
	if excerpt := p.excerpt(string(text), len(text) == maxAnswer); excerpt != "" {
		r.text += ": " + excerpt
	}
	if r.again = resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500; r.again {
		r.after = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	}
	return r
}

func statusText(code int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", code, http.StatusText(code)))
}

// broken returns the refusal for a request without an answer.
func (p *endpoint) broken(ctx context.Context, err error) *refusal {
	if ctx.Err() == context.DeadlineExceeded {
		return &refusal{text: "no answer in time", again: true}
	}
	r := &refusal{text: p.clean(err), again: true}
	var guarded *guardError
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &guarded) || errors.As(err, &untrusted) {
		r.again = false
	}
	return r
}

// clean returns the text of an error of package net/http without the URL.
func (p *endpoint) clean(err error) string {
	var outer *url.Error
	if errors.As(err, &outer) {
		err = outer.Err
	}
	return p.excerpt(err.Error(), false)
}

// excerpt returns the beginning of a stranger's text as one line without
// secrets.
func (p *endpoint) excerpt(s string, wasCut bool) string {
	s = p.mask.hide(s, wasCut)
	return ellipsis(strings.Join(strings.Fields(text.Clean(s, maxAnswer)), " "), maxExcerpt)
}
