// Command acme is a plugin: a failure enricher that is not compiled into the service. It
// says which upstream service a failure has come from, and which team runs that.
//
//	GOOS=wasip1 GOARCH=wasm go build -buildmode=c-shared -ldflags=-s -o acme.wasm .
package main

import (
	"context"
	"net"
	"net/url"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/wire/guest"
)

func init() { guest.Serve(factory) }

func main() {}

// options are those of the enricher in the configuration of the service.
type options struct {
	Teams       map[string]string // by host name
	DefaultTeam string
}

var factory = enricher.NewFactory(options{DefaultTeam: "platform"}, func(conf enricher.FactoryConfig, o options) (*acme, error) {
	conf.Logger().Info("Teams read", "teams", len(o.Teams))
	return &acme{o}, nil
})

type acme struct{ options options }

// OutputKeys returns the keys of the labels.
func (a *acme) OutputKeys() []string { return []string{"upstream", "team"} }

// ProcessFailure labels the failures of calls to other services.
func (a *acme) ProcessFailure(_ context.Context, cause error, _ enricher.FailureContext) (enricher.Labels, error) {
	host := upstream(cause)
	if host == "" {
		return nil, nil
	}
	team, ok := a.options.Teams[host]
	if !ok {
		team = a.options.DefaultTeam
	}
	return enricher.Labels{"upstream": host, "team": team}, nil
}

// upstream returns the host name of a failed call, or "".
func upstream(cause error) string {
	if failed, ok := enricher.AsType[*url.Error](cause); ok {
		if u, err := url.Parse(failed.URL); err == nil {
			return u.Hostname()
		}
	}
	if failed, ok := enricher.AsType[*net.DNSError](cause); ok {
		return failed.Name
	}
	if failed, ok := enricher.AsType[*net.OpError](cause); ok && failed.Addr != nil {
		host, _, _ := net.SplitHostPort(failed.Addr.String())
		return host
	}
	return ""
}
