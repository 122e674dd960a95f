package fanout

import "time"

// InOneBubble says that p is used in the bubble of testing/synctest in which it
// was made, and nowhere else: then its runs may be used again, as they are
// outside.
func InOneBubble(p *Plan) *Plan {
	p.reusable = func(time.Time) bool { return true }
	return p
}
