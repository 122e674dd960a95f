//go:build linux

package corpustest

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"testing"

	"github.com/containerd/errdefs"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/gorilla/websocket"
	"github.com/jlaffaye/ftp"
	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/ssh"
	"golang.org/x/time/rate"
)

var furtherNetworks = []provocation{
	{"ftp/login-incorrect", func(t *testing.T) error { return fetchFTP(t, "220 ready\r\n", "PASS", "530 Login incorrect.\r\n") }},
	{"ftp/too-many-connections", func(t *testing.T) error {
		return fetchFTP(t, "421 Too many connections (8) from this IP\r\n")
	}},
	{"ftp/insufficient-storage", func(t *testing.T) error {
		return fetchFTP(t, "220 ready\r\n", "PASS", "230 in\r\n", "DELE", "452 Insufficient storage space in system.\r\n")
	}},
	{"ftp/no-such-file", func(t *testing.T) error {
		return fetchFTP(t, "220 ready\r\n", "PASS", "230 in\r\n", "DELE", "550 orders.csv: No such file or directory\r\n")
	}},
	{"ssh/channel-prohibited", func(*testing.T) error {
		return fmt.Errorf("copy report: %w", &ssh.OpenChannelError{Reason: ssh.Prohibited, Message: "too many session channels (max=1)"})
	}},
	{"ssh/channel-resource-shortage", func(*testing.T) error {
		return fmt.Errorf("copy report: %w", &ssh.OpenChannelError{Reason: ssh.ResourceShortage, Message: "open failed"})
	}},
	{"ssh/passphrase-missing", func(*testing.T) error {
		return fmt.Errorf("read key: %w", &ssh.PassphraseMissingError{})
	}},
	{"ssh/exit-missing", func(*testing.T) error { return fmt.Errorf("run import: %w", &ssh.ExitMissingError{}) }},
	{"git/non-fast-forward", func(*testing.T) error {
		return fmt.Errorf("push: %w", fmt.Errorf("non-fast-forward update: %s", "refs/heads/main"))
	}},
	{"git/object-not-found", func(*testing.T) error { return fmt.Errorf("clone: %w", plumbing.ErrObjectNotFound) }},
	{"git/reference-not-found", func(*testing.T) error { return fmt.Errorf("checkout: %w", plumbing.ErrReferenceNotFound) }},
	{"helm/in-progress", func(*testing.T) error {
		return fmt.Errorf("upgrade: %w", errors.New("another operation (install/upgrade/rollback) is in progress"))
	}},
	{"containerd/failed-precondition", func(*testing.T) error {
		return fmt.Errorf("delete task: task must be stopped before deletion: running: %w", errdefs.ErrFailedPrecondition)
	}},
	{"containerd/unavailable", func(*testing.T) error { return fmt.Errorf("pull: %w", errdefs.ErrUnavailable) }},
	{"websocket/bad-handshake", func(t *testing.T) error {
		_, _, err := websocket.DefaultDialer.Dial("ws://"+hostOf(answering(t, 502, "")), nil)
		return fmt.Errorf("subscribe: %w", err)
	}},
	{"proxy/authentication-required", func(t *testing.T) error { return throughProxy(t, 407) }},
	{"proxy/forbidden", func(t *testing.T) error { return throughProxy(t, 403) }},
	{"proxy/unavailable", func(t *testing.T) error { return throughProxy(t, 503) }},
	{"rate/wait-too-long", func(*testing.T) error {
		return fmt.Errorf("geocode: %w", fmt.Errorf("rate: Wait(n=%d) would exceed context deadline", 20))
	}},
	{"rate/burst", func(t *testing.T) error {
		return fmt.Errorf("geocode: %w", rate.NewLimiter(1, 5).WaitN(t.Context(), 20))
	}},
	{"http/server-closed", func(*testing.T) error { return fmt.Errorf("serve callbacks: %w", http.ErrServerClosed) }},
}

// fetchFTP deletes a file on a server that greets and answers as [talk] does.
func fetchFTP(t *testing.T, greeting string, wordsAndAnswers ...string) error {
	addr := talk(t, greeting, append(wordsAndAnswers, "USER", "331 password?\r\n", "FEAT", "502 none\r\n", "TYPE", "200 ok\r\n", "OPTS", "200 ok\r\n", "QUIT", "221 bye\r\n")...)
	conn, err := ftp.Dial(addr)
	if err != nil {
		return fmt.Errorf("fetch orders: %w", err)
	}
	defer conn.Quit() //nolint:errcheck // the test is about the command before
	if err := conn.Login("job", "secret"); err != nil {
		return fmt.Errorf("fetch orders: %w", err)
	}
	return fmt.Errorf("fetch orders: %w", conn.Delete("orders.csv"))
}

// throughProxy calls a server by a proxy that answers with a status.
func throughProxy(t *testing.T, status int) error {
	proxy, err := url.Parse(newServer(t, func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	require.NoError(t, err)
	client := newClient(t)
	client.Transport.(*http.Transport).Proxy = http.ProxyURL(proxy)
	_, err = client.Get("https://" + net.JoinHostPort("192.0.2.1", "443"))
	return fmt.Errorf("call partner: %w", err)
}
