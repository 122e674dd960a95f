package webhook_test

import (
	"encoding/json"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/webhook"
)

func FuzzBodiesAreJSONOfBoundedLength(f *testing.F) {
	url := webhook.Secret{Value: "https://hooks.example"}
	var all []*webhook.Enricher
	for _, opts := range []webhook.Options{
		{Preset: webhook.PresetJSON},
		{Preset: webhook.PresetSlack},
		{Preset: webhook.PresetPagerDuty, RoutingKey: webhook.Secret{Value: "R0123456789"}},
		{Body: `{"a": {{json .Error}}, "b": {{json .Labels}}, {{json .JobName}}: {{json .}}, "c": [{{range $k, $v := .Attributes}}{{json $k}}, {{json $v}}, {{end}}{{json .Title}}]}`},
	} {
		opts.URL = url
		e, err := webhook.New(opts)
		require.NoError(f, err)
		f.Cleanup(func() { e.Close() })
		all = append(all, e)
	}
	f.Add("lost", "orders", "type", "SYSTEM", int64(0), 1, uint8(1), uint64(0))
	f.Add("a \"b\" \\ \n\t\r\x00 <!channel> & ```", "'\u2028", "", "", int64(math.MaxInt64), -1, uint8(200), uint64(math.MaxUint64))
	f.Add("\xff\xfe\xc0\xaf", "\xed\xa0\x80", "a\xff", "\x1b[31m", int64(math.MinInt64), math.MaxInt, uint8(3), uint64(1))
	f.Add(strings.Repeat("\"&<", 9000), strings.Repeat("ä", 300), strings.Repeat("k", 400), strings.Repeat("\\", 3000), int64(1), 0, uint8(2), uint64(7))
	f.Fuzz(func(t *testing.T, text, name, key, value string, unix int64, attempt int, kind uint8, count uint64) {
		fc := enricher.FailureContext{
			ID: name, RootID: key, Type: enricher.FailureType(kind), JobID: value, JobName: name, TaskName: key,
			TaskManagerID: value, Endpoint: text, Attempt: attempt, MaxAttempts: attempt, Time: time.Unix(unix, unix),
			Attributes: map[string]string{key: value, name: text},
			Labels:     enricher.Labels{key: value, "fingerprint": name, "severity": value},
		}
		for _, e := range all {
			body, err := webhook.BodyOf(e, errors.New(text), fc, count, count)
			if err != nil {
				t.Fatal(err)
			}
			if !json.Valid(body) {
				t.Fatalf("not JSON: %s", body)
			}
			if len(body) > 256<<10 {
				t.Fatalf("%d bytes", len(body))
			}
		}
	})
}
