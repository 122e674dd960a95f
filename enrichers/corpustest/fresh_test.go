//go:build linux

package corpustest

import (
	"fmt"
	"io"
	"net"
	"net/http"
	"net/textproto"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fresh are failures out of public bug reports, of clients that are in no other set.
// What is expected of each was written down without a look at the enrichers, which were
// improved with it later, and is in testdata/fresh.json with the report.
var fresh = slices.Concat(
	freshDatabases,
	freshBrokers,
	freshAPIs,
	freshNetworks,
	freshLibraries,
)

// talk returns the address of a server that greets each client, and answers each
// line that contains one of the words with the text that follows the word.
func talk(t *testing.T, greeting string, wordsAndAnswers ...string) (addr string) {
	return serve(t, func(conn net.Conn) {
		text := textproto.NewConn(conn)
		_, err := io.WriteString(conn, greeting)
		for err == nil {
			var line string
			line, err = text.ReadLine()
			for i := 0; err == nil && i < len(wordsAndAnswers); i += 2 {
				if strings.Contains(line, wordsAndAnswers[i]) {
					_, err = io.WriteString(conn, wordsAndAnswers[i+1])
					break
				}
			}
		}
	})
}

// answering returns the URL of a server that answers each request with body.
func answering(t *testing.T, status int, body string, header ...string) string {
	return newServer(t, func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body)
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(header); i += 2 {
			w.Header().Set(header[i], header[i+1])
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	})
}

// sendTo sends all requests to the host of url, for clients that know no other than
// their own.
func sendTo(t *testing.T, url string) *http.Client {
	client := newClient(t)
	transport := client.Transport
	client.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
		r = r.Clone(r.Context())
		r.URL.Scheme, r.URL.Host = "http", strings.TrimPrefix(url, "http://")
		return transport.RoundTrip(r)
	})
	return client
}

type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// hostOf returns the host and the port of a URL.
func hostOf(url string) string { return strings.TrimPrefix(url, "http://") }

// A freshStepError is an error of a step, as applications define them.
type freshStepError struct {
	step string
	err  error
}

func (e *freshStepError) Error() string { return fmt.Sprintf("step %s: %v", e.step, e.err) }
func (e *freshStepError) Unwrap() error { return e.err }

func splitPort(t *testing.T, addr string) (host string, port int) {
	tcp, err := net.ResolveTCPAddr("tcp", addr)
	require.NoError(t, err)
	return tcp.IP.String(), tcp.Port
}
