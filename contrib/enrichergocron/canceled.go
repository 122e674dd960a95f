package enrichergocron

import (
	"context"
	"fmt"
	"reflect"
	"slices"

	"github.com/failure-enrichers/enricher"
)

// isCanceled reports whether err is context.Canceled. Of joined errors, all must be: a
// job that cancels the rest of its work because a part has failed joins both.
func isCanceled(err error) (canceled bool) {
	defer func() {
		if recover() != nil { // a method of err
			canceled = false
		}
	}()
	if !enricher.Is(err, context.Canceled) {
		return false
	}
	for link := range enricher.Chain(err) {
		if slices.ContainsFunc(joinedIn(link), func(e error) bool { return e != nil && !enricher.Is(e, context.Canceled) }) {
			return false
		}
	}
	return true
}

// severalType is the type of one error that names several: "%w: %w".
var severalType = reflect.TypeOf(fmt.Errorf("%w%w", context.Canceled, context.Canceled))

// joinedIn returns the errors that err joins, also as packages from before errors.Join do.
func joinedIn(err error) []error {
	switch e := err.(type) { //nolint:errorlint // it looks at one error of the chain
	case interface{ WrappedErrors() []error }: // github.com/hashicorp/go-multierror
		return e.WrappedErrors()
	case interface{ Unwrap() []error }:
		if reflect.TypeOf(err) != severalType {
			return e.Unwrap()
		}
	case interface{ Errors() []error }: // k8s.io/apimachinery
		return e.Errors()
	}
	return nil
}
