package enrichersql

import (
	"slices"

	"github.com/failure-enrichers/enricher/exceptions"
)

// A place is the place of an item in an answer.
type place struct {
	exceptions.Cursor
	index int
}

// pageOf returns the places that a query asks a method for. It sorts places.
func pageOf(places []place, q exceptions.Query, method string) (exceptions.Page[place], error) {
	slices.SortFunc(places, func(a, b place) int { return a.Compare(b.Cursor) })
	if q.Limit = limitOf(q.Limit); q.Limit == 0 {
		q.Limit = -1
	}
	return exceptions.PageOf(places, q, method, func(p place) exceptions.Cursor { return p.Cursor })
}
