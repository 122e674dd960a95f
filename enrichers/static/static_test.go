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

func labels(t *testing.T, fe enricher.FailureEnricher) enricher.Labels {
	t.Helper()
	labels, err := fe.ProcessFailure(context.Background(), errors.New("x"), enricher.FailureContext{})
	require.NoError(t, err)
	return labels
}

func TestLabelsAreDeterminedOnce(t *testing.T) {
	t.Setenv("STATIC_TEST_REGION", "eu-west-1")
	fe, err := static.New(static.Options{
		Labels: map[string]string{"env": "production", "zone": "a", "region": "nowhere"},
		Env:    map[string]string{"region": "STATIC_TEST_REGION", "zone": "STATIC_TEST_ZONE_IS_NOT_SET"},
		Build:  map[string]string{"go_version": "go", "revision": "revision"},
		Host:   "host",
	})
	require.NoError(t, err)
	t.Setenv("STATIC_TEST_REGION", "changed since")
	host, err := os.Hostname()
	require.NoError(t, err)

	got := labels(t, fe)
	assert.Equal(t, []string{"env", "go_version", "host", "region", "revision", "zone"}, fe.OutputKeys())
	assert.Equal(t, enricher.Labels{
		"env": "production", "go_version": runtime.Version(), "host": host,
		"region": "eu-west-1", "revision": static.Unknown, "zone": "a",
	}, got)
	got["env"] = "overwritten"
	assert.Equal(t, "production", labels(t, fe)["env"])

	_, why, err := fe.(enricher.Explainer).ExplainFailure(context.Background(), errors.New("x"), enricher.FailureContext{})
	require.NoError(t, err)
	assert.Equal(t, map[string]string{
		"env": "option labels", "go_version": "go of the build", "host": "the name of the machine",
		"region": "environment variable STATIC_TEST_REGION", "revision": "revision of the build", "zone": "option labels",
	}, why)
}

func TestNewRejectsBadOptions(t *testing.T) {
	t.Setenv("STATIC_TEST_BROKEN", "a\x1bb")
	t.Setenv("STATIC_TEST_VETO", "no")
	const value = "its value must have at most 1024 bytes of valid UTF-8 without control characters"
	for name, c := range map[string]struct {
		opts static.Options
		want string
	}{
		"no label": {static.Options{}, `option "labels": must have a label, if env, build and host have none`},
		"variables that are not set": {
			static.Options{Env: map[string]string{"a": "hunter2", "b": "STATIC_TEST_NOT_SET"}},
			`option "env": label "a": its environment variable (hidden) is not set: set it, or give a default in option labels` + "\n" +
				`option "env": label "b": its environment variable STATIC_TEST_NOT_SET is not set: set it, or give a default in option labels`,
		},
		"values that job managers do not know": {
			static.Options{Labels: map[string]string{"expected": "yes", "retry_after": "soon", "b": "no"}},
			`option "labels": label "expected": "yes": must be "true" or "false"` + "\n" +
				`option "labels": label "retry_after": "soon": must be a duration such as "30s", or a number of seconds such as "30"`,
		},
		"such a value in the environment": {
			static.Options{Env: map[string]string{"JOB_CANNOT_RESTART": "STATIC_TEST_VETO"}},
			`option "env": label "JOB_CANNOT_RESTART": its environment variable STATIC_TEST_VETO is "no": must be "true" or "false"`,
		},
		"what is no name of a variable, before the environment is read": {
			static.Options{Env: map[string]string{"a": "", "b": "STATIC_TEST_NOT_SET", "c": "${REGION}"}},
			`option "env": label "a": must be the name of an environment variable, such as AWS_REGION` + "\n" +
				`option "env": label "c": must be the name of an environment variable, such as AWS_REGION`,
		},
		"a variable in a value": {
			static.Options{Labels: map[string]string{"region": "eu-${REGION}"}},
			`option "labels": label "region": ${REGION} is not expanded: use option env`,
		},
		"a bad value": {
			static.Options{Env: map[string]string{"region": "STATIC_TEST_BROKEN"}},
			`option "env": label "region": its environment variable STATIC_TEST_BROKEN cannot be a label: ` + value,
		},
		"a long value": {
			static.Options{Labels: map[string]string{"a": strings.Repeat("x", 1025)}},
			`option "labels": label "a": ` + value,
		},
		"an unknown property": {
			static.Options{Build: map[string]string{"v": "tag"}},
			`option "build": label "v": "tag" must be one of ["go" "modified" "path" "revision" "time" "version"]`,
		},
		"a key given twice": {
			static.Options{Labels: map[string]string{"a": "b"}, Host: "a"},
			`option "host": label "a": must have one source, not also option labels`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			fe, err := static.New(c.opts)
			assert.EqualError(t, err, c.want)
			assert.Nil(t, fe)
		})
	}
	_, err := static.New(static.Options{Host: "\n"})
	assert.ErrorIs(t, err, enricher.ErrInvalidKey)
}

func TestFactoryTakesLists(t *testing.T) {
	t.Setenv("STATIC_TEST_REGION", "eu-west-1")
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"static"},
		Options: map[string]map[string]any{"static": {
			"labels": []any{map[string]any{"key": "Team.Name", "value": "ledger"}},
			"env":    []any{map[string]any{"key": "region", "value": "STATIC_TEST_REGION"}},
		}},
	})
	require.NoError(t, err)
	assert.Equal(t, "Team.Name=ledger, region=eu-west-1", e.Enrich(errors.New("x")).String())
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
