package attached_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/attached"
)

func TestOnlyConfiguredKeysArePublished(t *testing.T) {
	t.Parallel()
	fe, err := attached.New(attached.Options{Keys: []string{"tenant", "shard"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"tenant", "shard"}, fe.OutputKeys())
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		attached, want enricher.Labels
		tenant         string // the reason for this key
	}{
		"a key that is configured and one that is not": {
			enricher.Labels{"tenant": "acme", "password": "hunter2"}, enricher.Labels{"tenant": "acme"}, "attached to the error",
		},
		"a value that is not valid": {enricher.Labels{"tenant": "a\x1bb"}, enricher.Labels{"tenant": "a\uFFFDb"}, "attached to the error"},
		"a value that is too long":  {enricher.Labels{"tenant": long + " redis://:hunter2hunter2@h"}, enricher.Labels{"tenant": long + " "}, "attached to the error"},
		"no labels":                 {nil, enricher.Labels{}, "not attached to the error"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			cause := fmt.Errorf("a: %w", enricher.WithLabels(errors.New("x"), c.attached))
			labels, err := fe.ProcessFailure(t.Context(), cause, enricher.FailureContext{})
			require.NoError(t, err)
			assert.Equal(t, c.want, labels)
			labels, reasons, err := fe.(enricher.Explainer).ExplainFailure(t.Context(), cause, enricher.FailureContext{})
			require.NoError(t, err)
			assert.Equal(t, c.want, labels)
			assert.Equal(t, map[string]string{"tenant": c.tenant, "shard": "not attached to the error"}, reasons)
		})
	}
}

func TestNewRejectsBadKeys(t *testing.T) {
	t.Parallel()
	for want, keys := range map[string][]string{
		`option "keys": must have at least one key of a label`:                       {},
		`option "keys": must have each key once: "a"`:                                {"a", "b", "a"},
		`option "keys": must have the key of each label: "*" does not stand for all`: {"*"},
	} {
		fe, err := attached.New(attached.Options{Keys: keys})
		assert.EqualError(t, err, want)
		assert.Nil(t, fe)
	}
	_, err := attached.New(attached.Options{Keys: []string{""}})
	assert.ErrorIs(t, err, enricher.ErrInvalidKey)
}

func Example() {
	e, err := enricher.New(enricher.Config{
		FailureEnrichers: []string{"attached"},
		Options:          map[string]map[string]any{"attached": {"keys": "tenant, shard"}},
	})
	if err != nil {
		panic(err)
	}
	cause := enricher.WithLabels(errors.New("row 7 is malformed"), enricher.Labels{"tenant": "acme"})
	fmt.Println(e.Enrich(fmt.Errorf("import: %w", cause)))
	// Output: tenant=acme
}
