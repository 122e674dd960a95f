package guard

// The bounds of a walk.
const (
	MaxDepth  = 100
	MaxVisits = 10_000
)

// A Walk bounds the walk of a tree of errors, which may be cyclic or huge: it counts
// every visit, also of a nil error and of one that is too deep. Several trees may
// share one Walk. Its zero value is ready to use.
type Walk struct{ visits int }

// Enter counts a visit of err at depth, which is 1 for the root, and reports whether
// to look at err.
func (w *Walk) Enter(err error, depth int) bool {
	if w.visits++; w.visits > MaxVisits {
		return false
	}
	return err != nil && depth <= MaxDepth
}

// Over reports whether there are no visits left.
func (w *Walk) Over() bool { return w.visits >= MaxVisits }

// Take counts a visit of each of many and returns those that may be visited.
func (w *Walk) Take(many []error) []error {
	many = many[:min(len(many), MaxVisits-min(w.visits, MaxVisits))]
	w.visits += len(many)
	return many
}

// A Step says how [Walk.Visit] continues.
type Step int

// The steps.
const (
	Into Step = iota // with the errors that this one wraps
	Past             // without them
	Stop
)

// Visit calls fn for err and for the errors that it wraps, depth first.
func (w *Walk) Visit(err error, fn func(err error, depth int) Step) { w.visit(err, 1, fn) }

// visit reports whether to continue.
func (w *Walk) visit(err error, depth int, fn func(err error, depth int) Step) bool {
	if !w.Enter(err, depth) {
		return !w.Over()
	}
	switch fn(err, depth) {
	case Stop:
		return false
	case Past:
		return true
	}
	many, one := Unwrap(err)
	if one != nil {
		return w.visit(one, depth+1, fn)
	}
	for _, err := range many {
		if !w.visit(err, depth+1, fn) {
			return false
		}
	}
	return true
}
