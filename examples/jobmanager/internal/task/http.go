package task

import (
	"context"
	"fmt"
	"io"
	"net/http"
)

// An HTTP task fetches a page. It fails if the server cannot be found
// (a [*net.DNSError]) or reached, or answers with another status than 2xx
// ([*StatusError]).
type HTTP struct {
	URL string
}

// A StatusError is an answer of an HTTP server that is not a success.
type StatusError struct {
	URL  string
	Code int
}

func (e *StatusError) Error() string {
	return fmt.Sprintf("GET %s: %d %s", e.URL, e.Code, http.StatusText(e.Code))
}

// StatusCode is a method by which other packages recognize an HTTP status.
func (e *StatusError) StatusCode() int { return e.Code }

func (h HTTP) String() string { return "http GET " + h.URL }

// Run fetches the page.
func (h HTTP) Run(ctx context.Context) (string, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return "", err
	}
	resp, err := client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return "", &StatusError{h.URL, resp.StatusCode}
	}
	n, err := io.Copy(io.Discard, resp.Body)
	if err != nil {
		return "", fmt.Errorf("GET %s: %w", h.URL, err)
	}
	return fmt.Sprintf("%d bytes", n), nil
}

// client uses no proxy, so that failures are those of the server, and keeps no
// connections.
var client = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
