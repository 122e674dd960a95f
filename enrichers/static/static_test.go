package static_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/static"
)

func labels(t *testing.T, e *static.Enricher) enricher.Labels {
	t.Helper()
	labels, err := e.ProcessFailure(context.Background(), errors.New("x"), enricher.FailureContext{})
	require.NoError(t, err)
	return labels
}

func TestLabelsAreFoundOutOnce(t *testing.T) {
	t.Setenv("STATIC_TEST_REGION", "eu-west-1")
	e, err := static.New(static.Options{
		Labels: map[string]string{"env": "production", "zone": "a", "region": "nowhere"},
		Env:    map[string]string{"region": "STATIC_TEST_REGION", "zone": "STATIC_TEST_ZONE_IS_NOT_SET"},
		Build:  map[string]string{"go_version": "go", "revision": "revision"},
		Host:   "host",
	})
	require.NoError(t, err)
	t.Setenv("STATIC_TEST_REGION", "changed since")
	host, err := os.Hostname()
	require.NoError(t, err)

	got := labels(t, e)
	assert.Equal(t, []string{"env", "go_version", "host", "region", "revision", "zone"}, e.OutputKeys())
	assert.Equal(t, enricher.Labels{
		"env": "production", "go_version": runtime.Version(), "host": host,
		"region": "eu-west-1", "revision": static.Unknown, "zone": "a",
	}, got)
	got["env"] = "overwritten"
	assert.Equal(t, "production", labels(t, e)["env"])

	_, why, err := e.ExplainFailure(context.Background(), errors.New("x"), enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"env": "option labels", "go_version": "go of the build", "host": "the name of the machine",
		"region": "environment variable STATIC_TEST_REGION", "revision": "revision of the build", "zone": "option labels",
	}, why)
}

func TestBadOptionsAreNamed(t *testing.T) {
	t.Setenv("STATIC_TEST_BROKEN", "a\x1bb")
	for _, c := range []struct {
		name string
		opts static.Options
		want string
	}{
		{"no variable", static.Options{Env: map[string]string{"region": ""}}, `option "env": label "region": "": want the name of an environment variable`},
		{"no label", static.Options{}, `option "labels": none: want a label at least, here or in env, build or host`},
		{
			"a variable that is not set",
			static.Options{Env: map[string]string{"region": "STATIC_TEST_NOT_SET"}},
			`option "env": label "region": environment variable "STATIC_TEST_NOT_SET" is not set: want it set, or a default in option labels`,
		},
		{
			"a value that is none",
			static.Options{Env: map[string]string{"region": "STATIC_TEST_BROKEN"}},
			`option "env": label "region": value "a\x1bb" from environment variable STATIC_TEST_BROKEN: want at most 1024 bytes of UTF-8 without control characters`,
		},
		{
			"a value that is too long",
			static.Options{Labels: map[string]string{"a": strings.Repeat("x", 1025)}},
			`option "labels": label "a": value "` + strings.Repeat("x", 64) + `" from option labels: want at most 1024 bytes of UTF-8 without control characters`,
		},
		{
			"what nobody knows of a build",
			static.Options{Build: map[string]string{"v": "tag"}},
			`option "build": label "v": nothing is known as "tag": want one of ["go" "modified" "path" "revision" "time" "version"]`,
		},
		{
			"a key given twice",
			static.Options{Labels: map[string]string{"a": "b"}, Host: "a"},
			`option "host": label "a": it has a value from option labels: want one only`,
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := static.New(c.opts)
			assert.EqualError(t, err, c.want)
		})
	}
}

func Example() {
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"static"},
		Options:          map[string]map[string]any{"static": {"labels": map[string]any{"env": "production"}}},
	})
	if err != nil {
		panic(err)
	}
	fmt.Println(e.Enrich(errors.New("disk full")))
	// Output: env=production
}

func BenchmarkProcessFailure(b *testing.B) {
	e, err := static.New(static.Options{Labels: map[string]string{"env": "production", "region": "eu-west-1"}})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _ = e.ProcessFailure(context.Background(), nil, enricher.FailureContext{})
	}
}
