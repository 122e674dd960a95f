package jobs

import (
	"context"

	"github.com/failure-enrichers/enricher"
)

// WithResult returns ctx with the Result of the failure cause. An adapter hands it to
// the user's handlers if it must not wrap the error that they get, because they or the
// job manager compare it with ==. Otherwise the adapter uses [enricher.WithResult].
// If cause is nil, ctx carries the Result for every error, as the handler of a panic
// needs it, which gets no error.
func WithResult(ctx context.Context, cause error, res enricher.Result) context.Context {
	if ctx == nil {
		ctx = context.Background()
	}
	return context.WithValue(ctx, carriedKey{}, carried{cause, res})
}

// Carry returns err with the Result that ctx carries for it, as [enricher.WithResult]
// attaches it. If ctx carries none, or that of another failure, Carry returns err.
// Judge does this itself; what labels failures in another way calls Carry first.
func Carry(ctx context.Context, err error) error {
	if ctx == nil {
		return err
	}
	if c, ok := ctx.Value(carriedKey{}).(carried); ok && (c.cause == nil || enricher.Is(err, c.cause)) {
		return enricher.WithResult(err, c.res)
	}
	return err
}

type carriedKey struct{}

type carried struct {
	cause error
	res   enricher.Result
}
