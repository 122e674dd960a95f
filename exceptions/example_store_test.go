package exceptions_test

import (
	"fmt"
	"time"

	"github.com/failure-enrichers/enricher/exceptions"
)

func ExampleNewAxis() {
	q := exceptions.Query{From: time.UnixMilli(0), Buckets: 4}
	found := []int64{1000, 1500, 9001} // when failures occurred
	axis := exceptions.NewAxis(q, found[0], found[2])
	counts := make([]int, axis.N)
	for _, at := range found {
		counts[axis.Bucket(at)]++
	}
	h := axis.Histogram()
	h.Series = []exceptions.Series{{Counts: counts}}
	text, _ := h.MarshalJSON()
	fmt.Println(string(text))
	// Output: {"from":0,"to":9001,"step":2251,"series":[{"value":"","counts":[2,0,0,1]}],"truncated":false}
}

func ExampleOccurrence() {
	const hour = 3_600_000
	var o *exceptions.Occurrence
	for _, at := range []int64{0, 23 * hour, 47 * hour, 100 * hour} {
		o = o.Add(at, false)
	}
	fmt.Println(o.Back[0]/hour, o.Back[1]/hour)
	for _, from := range []int64{0, 90 * hour, 101 * hour} {
		_, state := o.Group(exceptions.Query{From: time.UnixMilli(from)}, 100*hour)
		fmt.Println(state)
	}
	// Output:
	// 47 100
	// new
	// regressed
	// ongoing
}

func ExampleCountLabels() {
	page := exceptions.CountLabels(exceptions.Query{Limit: 1}, map[string]map[string]int{
		"type": {"USER": 2, "SYSTEM": 5, "DEPENDENCY": 2}, "z": {"": 1},
	})
	fmt.Println(page.Items, page.Truncated)
	// Output: [{type 9 [{SYSTEM 5} {DEPENDENCY 2} {USER 2}] 0}] true
}

func ExamplePageOf() {
	counts := map[string]int64{"a": 3, "b": 7, "c": 3}
	q := exceptions.Query{Limit: 2}
	position := func(value string) exceptions.Cursor { return exceptions.Cursor{Number: counts[value], Text: value} }
	for more := true; more; more = q.Cursor != "" {
		page, err := exceptions.PageOf([]string{"b", "a", "c"}, q, "Groups", position) // in the order of the positions
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(page.Items)
		q.Cursor = page.Next
	}
	// Output:
	// [b a]
	// [c]
}
