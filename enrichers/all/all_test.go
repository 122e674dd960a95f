package all_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	_ "github.com/failure-enrichers/enricher/enrichers/all"
	"github.com/failure-enrichers/enricher/enrichertest"
)

// suites are the options of the conformance suite for each ready-made enricher.
func suites(t *testing.T) map[string][]enrichertest.Option {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	t.Cleanup(server.Close)
	type options = map[string]any
	return map[string][]enrichertest.Option{
		"type": {
			enrichertest.WithDeterministic(),
			enrichertest.WithOptions(options{
				"types": options{"*fs.PathError": "SYSTEM"}, "statuses": options{"4xx": "SYSTEM"},
				"hints": []any{options{"match": "errno ENOSPC", "is": "Full."}}, "default-hints": true,
			}),
			enrichertest.WithBadOptions("hints", options{"hints": options{"ENOSPC": "Full."}}),
			enrichertest.WithBadOptions("statuses", options{"statuses": options{"4": "USER"}}),
			enrichertest.WithBadOptions("errnos", options{"errnos": "ENOSPC"}),
		},
		"error": {
			enrichertest.WithDeterministic(),
			enrichertest.WithBadOptions("max-types", options{"max-types": -1}),
		},
		"fingerprint": {
			enrichertest.WithDeterministic(),
			enrichertest.WithBadOptions("message-length", options{"message-length": 1}),
		},
		"restart": {
			enrichertest.WithOptions(options{"terminal": options{"type": "USER"}, "repeats": 3, "veto": true, "uncounted": options{"type": "CANCELLED"}, "expected": options{"type": "USER"}}),
			enrichertest.WithContext("a cancellation", enricher.FailureContext{Labels: enricher.Labels{"type": "CANCELLED"}}),
			enrichertest.WithFailure("a request to wait", busy{}),
			enrichertest.WithBadOptions("repeats", options{"repeats": 1}),
			enrichertest.WithBadOptions("veto-window", options{"veto-window": 5}),
		},
		"attached": {
			enrichertest.WithDeterministic(),
			enrichertest.WithOptions(options{"keys": "a, b, JOB_CANNOT_RESTART"}),
			enrichertest.WithFailure("what it publishes", enricher.WithLabels(io.EOF, enricher.Labels{"a": "1", "b": "2"})),
			enrichertest.WithBadOptions("keys", options{"keys": "a, a"}),
		},
		"static": {
			enrichertest.WithDeterministic(),
			enrichertest.WithOptions(options{"labels": options{"env": "test"}, "build": options{"go": "go"}, "host": "host"}),
			enrichertest.WithBadOptions("build", options{"build": options{"v": "tag"}}),
		},
		"owner": {
			enrichertest.WithDeterministic(),
			enrichertest.WithOptions(options{"rules": []any{"* platform", "job:* jobs", "pkg:... code", "label:type=USER product oncall=p"}}),
			enrichertest.WithBadOptions("rules", options{"rules": []any{"*"}}),
		},
		"rules": {
			enrichertest.WithDeterministic(),
			enrichertest.WithOptions(options{"all": true, "rules": []any{
				options{"name": "message", "message": "(?s)(?P<all>.*)", "set": options{"message": "${all}"}},
				options{"name": "label", "labels": options{"type": "*"}, "set": options{"typed": "true"}},
				options{"name": "chain", "chain": "*fs.PathError", "set": options{"path": "true"}},
			}}),
			enrichertest.WithBadOptions("rules", options{"rules": []any{options{"message": "(", "set": options{"a": "b"}}}}),
		},
		"webhook": {
			enrichertest.WithOptions(options{"url": server.URL, "allow-private": true, "notified-label": "notified", "rate-limit": -1}),
			enrichertest.WithBadOptions("preset", options{"url": server.URL, "allow-private": true, "preset": "teams"}),
		},
	}
}

// busy asks for a wait before the retry.
type busy struct{}

func (busy) Error() string             { return "too many requests" }
func (busy) RetryAfter() time.Duration { return time.Minute }

func TestEnrichersKeepTheContract(t *testing.T) {
	suites := suites(t)
	for _, name := range enricher.Registered() {
		t.Run(name, func(t *testing.T) {
			factory, ok := enricher.DefaultRegistry().Factory(name)
			require.True(t, ok)
			require.Contains(t, suites, name)
			enrichertest.Run(t, factory, append(suites[name], enrichertest.WithName(name), enrichertest.WithEveryKey())...)
		})
	}
	assert.Len(t, suites, len(enricher.Registered()))
}
