package webhook_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func FuzzBody(f *testing.F) {
	s := newServer()
	var all []enricher.FailureEnricher
	for _, opts := range []webhook.Options{
		{Preset: webhook.PresetJSON},
		{Preset: webhook.PresetSlack},
		{Preset: webhook.PresetPagerDuty, RoutingKey: webhook.Secret{Value: "R0123456789"}},
		{Body: `{"a": {{json .Error}}, "b": {{json .Labels}}, {{json .JobName}}: {{json .}}, "c": [{{range $k, $v := .Attributes}}{{json $k}}, {{json $v}}, {{end}}{{json .Title}}]}`},
	} {
		opts.DedupWindow, opts.RateLimit = -1, -1
		all = append(all, newWebhook(f, s, opts))
	}
	f.Add("lost", "orders", "type", "SYSTEM", int64(0), 1, uint8(1))
	f.Add("a \"b\" \\ \n\t\r\x00 <!channel> & ```", "'\u2028", "", "", int64(1<<31), -1, uint8(200))
	f.Add("\xff\xfe\xc0\xaf", "\xed\xa0\x80", "a\xff", "\x1b[31m", int64(-1<<31), math.MaxInt, uint8(3))
	f.Add(strings.Repeat("\"&<", 9000), strings.Repeat("ä", 300), strings.Repeat("k", 400), strings.Repeat("\\", 3000), int64(1), 0, uint8(2))
	f.Fuzz(func(t *testing.T, text, name, key, value string, unix int64, attempt int, kind uint8) {
		fc := enricher.FailureContext{
			ID: name, RootID: key, Type: enricher.FailureType(kind), JobID: value, JobName: name, TaskName: key,
			TaskManagerID: value, Endpoint: text, Attempt: attempt, MaxAttempts: attempt, Time: time.Unix(int64(int32(unix)), unix),
			Attributes: map[string]string{key: value, name: text},
			Labels:     enricher.Labels{key: value, "fingerprint": name, "severity": value},
		}
		for _, fe := range all {
			s.requests = nil
			if _, err := fe.ProcessFailure(t.Context(), errors.New(text), fc); err != nil {
				t.Fatal(err)
			}
			body := s.all()[0].Body
			if !json.Valid([]byte(body)) {
				t.Fatalf("not JSON: %s", body)
			}
			if len(body) > 256<<10 {
				t.Fatalf("%d bytes", len(body))
			}
		}
	})
}
