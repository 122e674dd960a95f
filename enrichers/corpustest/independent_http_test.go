//go:build linux

package corpustest

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	pkgerrors "github.com/pkg/errors"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
)

func connectionRefused(t *testing.T) error {
	_, err := httpClient(t).Get("http://" + refusingAddr(t) + "/stock/4711")
	return pkgerrors.Wrap(fmt.Errorf("ask for the stock of 4711: %w", err), "reserve order 99")
}

func clientTimeout(t *testing.T) error {
	client := httpClient(t)
	client.Timeout = 20 * time.Millisecond
	_, err := client.Get(httpServer(t, hang) + "/prices")
	return fmt.Errorf("update prices: %w", err)
}

func callTimeout(t *testing.T) error {
	job := t.Context()
	call, cancel := context.WithTimeout(job, 20*time.Millisecond)
	defer cancel()
	_, err := httpClient(t).Do(request(t, call, httpServer(t, hang)+"/prices"))
	return fmt.Errorf("import: %w", fmt.Errorf("price service did not answer within 20ms: %w", err))
}

func jobCancelled(t *testing.T) error {
	job, cancel := context.WithCancel(t.Context())
	url := httpServer(t, func(w http.ResponseWriter, r *http.Request) {
		cancel() // somebody stops the job while it waits for the answer
		hang(w, r)
	})
	_, err := httpClient(t).Do(request(t, job, url+"/export"))
	return fmt.Errorf("nightly export: %w", fmt.Errorf("fetch customers: %w", err))
}

func resetInBody(t *testing.T) error {
	halfway := make(chan struct{})
	addr := tcpServer(t, func(conn net.Conn) {
		http.ReadRequest(bufio.NewReader(conn))
		io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nid,amount\n")
		<-halfway
		conn.(*net.TCPConn).SetLinger(0) // closing sends a reset
	})
	resp, err := httpClient(t).Get("http://" + addr + "/orders.csv")
	close(halfway) // the header has been read: what the reset hits is the body
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	return fmt.Errorf("download orders.csv: %w", err)
}

func bodyCutShort(t *testing.T) error {
	url := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		io.WriteString(w, "id,amount\n")
	})
	resp, err := httpClient(t).Get(url + "/orders.csv")
	require.NoError(t, err)
	defer resp.Body.Close()
	_, err = io.ReadAll(resp.Body)
	return fmt.Errorf("download %s/orders.csv: %w", url, err)
}

func htmlInsteadOfJSON(t *testing.T) error {
	url := httpServer(t, func(w http.ResponseWriter, _ *http.Request) {
		io.WriteString(w, "<html><body>We will be back soon</body></html>")
	})
	resp, err := httpClient(t).Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	var stock struct{ Pieces int }
	err = json.NewDecoder(resp.Body).Decode(&stock)
	return fmt.Errorf("decode the answer of the stock service at %s: %w", url, err)
}

func statusUnauthorized(t *testing.T) error {
	return fmt.Errorf("list invoices: %w", getAnswer(t, http.StatusUnauthorized))
}

func statusTooManyRequests(t *testing.T) error {
	err := getAnswer(t, http.StatusTooManyRequests)
	return enricher.WithLabels(fmt.Errorf("geocode address 17: %w", err), enricher.Labels{"team": "maps"})
}

func statusUnavailable(t *testing.T) error {
	return &jobStepError{Step: "charge", Attempt: 2, Err: fmt.Errorf("payment provider: %w", getAnswer(t, http.StatusServiceUnavailable))}
}

func unsupportedScheme(t *testing.T) error {
	_, err := httpClient(t).Get("htp://files.example.com/in.csv")
	return fmt.Errorf("parameter %q: %w", "source", err)
}

// getAnswer returns what a job makes of an answer with this status.
func getAnswer(t *testing.T, status int) error {
	url := httpServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }) + "/v1"
	resp, err := httpClient(t).Get(url)
	require.NoError(t, err)
	defer resp.Body.Close()
	if resp.StatusCode == http.StatusOK {
		return nil
	}
	return &answerError{Method: http.MethodGet, URL: url, StatusCode: resp.StatusCode}
}

// hang answers nothing until the client gives up.
func hang(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }

func httpServer(t *testing.T, h http.HandlerFunc) string {
	srv := httptest.NewServer(h)
	t.Cleanup(srv.Close)
	return srv.URL
}

func httpClient(t *testing.T) *http.Client {
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return client
}

func request(t *testing.T, ctx context.Context, url string) *http.Request {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	require.NoError(t, err)
	return req
}
