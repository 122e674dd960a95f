package exceptions_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/exceptions"
)

var hostileTexts = []string{
	`<script>alert(1)</script>`, `"><img src=x onerror=alert(1)>`, `</script><svg onload=alert(1)>`, `javascript:alert(1)`,
	"a\r\nSet-Cookie: x=1\r\n\r\n<b>", "data: x\n\nevent: failure\ndata: {}", "\u2028\u2029", "\x00\x1b[2J", `{"a":"b"}`, `'; DROP TABLE jobs; --`, "\xff\xfe",
}

func TestHostileTextIsInert(t *testing.T) {
	t.Parallel()
	for _, text := range hostileTexts {
		h := exceptions.NewHistory(exceptions.Options{Redact: func(s string) string { return s }})
		fc := enricher.FailureContext{ID: text, JobID: text, JobName: text, TaskName: text, TaskManagerID: text, Endpoint: text, Attributes: map[string]string{text: text}}
		keep(h, fmt.Errorf("%s", text), fc, enricher.Labels{text: text})
		handler := exceptions.NewHandler(h)
		for _, path := range []string{
			"/exceptions", "/jobs", "/labels", "/jobs/" + url.PathEscape(text) + "/exceptions", "/exceptions?jobId=" + url.QueryEscape(text),
			"/exceptions?format=" + url.QueryEscape(text), "/exceptions?maxExceptions=" + url.QueryEscape(text), "/exceptions?failureLabelFilter=" + url.QueryEscape(`"`+text),
			"/" + url.PathEscape(text), "/jobs/x" + url.PathEscape(text) + "/exceptions", "/exceptions?" + url.QueryEscape(text) + "=%zz",
		} {
			w := get(t, handler, path)
			assert.Equal(t, "application/json; charset=utf-8", w.Header().Get("Content-Type"), path)
			assert.True(t, json.Valid(w.Body.Bytes()), "%s: %s", path, w.Body)
			body := strings.TrimSuffix(w.Body.String(), "\n")
			assert.NotContains(t, body, "<")
			assert.NotContains(t, body, ">")
			assert.NotContains(t, body, "\u2028")
			for i := range len(body) {
				if body[i] < ' ' {
					t.Errorf("%s: control character %q", path, body[i])
				}
			}
			for name, values := range w.Header() {
				assert.NotContains(t, strings.Join(values, ""), "alert", name)
			}
			assert.Empty(t, w.Header().Get("Set-Cookie"))
		}
	}
}
