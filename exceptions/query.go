package exceptions

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// askTime is how long an answer waits for a Store.
const askTime = 10 * time.Second

// Entries returns the failures that match, the newest first, and whether there are
// more than the limit. As in Flink, only those that are not under others are
// matched, and those under a matching one come with it.
//
// Entries, Jobs and Labels are for a History in memory. With another Store they wait
// for it, and return nothing and true if it fails: ask [History.Store] instead, after
// [History.Flush] if need be.
func (h *History) Entries(q Query) (entries []Entry, truncated bool) {
	return ask(h, q, Store.Failures)
}

// Jobs returns the jobs that have a failure that matches, in the order of the
// latest of these failures, the newest first, and whether there are more than the
// limit.
func (h *History) Jobs(q Query) (jobs []Job, truncated bool) { return ask(h, q, Store.Jobs) }

// Labels counts the labels of the failures that match, those under others included,
// in the order of their keys. Query.Limit is for the keys.
func (h *History) Labels(q Query) []LabelCount {
	labels, _ := ask(h, q, Store.Labels)
	return labels
}

// ask returns the answer of the store, and whether it is not all.
func ask[T any](h *History, q Query, method func(Store, context.Context, Query) (Page[T], error)) ([]T, bool) {
	store := h.Store()
	page, err := call(context.Background(), askTime, func(ctx context.Context) (Page[T], error) { return method(store, ctx, h.query(q)) })
	if err != nil {
		return nil, true
	}
	return page.Items, page.Next != "" || page.Truncated
}

// call returns what a call of a store returns, or an error if it panics, exits the
// goroutine, or does not return within limit. fn must not write to anything that others
// use, because it may outlive call.
func call[T any](ctx context.Context, limit time.Duration, fn func(context.Context) (T, error)) (none T, _ error) {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	var got T
	var err error
	select {
	case p := <-guard.Go(func() { got, err = fn(ctx) }):
		if p != nil {
			return none, storeError(p)
		}
		return got, err
	case <-ctx.Done():
		return none, context.Cause(ctx)
	}
}

// storeError returns the error of a call of a store that panicked or exited the goroutine.
func storeError(p *guard.Panic) error {
	return fmt.Errorf("the store panicked: %s", guard.Sprint(p.Value))
}

// Store returns the store of h: that of the Options, or one in memory. Job IDs in
// its queries are as they are shown, in Entry.JobID.
func (h *History) Store() Store {
	if h == nil {
		return nothing
	}
	h.catchUp()
	return h.store
}

// nothing is the store of a nil History.
var nothing = NewMemory(Options{})

// query returns q for the store.
func (h *History) query(q Query) Query {
	q.JobIDs = h.jobKeys(q.JobIDs)
	return q
}

// jobKeys returns what the jobs with these IDs are kept under, if they are: an ID
// may be one that was shown, or one that the service gave. An ID that no text of a
// Record can be does not get to the store, which may fail because of it.
func (h *History) jobKeys(ids []string) []string {
	if h == nil {
		return ids
	}
	keys := slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !utf8.ValidString(id) || strings.ContainsRune(id, 0) })
	for _, id := range ids {
		if key := h.identity(id, maxNameLength); key != id {
			keys = append(keys, key)
		}
	}
	return keys
}
