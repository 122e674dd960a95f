package exceptions_test

import (
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher/exceptions"
)

func TestFilesHaveTheLeadLabels(t *testing.T) {
	t.Parallel()
	for want, opts := range map[string][]exceptions.HandlerOption{
		"content=\"type\nretry\nowner\"":              nil,
		"content=\"team\n&lt;a&gt;, &#34;b\"":         {exceptions.WithLeadLabels("team", `<a>, "b`)},
		`<meta name="lead-labels" content="">` + "\n": {exceptions.WithLeadLabels()},
	} {
		w := httptest.NewRecorder()
		exceptions.NewHandler(exceptions.NewHistory(exceptions.Options{}), opts...).ServeHTTP(w, httptest.NewRequest("GET", "/", nil))
		require.Contains(t, w.Body.String(), want)
	}
}
