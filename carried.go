package enricher

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/failure-enrichers/enricher/internal/guard"
)

// An origin says which failure a Result is of, and which Enricher made it.
type origin struct {
	by       *Enricher
	number   uint64         // no other failure of by has it; 0: none
	rejected bool           // the failure was passed to no enricher, so another layer may try
	fc       FailureContext // its maps do not change
}

// is reports whether o is of a failure of e, as far as the others say: if zero, they
// say nothing.
func (o *origin) is(e *Enricher, id, jobID string, attempt int) bool {
	return o.by == e && (id == "" || id == o.fc.ID) && (jobID == "" || jobID == o.fc.JobID) && (attempt == 0 || attempt == o.fc.Attempt)
}

// FailureKey identifies the failure: copies of r have it, and the Result of the next
// layer if the failure was rejected, but none of another failure, Enricher or process.
// It is empty if no Enricher made r.
func (r Result) FailureKey() string {
	if r.of.by == nil {
		return ""
	}
	return r.of.by.unique + strconv.FormatUint(r.of.number, 36)
}

// FailureContext returns that of the failure, as the Enricher got it. It is the
// caller's. If there was neither an enricher nor an observer, it has no Attributes.
func (r Result) FailureContext() FailureContext {
	fc := r.of.fc
	fc.Attributes = maps.Clone(fc.Attributes)
	return fc
}

// WithResult returns err with the Result of its enrichment attached. It is like
// [WithLabels] of the labels of res, and [ResultOf] finds res. A failure often
// passes two layers that both enrich it, such as a middleware and a log handler:
// [Enricher.EnrichContext] of the Enricher that made res returns res for the
// second, if these hold:
//
//   - res is found by Unwrap() error alone, not through a joined error;
//   - ID, JobID and Attempt of the FailureContext, if set, are those that res was
//     made with. A FailureContext without them matches any Result.
//
// Otherwise the error is another failure and is enriched anew: that of a parent
// whose child failed, for example. So is one that was rejected, with [ErrOverloaded]
// or [ErrShutdown]. If err is nil, WithResult returns nil.
func WithResult(err error, res Result) error {
	if err == nil {
		return nil
	}
	resultsCarried.Store(true)
	res = res.clone()
	return &resultError{labeledError{err, res.Labels}, res}
}

// ResultOf returns a copy of the Result that err carries, as [WithResult] attaches
// it, and whether there is one. It follows Unwrap() error, not joined errors.
func ResultOf(err error) (Result, bool) {
	res, found, _ := resultIn(err, unwrapAny, func(*Result) bool { return true })
	return res, found
}

// resultIn returns a copy of the outermost Result that err carries and that matches. It
// returns the error that unwrap reports that it cannot unwrap, if it comes to one.
func resultIn(err error, unwrap func(error) (error, bool), matches func(*Result) bool) (res Result, found bool, rest error) {
	for range guard.MaxDepth {
		if err == nil {
			break
		}
		if e, ok := err.(*resultError); ok && matches(&e.result) {
			return e.result.clone(), true, nil
		}
		inner, ok := unwrap(err)
		if !ok {
			return Result{}, false, err
		}
		err = inner
	}
	return Result{}, false, nil
}

func unwrapAny(err error) (error, bool) {
	_, inner := guard.Unwrap(err)
	return inner, true
}

// fmtWrapper is the type of the errors of [fmt.Errorf].
var fmtWrapper = reflect.TypeOf(fmt.Errorf("%w", context.Canceled))

// unwrapTrusted returns what err wraps. It cannot if it would have to call third-party
// code.
func unwrapTrusted(err error) (inner error, ok bool) {
	switch e := err.(type) {
	case *resultError:
		return e.err, true
	case *labeledError:
		return e.err, true
	case interface{ Unwrap() error }:
		if reflect.TypeOf(err) != fmtWrapper {
			return nil, false
		}
		return e.Unwrap(), true
	}
	return nil, true
}

type resultError struct {
	labeledError
	result Result
}

// resultsCarried is set once WithResult was called: programs that do not use it
// need not search errors for a Result.
var resultsCarried atomic.Bool

// Carried returns the Result that [Enricher.EnrichContext] returns for this failure
// without calling an enricher, because cause carries it as [WithResult] says, and
// whether there is one. If not, but cause carries one of this failure when it was
// rejected, the Result is the first of these.
func (e *Enricher) Carried(cause error, fc FailureContext) (Result, bool) {
	if e == nil || !resultsCarried.Load() {
		return Result{}, false
	}
	return e.search(cause, search{e: e, id: fc.ID, jobID: fc.JobID, attempt: fc.Attempt})
}

func (e *Enricher) search(cause error, s search) (Result, bool) {
	rest := s.look(cause, unwrapTrusted)
	if rest == nil {
		return s.result()
	}
	// Unwrap is third-party code and may never return. The enrichers need most of
	// the time.
	ctx, cancel := context.WithTimeout(context.Background(), e.timeout/10)
	defer cancel()
	if e.searches.Acquire(ctx, 1) != nil {
		return s.result()
	}
	all := s
	end, _ := ctx.Deadline()
	done := guard.Within(time.Until(end), func() {
		defer e.searches.Release(1)
		all.look(rest, unwrapAny)
	})
	if !done {
		return s.result()
	}
	return all.result()
}

// A search is for the Result of a failure. If fields are zero, they may be anything.
type search struct {
	e         *Enricher
	id, jobID string
	attempt   int

	found, rejected Result // the innermost rejected one is the first
	ok              bool   // there is found
}

// look is [resultIn].
func (s *search) look(err error, unwrap func(error) (error, bool)) (rest error) {
	s.found, s.ok, rest = resultIn(err, unwrap, func(r *Result) bool {
		same := r.of.is(s.e, s.id, s.jobID, s.attempt)
		if same && r.of.rejected {
			s.rejected = r.clone()
		}
		return same && !r.of.rejected
	})
	return rest
}

func (s *search) result() (Result, bool) {
	if s.ok {
		return s.found, true
	}
	return s.rejected, false
}

// maxSearches bounds the searches for a Result that are under way, of which some
// may hang in the methods of an error.
const maxSearches = 64
