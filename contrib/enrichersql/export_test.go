package enrichersql

import (
	"time"

	"github.com/failure-enrichers/enricher/exceptions"
)

// Hash is what stands for a value of a label in the database.
var Hash = hash

// SetScanTime sets how long an answer may take.
func SetScanTime(s exceptions.Store, d time.Duration) { s.(*store).scanTime = d }
