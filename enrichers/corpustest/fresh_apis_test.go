//go:build linux

package corpustest

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/Khan/genqlient/graphql"
	"github.com/aliyun/aliyun-oss-go-sdk/oss"
	"github.com/bwmarrin/discordgo"
	"github.com/hetznercloud/hcloud-go/v2/hcloud"
	kiota "github.com/microsoft/kiota-abstractions-go"
	"github.com/sourcegraph/jsonrpc2"
	"github.com/stretchr/testify/require"
	"github.com/studio-b12/gowebdav"
	twilio "github.com/twilio/twilio-go/client"
	"github.com/twitchtv/twirp"
	"oras.land/oras-go/v2/registry/remote"
)

var freshAPIs = []provocation{
	{"webdav/locked", func(t *testing.T) error {
		client := gowebdav.NewClient(answering(t, 423, ""), "job", "secret")
		return fmt.Errorf("upload photo: %w", client.Write("/originals/3000-4000-max.jpg", []byte("x"), 0o644))
	}},
	{"webdav/insufficient-storage", func(t *testing.T) error {
		client := gowebdav.NewClient(answering(t, 507, ""), "job", "secret")
		return fmt.Errorf("upload volume 3: %w", client.Write("/backup/volume3.zip", []byte("x"), 0o644))
	}},
	{"oras/rate-limited", func(t *testing.T) error {
		return fmt.Errorf("pull base image: %w", pull(t, 429, "TOOMANYREQUESTS", "You have reached your unauthenticated pull rate limit. https://www.docker.com/increase-rate-limit"))
	}},
	{"oras/unauthorized", func(t *testing.T) error {
		return fmt.Errorf("publish chart: %w", pull(t, 401, "UNAUTHORIZED", "authentication required"))
	}},
	{"kiota/graph-throttled", func(*testing.T) error {
		headers := kiota.NewResponseHeaders()
		headers.Add("Retry-After", "120")
		return fmt.Errorf("back up drive: %w", &kiota.ApiError{
			Message:            "The server returned an unexpected status code and no error factory is registered for this code: 429",
			ResponseStatusCode: 429, ResponseHeaders: headers,
		})
	}},
	{"twilio/unsubscribed", func(t *testing.T) error {
		server := answering(t, 400, `{"code":21610,"message":"Attempt to send to unsubscribed recipient","more_info":"https://www.twilio.com/docs/errors/21610","status":400}`)
		client := &twilio.Client{Credentials: twilio.NewCredentials("AC1", "secret"), HTTPClient: newClient(t)}
		_, err := client.SendRequest(http.MethodPost, server+"/Messages.json", url.Values{"To": {"+15005550006"}}, map[string]any{"Content-Type": "application/x-www-form-urlencoded"})
		return fmt.Errorf("remind patient 12: %w", err)
	}},
	{"discord/missing-access", func(t *testing.T) error {
		return fmt.Errorf("post question of the day: %w", postToDiscord(t, 403, `{"message":"Missing Access","code":50001}`))
	}},
	{"discord/rate-limited", func(t *testing.T) error {
		return errors.Join(postToDiscord(t, 429, `{"message":"You are being rate limited.","retry_after":65,"global":false}`), errors.New("1 of 40 channels not notified"))
	}},
	{"oss/clock-skew", func(t *testing.T) error {
		server := answering(t, 403, `<?xml version="1.0" encoding="UTF-8"?><Error><Code>RequestTimeTooSkewed</Code><Message>The difference between the request time and the current time is too large.</Message><RequestId>598338A8</RequestId></Error>`, "Content-Type", "application/xml")
		client, err := oss.New(server, "id", "secret")
		require.NoError(t, err)
		bucket, err := client.Bucket("backups")
		require.NoError(t, err)
		return fmt.Errorf("upload backup: %w", bucket.PutObject("db.zip", strings.NewReader("x")))
	}},
	{"hcloud/resource-unavailable", func(t *testing.T) error {
		return fmt.Errorf("failed to create server: %w", createServer(t, 412, "resource_unavailable", "error during placement"))
	}},
	{"hcloud/rate-limited", func(t *testing.T) error {
		return &freshStepError{"scale up", createServer(t, 429, "rate_limit_exceeded", "limit of 7200 requests per hour reached")}
	}},
	{"twirp/unavailable", func(*testing.T) error {
		return fmt.Errorf("create room: %w", twirp.NewError(twirp.Unavailable, "no response from servers"))
	}},
	{"graphql/throttled", func(t *testing.T) error {
		client := graphql.NewClient(answering(t, 200, `{"errors":[{"message":"Throttled","extensions":{"code":"THROTTLED","documentation":"https://shopify.dev/api/usage/rate-limits"}}]}`), newClient(t))
		err := client.MakeRequest(t.Context(), &graphql.Request{Query: "{ shop { name } }", OpName: "Shop"}, &graphql.Response{Data: &struct{}{}})
		return fmt.Errorf("sync orders: %w", err)
	}},
	{"jsonrpc/bitcoind-warming-up", func(t *testing.T) error {
		ours, theirs := net.Pipe()
		refuse := jsonrpc2.HandlerWithError(func(context.Context, *jsonrpc2.Conn, *jsonrpc2.Request) (any, error) {
			return nil, &jsonrpc2.Error{Code: -28, Message: "Loading block index..."}
		})
		server := jsonrpc2.NewConn(t.Context(), jsonrpc2.NewPlainObjectStream(theirs), refuse)
		client := jsonrpc2.NewConn(t.Context(), jsonrpc2.NewPlainObjectStream(ours), refuse)
		t.Cleanup(func() { _, _ = client.Close(), server.Close() })
		return fmt.Errorf("unable to connect to bitcoind: %w", client.Call(t.Context(), "getblockchaininfo", nil, nil))
	}},
}

// pull fetches a manifest from a registry that refuses it.
func pull(t *testing.T, status int, code, message string) error {
	server := answering(t, status, fmt.Sprintf(`{"errors":[{"code":%q,"message":%q}]}`, code, message))
	repo, err := remote.NewRepository(hostOf(server) + "/library/rust")
	require.NoError(t, err)
	repo.PlainHTTP, repo.Client = true, newClient(t)
	_, _, err = repo.FetchReference(t.Context(), "1.80")
	return err
}

func postToDiscord(t *testing.T, status int, body string) error {
	session, err := discordgo.New("Bot secret")
	require.NoError(t, err)
	session.Client, session.ShouldRetryOnRateLimit, session.MaxRestRetries = sendTo(t, answering(t, status, body)), false, 0
	_, err = session.ChannelMessageSend("1048", "hello")
	return err
}

func createServer(t *testing.T, status int, code, message string) error {
	server := answering(t, status, fmt.Sprintf(`{"error":{"code":%q,"message":%q}}`, code, message))
	client := hcloud.NewClient(hcloud.WithEndpoint(server), hcloud.WithToken("secret"), hcloud.WithRetryOpts(hcloud.RetryOpts{BackoffFunc: hcloud.ConstantBackoff(0)}))
	_, _, err := client.Server.Create(t.Context(), hcloud.ServerCreateOpts{Name: "worker", ServerType: &hcloud.ServerType{ID: 1}, Image: &hcloud.Image{ID: 1}})
	return err
}
