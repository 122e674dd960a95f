package exceptions_test

import (
	"testing"

	"github.com/failure-enrichers/enricher/exceptions"
	"github.com/failure-enrichers/enricher/exceptions/storetest"
)

func TestMemoryIsAStore(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(*testing.T) exceptions.Store {
		return exceptions.NewMemory(exceptions.Options{MaxExceptions: 1000})
	})
}
