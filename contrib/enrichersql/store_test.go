package enrichersql_test

import (
	"testing"

	"github.com/failure-enrichers/enricher/exceptions"
	"github.com/failure-enrichers/enricher/exceptions/storetest"
)

func TestStore(t *testing.T) {
	t.Parallel()
	dialects(t, func(t *testing.T, p place) {
		open := sqlite
		if p.driver == "pgx" {
			open = postgres
		}
		storetest.Run(t, func(t *testing.T) exceptions.Store {
			_, s := open(t).migrated(t, forever)
			return s
		})
	})
}
