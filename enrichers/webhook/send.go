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
	"strconv"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"

	"github.com/failure-enrichers/enricher/internal/text"
	"github.com/failure-enrichers/enricher/redact"
)

const (
	maxRetryDelay = 5 * time.Second
	maxRetryAfter = 24 * time.Hour
	maxAnswer     = 4 << 10                // bytes of an answer that are read
	maxRest       = 250 * time.Millisecond // to wait for the rest of an answer
	maxExcerpt    = 256                    // bytes of an answer, or of an error of package net, in an error
)

// A rejection is why one request failed.
type rejection struct {
	text  string        // without secrets
	final bool          // another request is of no use
	after time.Duration // another request must wait as long
}

var errRejected = errors.New("rejected")

// deliver posts body, again if that may help and there is time for it. It also
// returns how long the endpoint asked for no messages.
func (e *endpoint) deliver(ctx context.Context, body []byte) (pause time.Duration, err error) {
	tries, last := 0, &rejection{}
	_, err = backoff.Retry(ctx, func() (none struct{}, err error) {
		tries++
		switch last = e.post(ctx, body); {
		case last == nil:
			return none, nil
		case last.final:
			return none, backoff.Permanent(errRejected)
		case last.after > 0:
			return none, &backoff.RetryAfterError{Duration: last.after}
		default:
			return none, errRejected
		}
	}, e.schedule(ctx)...)
	if err == nil {
		return 0, nil
	}
	why := e.url.Host + ": " + last.text
	if tries > 1 {
		why += fmt.Sprintf(" (%d tries)", tries)
	}
	if err := ctx.Err(); err != nil {
		return last.after, fmt.Errorf("%s: %w", why, err)
	}
	return last.after, errors.New(why)
}

// schedule says when to try again: never after the end of ctx.
func (e *endpoint) schedule(ctx context.Context) []backoff.RetryOption {
	left := maxPause
	if end, ok := ctx.Deadline(); ok {
		left = max(time.Until(end), 1) // 0 is no limit
	}
	return []backoff.RetryOption{
		backoff.WithBackOff(&backoff.ExponentialBackOff{
			InitialInterval: e.opts.RetryDelay, RandomizationFactor: 0.5, Multiplier: 2, MaxInterval: maxRetryDelay,
		}),
		backoff.WithMaxTries(uint(max(e.opts.Retries, 0)) + 1),
		backoff.WithMaxElapsedTime(left),
	}
}

// post sends one request. It returns nil if the endpoint accepted it.
func (e *endpoint) post(ctx context.Context, body []byte) *rejection {
	ctx, cancel := context.WithTimeout(ctx, e.opts.Timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, e.opts.Method, e.url.String(), bytes.NewReader(body))
	if err != nil {
		return &rejection{text: e.excerpt(err.Error(), false), final: true}
	}
	req.Header = e.header.Clone()
	resp, err := e.client.Do(req)
	if err != nil {
		return e.broken(ctx, err)
	}
	defer resp.Body.Close()
	// The status says what counts; the rest may never end. A connection is used again
	// only if its answer was read to the end.
	defer time.AfterFunc(maxRest, cancel).Stop()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer))
	if resp.StatusCode/100 == 2 {
		return nil
	}
	status := strings.TrimSpace(fmt.Sprintf("%d %s", resp.StatusCode, http.StatusText(resp.StatusCode)))
	r := &rejection{text: strings.TrimSuffix("answered "+status+": "+e.excerpt(string(answer), err != nil || len(answer) == maxAnswer), ": ")}
	if resp.StatusCode == http.StatusTooManyRequests || resp.StatusCode >= 500 {
		r.after = retryAfter(resp.Header.Get("Retry-After"), time.Now())
	} else {
		r.final = true
	}
	return r
}

// broken returns the rejection for a request without an answer.
func (e *endpoint) broken(ctx context.Context, err error) *rejection {
	if ctx.Err() == context.DeadlineExceeded {
		return &rejection{text: "no answer in time"}
	}
	_, guarded := errors.AsType[*backoff.PermanentError](err)
	_, untrusted := errors.AsType[*tls.CertificateVerificationError](err)
	if outer, ok := errors.AsType[*url.Error](err); ok {
		err = outer.Err // without the URL
	}
	return &rejection{text: e.excerpt(err.Error(), false), final: guarded || untrusted}
}

// excerpt returns the beginning of third-party text, which may have been cut, as one
// line without secrets.
func (e *endpoint) excerpt(s string, cut bool) string {
	s = redact.Text(e.mask.hide(text.Clean(s, maxAnswer), cut || len(s) > maxAnswer))
	// One line may be the form of a secret that several are not.
	return abridge(redact.Text(strings.Join(strings.Fields(s), " ")), maxExcerpt)
}

// retryAfter returns how long an answer asks to wait (RFC 9110, section 10.2.3):
// a number of seconds or a date. It is 0 if the answer does not say it properly.
func retryAfter(header string, now time.Time) time.Duration {
	var wait time.Duration
	if seconds, err := strconv.Atoi(header); err == nil {
		wait = time.Duration(min(seconds, int(maxRetryAfter/time.Second))) * time.Second
	} else if at, err := http.ParseTime(header); err == nil {
		wait = at.Sub(now)
	}
	return min(max(wait, 0), maxRetryAfter)
}
