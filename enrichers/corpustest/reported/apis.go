package reported

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"time"

	"github.com/go-ldap/ldap/v3"
	consul "github.com/hashicorp/consul/api"
	"github.com/slack-go/slack"
	"github.com/stripe/stripe-go/v82"
	"golang.org/x/crypto/acme"
)

var apis = []Failure{
	{"github/rate-limit", func() error {
		srv := serve(403, map[string]string{"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Reset": strconv.FormatInt(time.Now().Add(10*time.Minute).Unix(), 10)}, `{"message":"API rate limit exceeded for installation ID 1.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"}`)
		defer srv.Close()
		return fmt.Errorf("list repositories: %w", hub(srv))
	}},
	{"slack/rate-limited", func() error {
		srv := serve(429, map[string]string{"Retry-After": "30"}, `{"ok":false,"error":"ratelimited"}`)
		defer srv.Close()
		_, _, err := slack.New("xoxb", slack.OptionAPIURL(srv.URL+"/")).PostMessage("C1", slack.MsgOptionText("deployed", false))
		return fmt.Errorf("notify: %w", err)
	}},
	{"openai/insufficient-quota", func() error {
		return fmt.Errorf("summarize: %w", openAI(`{"error":{"message":"You exceeded your current quota, please check your plan and billing details. For more information on this error, read the docs: https://platform.openai.com/docs/guides/error-codes/api-errors.","type":"insufficient_quota","param":null,"code":"insufficient_quota"}}`))
	}},
	{"stripe/lock-timeout", func() error {
		return fmt.Errorf("charge: %w", &stripe.Error{Code: stripe.ErrorCodeLockTimeout, HTTPStatusCode: 429, Type: stripe.ErrorTypeInvalidRequest, Msg: "This object cannot be accessed right now because another API request or Stripe process is currently accessing it. If you see this error intermittently, retry the request."})
	}},
	{"stripe/idempotency-mismatch", func() error {
		return fmt.Errorf("charge: %w", &stripe.Error{HTTPStatusCode: 400, Type: stripe.ErrorTypeIdempotency, Msg: "Keys for idempotent requests can only be used with the same parameters they were first used with. Try using a key other than 'f4598755' if you meant to execute a different request."})
	}},
	{"influx/retry-after", func() error {
		return fmt.Errorf("write metrics: %w", influx(429, map[string]string{"Retry-After": "30", "Content-Type": "application/json"}, `{"code":"too many requests","message":"org 1 has exceeded limited_write plan limit"}`))
	}},
	{"vault/sealed", func() error {
		return fmt.Errorf("read credentials: %w", vaultRead(503, `{"errors":["Vault is sealed"]}`))
	}},
	{"consul/no-leader", func() error {
		srv := serve(500, nil, "rpc error: No cluster leader")
		defer srv.Close()
		c, err := consul.NewClient(&consul.Config{Address: srv.URL})
		if err != nil {
			return nil
		}
		_, _, err = c.KV().Get("locks/import", nil)
		return fmt.Errorf("acquire lock: %w", err)
	}},
	{"ldap/network", func() error {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil
		}
		l.Close()
		_, err = ldap.DialURL("ldap://" + l.Addr().String())
		return fmt.Errorf("error authenticating user: %w", err)
	}},
	{"ldap/busy", func() error {
		return fmt.Errorf("sync groups: %w", ldap.NewError(ldap.LDAPResultBusy, errors.New("00002024: LdapErr: DSID-0C0607F8, comment: No other operations may be performed on the connection while a bind is outstanding., data 0, v2580")))
	}},
	{"acme/rate-limited", func() error {
		return fmt.Errorf("obtain certificate: %w", &acme.Error{StatusCode: 429, ProblemType: "urn:ietf:params:acme:error:rateLimited", Detail: "Error creating new order :: too many certificates already issued for exact set of domains: blogadmin.example.com: see https://letsencrypt.org/docs/rate-limits/", Header: http.Header{"Retry-After": {"3600"}}})
	}},
}
