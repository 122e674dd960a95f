package enrichernats

import (
	"time"

	"github.com/failure-enrichers/enricher"
)

// CheckAgain lets the next answer compare the keys again.
func CheckAgain(fe enricher.FailureEnricher) {
	c := fe.(*client)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.checked = time.Time{}
}
