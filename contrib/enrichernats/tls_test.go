package enrichernats_test

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"math/big"
	"net"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/contrib/enrichernats"
)

// certificate returns a certificate for this machine, and what trusts it.
func certificate(t *testing.T) (tls.Certificate, *x509.CertPool) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	require.NoError(t, err)
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	require.NoError(t, err)
	cert, err := x509.ParseCertificate(der)
	require.NoError(t, err)
	pool := x509.NewCertPool()
	pool.AddCert(cert)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}, pool
}

// The permissions are those that the README lists.
func TestServeAndFactoryWithTLSAndUsers(t *testing.T) {
	t.Parallel()
	cert, pool := certificate(t)
	may := func(publish, subscribe []string) *server.Permissions {
		return &server.Permissions{Publish: &server.SubjectPermission{Allow: publish}, Subscribe: &server.SubjectPermission{Allow: subscribe}}
	}
	s := start(t, func(o *server.Options) {
		o.TLSConfig = &tls.Config{Certificates: []tls.Certificate{cert}}
		o.Users = []*server.User{
			{Username: "owner", Password: "o", Permissions: may([]string{"_INBOX.>"}, []string{"enricher.v1.owner.>", "$SRV.>"})},
			{Username: "jobs", Password: "j", Permissions: may([]string{"enricher.v1.owner.>"}, []string{"_INBOX.>"})},
			{Username: "other", Password: "x", Permissions: may([]string{"other"}, []string{"_INBOX.>"})},
		}
	})
	secure := nats.Secure(&tls.Config{RootCAs: pool})
	rejected := make(chan error, 10)
	onError := nats.ErrorHandler(func(_ *nats.Conn, _ *nats.Subscription, err error) { rejected <- err })

	_, err := nats.Connect(s.ClientURL(), secure, nats.UserInfo("jobs", "wrong"))
	require.ErrorIs(t, err, nats.ErrAuthorization)
	serving := connect(t, s, secure, nats.UserInfo("owner", "o"), onError)
	_, err = enrichernats.Serve(serving, "owner", always("web"), enrichernats.Options{})
	require.NoError(t, err)
	require.NoError(t, serving.FlushTimeout(guard))

	fe := client(t, connect(t, s, secure, nats.UserInfo("jobs", "j"), onError), options{"keys": "other"})
	labels, err := ask(t, fe, errJob, enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, enricher.Labels{"team": "web"}, labels)
	eventually(t, func() bool { return count(fe, "mismatch") == 1 }, "info is allowed too")
	assert.Empty(t, rejected)

	// The error handler of the connection gets what is not allowed.
	fe = client(t, connect(t, s, secure, nats.UserInfo("other", "x"), onError), nil)
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		assert.ErrorIs(t, <-rejected, nats.ErrPermissionViolation)
		cancel()
	}()
	_, err = fe.ProcessFailure(ctx, errJob, enricher.FailureContext{})
	require.Error(t, err)
	cancel()
}
