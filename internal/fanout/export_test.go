package fanout

import "time"

// InOneBubble tells p that it is used in the bubble of testing/synctest in which it
// was made, and nowhere else, so that its runs are used again as they are
// outside of bubbles.
func InOneBubble(p *Plan) *Plan {
	p.reuse = func(time.Time) bool { return true }
	return p
}
