package enrichersql

import (
	"time"

	"github.com/failure-enrichers/enricher/exceptions"
)

// Hash is what stands for a value of a label in the database.
var Hash = hash

// SetLimit sets how long an answer may take, and what one call of Append removes.
func SetLimit(s exceptions.Store, d time.Duration) { s.(*store).limit = d }
