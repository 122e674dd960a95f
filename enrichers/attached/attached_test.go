package attached_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/failure-enrichers/enricher"
	"github.com/failure-enrichers/enricher/enrichers/attached"
)

func TestOnlyConfiguredKeysArePublished(t *testing.T) {
	e, err := attached.New(attached.Options{Keys: []string{"tenant", "shard"}})
	require.NoError(t, err)
	assert.Equal(t, []string{"tenant", "shard"}, e.OutputKeys())
	for _, c := range []struct {
		name  string
		cause error
		want  enricher.Labels
		why   map[string]string
	}{
		{
			"one that is, one that is not", fmt.Errorf("a: %w", enricher.WithLabels(errors.New("x"), enricher.Labels{"tenant": "acme", "password": "hunter2"})),
			enricher.Labels{"tenant": "acme"},
			map[string]string{"tenant": "the error carries it", "shard": "the error does not carry it"},
		},
		{
			"a value that is no label's", enricher.WithLabels(errors.New("x"), enricher.Labels{"tenant": "a\x1bb"}),
			enricher.Labels{"tenant": "a\uFFFDb"},
			map[string]string{"tenant": "the error carries it", "shard": "the error does not carry it"},
		},
		{
			"nothing is carried", errors.New("x"),
			enricher.Labels{},
			map[string]string{"tenant": "the error does not carry it", "shard": "the error does not carry it"},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			labels, err := e.ProcessFailure(context.Background(), c.cause, enricher.FailureContext{})
			require.NoError(t, err)
			assert.Equal(t, c.want, labels)
			labels, why, err := e.ExplainFailure(context.Background(), c.cause, enricher.FailureContext{})
			require.NoError(t, err)
			assert.Equal(t, c.want, labels)
			assert.Equal(t, c.why, why)
		})
	}
}

func TestKeysAreRequired(t *testing.T) {
	_, err := enricher.New(enricher.Config{FailureEnrichers: []string{"attached"}})
	assert.EqualError(t, err, `enricher "attached": option "keys": none: want the keys of the labels to publish`)
	_, err = attached.New(attached.Options{Keys: []string{"a", "b", "a"}})
	assert.EqualError(t, err, `option "keys": "a" is there twice: want each key once`)
	_, err = attached.New(attached.Options{Keys: []string{""}})
	assert.EqualError(t, err, `option "keys": "": key is not 1 to 128 bytes of valid UTF-8 without control characters`)
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

func BenchmarkProcessFailure(b *testing.B) {
	e, err := attached.New(attached.Options{Keys: []string{"tenant"}})
	require.NoError(b, err)
	cause := fmt.Errorf("import: %w", enricher.WithLabels(errors.New("x"), enricher.Labels{"tenant": "acme"}))
	b.ReportAllocs()
	for b.Loop() {
		_, _ = e.ProcessFailure(context.Background(), cause, enricher.FailureContext{})
	}
}
